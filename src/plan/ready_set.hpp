// READY elements of a plan that is being followed: which comes first at a home, and which first of all. Elements with
// one priority, one request and one set of tokens form a class: when the first of them does not fit somewhere, none
// does. Knows nothing of time or of what is free.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "plan/plan.hpp"
#include "plan/token_book.hpp"

namespace fugle::plan {

class ReadySet {
 public:
  /// Keeps a view of the plan.
  ReadySet(const graph::Graph& graph, const Plan& plan, const TokenBook& tokens, std::uint32_t num_workers);

  struct Class {
    std::int32_t priority;
    graph::Request request;
    graph::Spread spread{};
    TokenBook::Set tokens = TokenBook::kNothing;
  };
  [[nodiscard]] const std::vector<Class>& classes() const { return classes_; }
  [[nodiscard]] std::uint32_t class_of(std::uint32_t element) const { return class_of_[element]; }
  /// Levels of priority, 0 the highest.
  [[nodiscard]] std::uint32_t num_levels() const { return static_cast<std::uint32_t>(first_class_.size()) - 1; }
  [[nodiscard]] std::uint32_t num_ready(std::uint32_t level) const { return num_ready_[level]; }

  /// READY; with a home it is found there too. `may_move`: also elsewhere.
  void add(std::uint32_t element, WorkerId home, bool may_move);

  /// Position in order of the first of a class; none: there is none, or only what must not move.
  [[nodiscard]] std::optional<std::uint32_t> first_of(std::uint32_t cls) {
    return drop_taken(of_class_[cls]) ? std::optional(of_class_[cls].top()) : std::nullopt;
  }
  /// Takes out the first in order, among those of the level at home there, whose request fits.
  template <class Fits>
  [[nodiscard]] std::optional<std::uint32_t> take_at_home(std::uint32_t level, WorkerId worker, Fits fits) {
    Heap* best = nullptr;
    for (HomeHeap& home : at_home_[worker.value()]) {
      if (level_of_[home.cls] != level || !drop_taken(home.heap)) continue;
      if ((best == nullptr || home.heap.top() < best->top()) && fits(classes_[home.cls].request)) best = &home.heap;
    }
    if (best == nullptr) return std::nullopt;
    return take_top(*best);
  }

  /// Takes out, again and again, the first in order of the level that `start` accepts; a class whose first one is
  /// refused is left alone from then on. `start(element)` returns whether it did.
  template <class Start>
  void offer_all(std::uint32_t level, Start start) {
    heads_.clear();
    for (std::uint32_t c = first_class_[level]; c < first_class_[level + 1]; ++c) {
      if (drop_taken(of_class_[c])) heads_.emplace_back(of_class_[c].top(), c);
    }
    std::make_heap(heads_.begin(), heads_.end(), std::greater<>());
    while (!heads_.empty()) {
      std::pop_heap(heads_.begin(), heads_.end(), std::greater<>());
      Heap& heap = of_class_[heads_.back().second];
      if (start(element_at_[heap.top()])) {
        take_top(heap);
        if (drop_taken(heap)) {
          heads_.back().first = heap.top();
          std::push_heap(heads_.begin(), heads_.end(), std::greater<>());
          continue;
        }
      }
      heads_.pop_back();
    }
  }

 private:
  using Heap = std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>>;  ///< positions
  struct HomeHeap {
    std::uint32_t cls;
    Heap heap;
  };
  void make_classes(const graph::Graph& graph, const Plan& plan, const TokenBook& tokens);
  /// What was taken through another heap goes; whether anything is left.
  bool drop_taken(Heap& heap) {
    while (!heap.empty() && is_taken_[heap.top()]) heap.pop();
    return !heap.empty();
  }
  std::uint32_t take_top(Heap& heap) {
    const std::uint32_t position = heap.top();
    heap.pop();
    is_taken_[position] = true;
    --num_ready_[level_of_[class_of_[element_at_[position]]]];
    return element_at_[position];
  }

  const Plan& plan_;
  std::vector<std::uint32_t> element_at_;                       ///< [position]
  std::vector<bool> is_taken_;                                  ///< [position]
  std::vector<Class> classes_;                                  ///< by falling priority
  std::vector<std::uint32_t> class_of_;                         ///< [element]
  std::vector<std::uint32_t> level_of_;                         ///< [class]
  std::vector<std::uint32_t> first_class_;                      ///< [level], and the number of classes at the end
  std::vector<std::uint32_t> num_ready_;                        ///< [level]
  std::vector<Heap> of_class_;                                  ///< [class]
  std::vector<std::vector<HomeHeap>> at_home_;                  ///< [worker]
  std::vector<std::pair<std::uint32_t, std::uint32_t>> heads_;  ///< position, class; of one call
};

}  // namespace fugle::plan
