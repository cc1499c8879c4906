// Growths of the graph while they come, as the journal has them: in parts (event graph_grew). Part of RunState.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "graph/growth.hpp"
#include "scheduler/event.hpp"

namespace fugle::scheduler {

class GrowthBook {
 public:
  /// What the parts of that element say together with this one, when it is the last of them; else empty.
  [[nodiscard]] std::string joined(const Event& part) const;
  void take(const Event& part);
  /// What is not complete will never be: its life has ended.
  void forget() { parts_.clear(); }

 private:
  struct Parts {
    std::string text;
    std::size_t left = 0;  ///< bytes
  };
  [[nodiscard]] static bool goes_on(const Parts& parts, const Event& part);

  std::map<ElementId, Parts> parts_;
};

/// The events that say so, in order, each small enough for the journal.
[[nodiscard]] std::vector<Event> events_of(const graph::Growth& growth, ElementId expansion, Time when);

}  // namespace fugle::scheduler
