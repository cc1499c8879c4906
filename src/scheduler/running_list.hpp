// Attempts known to run, in no particular order, with constant-time insertion and removal.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "base/assert.hpp"
#include "scheduler/ports.hpp"

namespace fugle::scheduler {

class RunningList {
 public:
  void add(const RunningAttempt& attempt) {
    place_[attempt.element] = attempts_.size();
    attempts_.push_back(attempt);
  }
  /// Does nothing when it is not in the list.
  void remove(ElementId e) {
    const auto found = place_.find(e);
    if (found == place_.end()) return;
    attempts_[found->second] = attempts_.back();
    place_[attempts_.back().element] = found->second;
    attempts_.pop_back();
    place_.erase(e);
  }
  [[nodiscard]] const RunningAttempt* find(ElementId e) const {
    const auto found = place_.find(e);
    return found == place_.end() ? nullptr : &attempts_[found->second];
  }
  [[nodiscard]] std::span<const RunningAttempt> all() const { return attempts_; }

 private:
  std::vector<RunningAttempt> attempts_;
  std::unordered_map<ElementId, std::size_t> place_;
};

}  // namespace fugle::scheduler
