// Graphs for tests of plans, told as a story: one element per line, with its seconds and what it needs.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "graph/graph.hpp"

namespace fugle::plan {

class SmallGraph {
 public:
  SmallGraph& task(std::uint32_t cores = 1, std::uint64_t mem_bytes = 0, std::int32_t priority = 0) {
    graph::Task task;
    task.name = fmt::format("t{}", num_tasks_++);
    task.request = {cores, mem_bytes};
    task.priority = priority;
    task_ = builder_.add_task(std::move(task));
    return *this;
  }
  /// An element of the last task (one is made when there is none); 0 seconds: unknown.
  ElementId element(double seconds, std::initializer_list<ElementId> needs = {}) {
    if (!task_.is_valid()) task();
    const ElementId e =
        builder_.add_element(task_, fmt::format("e{}", builder_.num_elements()), {}, from_seconds(seconds));
    for (const ElementId need : needs) builder_.add_edge(need, e);
    return e;
  }
  void all_need_all(const std::vector<ElementId>& from, const std::vector<ElementId>& to) {
    builder_.add_edges_all(from, to);
  }
  graph::Graph freeze() && { return graph::Graph(std::move(builder_).build()); }

 private:
  graph::GraphBuilder builder_;
  TaskId task_;
  int num_tasks_ = 0;
};

}  // namespace fugle::plan
