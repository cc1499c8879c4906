// The lives of a run (one per start of a head) and who asked for what in them, folded from events.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "scheduler/event.hpp"

namespace fugle::report {

struct Life {
  std::string holder;  ///< "host pid user"
  Time started{};
  std::optional<Time> ended;  ///< none: runs, or died without a word
  int exit = 0;               ///< of the run, when ended
  std::string reason;         ///< of the end, or else of the stop that was asked for
  bool is_stopping = false;   ///< nothing new starts
};

class Lives {
 public:
  void add(const scheduler::Event& event);

  [[nodiscard]] std::span<const Life> lives() const { return lives_; }
  /// Who cancelled the element by name, while that still holds; nullptr: nobody.
  [[nodiscard]] const std::string* canceller_of(ElementId element) const;

 private:
  std::vector<Life> lives_;
  std::unordered_map<ElementId, std::string> cancellers_;
};

}  // namespace fugle::report
