// The lives of a run (one per start of a head) and who asked for what in them, folded from events.
#pragma once

#include <cstdint>
#include <map>
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
  std::string job;            ///< of Slurm, in which it began; empty: none known. Not in the events: set by who knows
};

class Lives {
 public:
  void add(const scheduler::Event& event);

  [[nodiscard]] std::span<const Life> lives() const { return lives_; }
  /// Who cancelled the element by name, while that still holds; nullptr: nobody.
  [[nodiscard]] const std::string* canceller_of(ElementId element) const;
  /// Why it was skipped, or refused, when it could have started; nullptr: it was not.
  [[nodiscard]] const std::string* why_decided(ElementId element) const;
  /// Who holds the element; nullptr: nobody.
  [[nodiscard]] const std::string* holder_of(ElementId element) const;
  /// What is held and by whom, by element.
  [[nodiscard]] const std::map<ElementId, std::string>& holders() const { return holders_; }
  /// Why the node gets no more work in the latest life, in the order in which nodes were drained.
  [[nodiscard]] std::span<const std::string> drained_nodes() const { return drained_nodes_; }
  /// What the tasks of `finally` were told about the run in the latest life: "FAILED"; empty: they have not begun.
  [[nodiscard]] const std::string& finally_state() const { return finally_state_; }

 private:
  std::vector<Life> lives_;
  std::unordered_map<ElementId, std::string> cancellers_;
  std::unordered_map<ElementId, std::string> decisions_;
  std::map<ElementId, std::string> holders_;
  std::vector<std::string> drained_nodes_;
  std::string finally_state_;
};

}  // namespace fugle::report
