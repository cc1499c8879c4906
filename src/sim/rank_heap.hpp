// Which rank steps when: an indexed binary heap with at most one entry per rank, so that a rank with nothing due costs
// nothing and a wake-up never leaves a stale entry behind. Ties go to the lowest rank.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace fugle::sim {

class RankHeap {
 public:
  explicit RankHeap(std::uint32_t num_ranks) : when_(num_ranks, kNever), place_(num_ranks, kNowhere) {}

  [[nodiscard]] bool is_empty() const { return heap_.empty(); }
  /// The rank that is due first.
  [[nodiscard]] std::uint32_t first() const { return heap_.front(); }
  /// kNever: not in the heap.
  [[nodiscard]] Time when(std::uint32_t rank) const { return when_[rank]; }

  /// Not later than `at`.
  void wake(std::uint32_t rank, Time at) {
    if (at >= when_[rank]) return;
    when_[rank] = at;
    if (place_[rank] == kNowhere) {
      place_[rank] = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back(rank);
    }
    rise(place_[rank]);
  }

  void remove(std::uint32_t rank) {
    const std::uint32_t place = place_[rank];
    if (place == kNowhere) return;
    place_[rank] = kNowhere;
    when_[rank] = kNever;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size()) return;
    put(place, last);
    rise(place);
    sink(place_[last]);
  }

 private:
  static constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

  [[nodiscard]] bool is_before(std::uint32_t a, std::uint32_t b) const {
    return std::pair(when_[a], a) < std::pair(when_[b], b);
  }
  void put(std::uint32_t place, std::uint32_t rank) {
    heap_[place] = rank;
    place_[rank] = place;
  }
  void rise(std::uint32_t place) {
    const std::uint32_t rank = heap_[place];
    for (; place > 0 && is_before(rank, heap_[(place - 1) / 2]); place = (place - 1) / 2)
      put(place, heap_[(place - 1) / 2]);
    put(place, rank);
  }
  void sink(std::uint32_t place) {
    const std::uint32_t rank = heap_[place];
    for (std::uint32_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
      if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
      if (!is_before(heap_[child], rank)) break;
      put(place, heap_[child]);
      place = child;
    }
    put(place, rank);
  }

  std::vector<Time> when_;            ///< [rank]
  std::vector<std::uint32_t> place_;  ///< [rank] in heap_
  std::vector<std::uint32_t> heap_;   ///< ranks
};

}  // namespace fugle::sim
