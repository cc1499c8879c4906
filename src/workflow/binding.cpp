#include "workflow/binding.hpp"

#include <algorithm>

namespace fugle::workflow {
namespace {

using graph::Bind;

bool has_own_cores(const graph::Task& task) {
  return task.bind == Bind::automatic ? task.shape.nodes > 1 : task.bind != Bind::none;
}

void bind_all(std::vector<graph::Task>& tasks) {
  for (graph::Task& task : tasks) {
    const bool is_left_to_the_system = task.bind == Bind::automatic && task.request.cores == 1;
    if (is_left_to_the_system && !graph::is_gate(task.kind)) task.bind = Bind::core;
  }
}

}  // namespace

void bind_beside_what_is_bound(std::vector<graph::Task>& tasks) {
  if (std::ranges::any_of(tasks, has_own_cores)) bind_all(tasks);
}

void bind_beside_what_is_bound(const graph::Graph& graph, std::vector<graph::Task>& tasks) {
  bool is_needed = std::ranges::any_of(tasks, has_own_cores);
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) is_needed = is_needed || has_own_cores(graph.task(TaskId(t)));
  if (is_needed) bind_all(tasks);
}

}  // namespace fugle::workflow
