// How long does planning 1,000,000 elements with 3,000,000 edges take, and how much memory does the graph need?

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/plan.hpp"
#include "plan/predict.hpp"
#include "plan/start_order.hpp"

namespace {

using namespace fugle;

constexpr std::uint32_t kElements = 1'000'000;
constexpr std::uint32_t kWindow = 10'000;  // an element needs some of those shortly before it

long peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

class Lap {
 public:
  explicit Lap(const char* what) : what_(what), start_(cpu_seconds()) {}
  ~Lap() {
    const double passed = cpu_seconds() - start_;
    fmt::print("{:<24} {:7.3f} s of CPU   peak memory {:5} MiB\n", what_, passed, peak_memory_mib());
  }
  Lap(const Lap&) = delete;
  Lap& operator=(const Lap&) = delete;

 private:
  const char* what_;
  double start_;
};

graph::Graph random_graph() {
  const Lap lap("graph built");
  Random random(1);
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "t";
  const TaskId id = builder.add_task(std::move(task));
  for (std::uint32_t e = 0; e < kElements; ++e) {
    builder.add_element(id, fmt::format("t[{}]", e), {}, from_seconds(0.5 + random.uniform()));
  }
  for (std::uint32_t e = 1; e < kElements; ++e) {
    for (int i = 0; i < 3; ++i) {
      const auto back = static_cast<std::uint32_t>(random.below(std::min(e, kWindow)));
      builder.add_edge(ElementId(e - 1 - back), ElementId(e));
    }
  }
  return graph::Graph(std::move(builder).build());
}

void run() {
  const graph::Graph graph = random_graph();
  std::vector<double> durations;
  {
    const Lap lap("ranks and order");
    durations = plan::expected_durations(graph);
    const std::vector<double> ranks = graph::upward_ranks(graph, durations);
    const std::vector<std::uint32_t> order = plan::start_order(graph, ranks);
  }
  for (const std::size_t workers : {64, 10'000}) {
    const plan::Machine machine{.workers = std::vector<plan::Slot>(workers, plan::Slot{8})};
    const plan::Problem problem{graph, machine, durations};
    fmt::print("{} workers\n", workers);
    plan::Plan plan;
    for (const plan::Policy policy : {plan::Policy::fifo, plan::Policy::heft, plan::Policy::partition}) {
      const Lap lap(plan::name_of(policy));
      plan = plan::make_plan(problem, {.policy = policy});
    }
    plan::Prediction prediction;
    {
      const Lap lap("prediction");
      prediction = plan::predict(problem, plan);
    }
    plan::LowerBound bound;
    {
      const Lap lap("lower bound");
      bound = plan::lower_bound(problem);
    }
    fmt::print("  makespan {:.1f} s, lower bound {:.1f} s ({})\n", prediction.makespan_s, bound.seconds, bound.binding);
  }
}

}  // namespace

int main() { run(); }
