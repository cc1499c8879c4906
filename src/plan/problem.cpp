#include "plan/problem.hpp"

namespace fugle::plan {

bool Problem::has_parties() const {
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (task.shape.spread().workers > 1 || task.request.whole_node || task.service.is_given) return true;
    if (!task.pools.empty() || task.max_parallel > 0) return true;
  }
  return graph.limits().max_parallel > 0;
}

double Problem::bytes_of_need(std::uint32_t element, std::size_t i) const {
  const graph::GraphData& data = graph.data();
  const std::size_t edge = data.needs.offsets[element] + i;
  if (graph.is_gate(ElementId(data.needs.columns[edge]))) return 0;
  return data.need_bytes.empty() ? 1 : static_cast<double>(data.need_bytes[edge]);
}

}  // namespace fugle::plan
