#include "plan/durations.hpp"

#include <cstdint>

#include "base/time.hpp"
#include "graph/good_run.hpp"

namespace fugle::plan {
namespace {

struct Mean {
  double sum = 0;
  std::uint32_t count = 0;

  void add(double value) { sum += value, ++count; }
  [[nodiscard]] double or_else(double fallback) const { return count != 0 ? sum / count : fallback; }
};

bool is_service(const graph::Graph& graph, ElementId e) { return graph.task_of(e).service.is_given; }

}  // namespace

std::vector<double> expected_durations(const graph::Graph& graph) {
  std::vector<double> durations(graph.num_elements(), 0);
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    if (is_service(graph, e))
      durations[i] = kReadyAfter_s;
    else if (!graph.is_gate(e))
      durations[i] = to_seconds(graph.estimate(e));
  }
  fill_unknown(graph, durations);
  return durations;
}

void fill_unknown(const graph::Graph& graph, std::vector<double>& durations) {
  std::vector<Mean> of_task(graph.num_tasks());
  Mean of_all;
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    if (durations[i] <= 0 || is_service(graph, ElementId(i))) continue;
    of_task[graph.task_id_of(ElementId(i)).value()].add(durations[i]);
    of_all.add(durations[i]);
  }
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    if (durations[i] > 0 || graph.is_gate(e)) continue;
    durations[i] = of_task[graph.task_id_of(e).value()].or_else(of_all.or_else(1));
  }
}

void take_nothing_where_skipped(const graph::Graph& graph, std::vector<double>& durations) {
  const std::vector<bool> skipped = graph::skipped_in_good_run(graph);
  for (std::uint32_t e = 0; e < skipped.size(); ++e)
    if (skipped[e]) durations[e] = 0;
}

}  // namespace fugle::plan
