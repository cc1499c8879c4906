// READY elements that no worker holds, best first. One heap per distinct request, so that what does not fit now never
// stands in the way of what does, and finding the best that fits costs the number of distinct requests, not of
// elements.
#pragma once

#include <cstdint>
#include <queue>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::scheduler {

class ReadyQueue {
 public:
  /// `order` [element]: smaller starts first; a permutation that outlives the queue.
  ReadyQueue(const graph::Graph& graph, std::span<const std::uint32_t> order);

  void push(ElementId e);
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Requests with something READY.
  struct Class {
    graph::Request request;
    std::uint32_t bypassed = 0;  ///< how often something later in order started while our first did not fit
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> heap;  ///< of positions
  };
  [[nodiscard]] std::vector<Class>& classes() { return classes_; }
  [[nodiscard]] const std::vector<Class>& classes() const { return classes_; }
  [[nodiscard]] ElementId first_of(const Class& cls) const { return ElementId(by_order_[cls.heap.top()]); }
  void pop(Class& cls);
  [[nodiscard]] ElementId element_at(std::uint32_t position) const { return ElementId(by_order_[position]); }

 private:
  const graph::Graph& graph_;
  std::span<const std::uint32_t> order_;
  std::vector<std::uint32_t> by_order_;       ///< [position] element
  std::vector<std::uint32_t> class_of_task_;  ///< [task]
  std::vector<Class> classes_;
  std::size_t size_ = 0;
};

}  // namespace fugle::scheduler
