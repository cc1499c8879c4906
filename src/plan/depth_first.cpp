#include "plan/depth_first.hpp"

#include <algorithm>

#include "plan/worker_choice.hpp"

namespace fugle::plan {

std::vector<std::uint32_t> depth_first_sequence(const graph::Graph& graph) {
  std::vector<std::uint32_t> missing(graph.num_elements()), open, sequence;
  sequence.reserve(graph.num_elements());
  for (std::uint32_t e = graph.num_elements(); e-- > 0;) {
    missing[e] = static_cast<std::uint32_t>(graph.needs(ElementId(e)).size());
    if (missing[e] == 0) open.push_back(e);
  }
  while (!open.empty()) {
    const std::uint32_t e = open.back();
    open.pop_back();
    sequence.push_back(e);
    const auto successors = graph.successors(ElementId(e));
    for (auto s = successors.rbegin(); s != successors.rend(); ++s)
      if (--missing[*s] == 0) open.push_back(*s);
  }
  return sequence;
}

std::vector<WorkerId> cut_sequence(const Problem& problem, std::span<const std::uint32_t> sequence) {
  const auto& workers = problem.machine.workers;
  const auto work_of = [&](std::uint32_t e) {
    return problem.durations[e] * problem.graph.task_of(ElementId(e)).request.cores;
  };
  double work = 0, cores = 0;
  for (const std::uint32_t e : sequence) work += work_of(e);
  for (const Slot& slot : workers) cores += slot.cores;
  std::vector<WorkerId> homes(problem.graph.num_elements());
  std::uint32_t worker = 0;
  double done = 0, limit = work * workers[0].cores / cores;
  for (const std::uint32_t e : sequence) {
    while (worker + 1 < workers.size() && done + work_of(e) / 2 > limit)
      limit += work * workers[++worker].cores / cores;
    done += work_of(e);
    const graph::Task& task = problem.graph.task_of(ElementId(e));
    if (!graph::is_gate(task.kind) && !chooses_its_place(task)) homes[e] = WorkerId(worker);
  }
  return homes;
}

}  // namespace fugle::plan
