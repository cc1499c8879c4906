// Attempts known to run, in no particular order, with constant-time insertion and removal.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::scheduler {

class RunningList {
 public:
  explicit RunningList(std::uint32_t num_elements) : place_(num_elements, kNowhere) {}

  /// There are more elements.
  void grow(std::uint32_t num_elements) { place_.resize(num_elements, kNowhere); }
  void add(const RunningAttempt& attempt) {
    place_[attempt.element.value()] = static_cast<std::uint32_t>(attempts_.size());
    attempts_.push_back(attempt);
  }
  /// Does nothing when it is not in the list.
  void remove(ElementId e) {
    const std::uint32_t place = place_[e.value()];
    if (place == kNowhere) return;
    attempts_[place] = attempts_.back();
    place_[attempts_[place].element.value()] = place;
    place_[e.value()] = kNowhere;
    attempts_.pop_back();
  }
  [[nodiscard]] const RunningAttempt* find(ElementId e) const {
    const std::uint32_t place = place_[e.value()];
    return place == kNowhere ? nullptr : &attempts_[place];
  }
  [[nodiscard]] std::span<const RunningAttempt> all() const { return attempts_; }

 private:
  static constexpr std::uint32_t kNowhere = ElementId::kInvalid;
  std::vector<RunningAttempt> attempts_;
  std::vector<std::uint32_t> place_;  ///< [element] in attempts_
};

}  // namespace fugle::scheduler
