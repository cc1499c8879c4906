// What elements gave their outputs that are no files, as the journal has it. Part of RunState. Knows nothing of what a
// value means: that is the workflow's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "graph/graph.hpp"
#include "graph/values.hpp"
#include "scheduler/event.hpp"

namespace fugle::scheduler {

class OutputBook {
 public:
  /// Of an event output_given, which is_part_of() the graph.
  void take(const Event& event);
  /// What the newest attempt that gave it said; null: nothing (yet).
  [[nodiscard]] const std::string* find(ElementId element, std::uint32_t output) const;

  /// It names an output that is no file, of an element that can run.
  [[nodiscard]] static bool is_part_of(const graph::Graph& graph, const Event& event);

 private:
  struct Given {
    std::uint16_t attempt = 0;
    bool is_complete = false;
    std::string text;
  };
  std::map<std::pair<ElementId, std::uint32_t>, Given> given_;
};

/// The events that say so, in order, each small enough for the journal.
[[nodiscard]] std::vector<Event> events_of(const graph::GivenValue& value, ElementId element, std::uint16_t attempt,
                                           WorkerId worker, Time when);

}  // namespace fugle::scheduler
