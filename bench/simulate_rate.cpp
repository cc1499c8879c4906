// How fast is `simulate`, and how busy is the head? Runs chain- and stencil-shaped graphs on large machines:
// simulate_rate [NODES CORES ELEMENTS [chain|stencil|layers [fifo|heft|partition|auto ...]]]
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/simulate.hpp"

namespace {

using namespace fugle;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

double peak_gib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

struct Shape {
  graph::Graph graph;
  std::vector<double> durations;
};

/// Rows of elements, each needs those of the row before at the given distances: 0 alone makes chains, -1 .. 1 a
/// stencil.
Shape make_rows(std::uint32_t num_elements, std::uint32_t width, const std::vector<int>& reach) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "step";
  task.workdir = "/";
  const TaskId id = builder.add_task(task);
  Random random(1);
  Shape shape;
  for (std::uint32_t e = 0; e < num_elements; ++e) {
    builder.add_element(id, fmt::format("step[{}]", e), {{}, {}, {}, {}, "", {"true"}});
    shape.durations.push_back(10 + 20 * random.uniform());
  }
  for (std::uint32_t e = width; e < num_elements; ++e) {
    const auto column = static_cast<std::int64_t>(e % width);
    for (const int step : reach)
      if (column + step >= 0 && column + step < width)
        builder.add_edge(ElementId(e - width + static_cast<std::uint32_t>(step)), ElementId(e), 1e6);
  }
  shape.graph = graph::Graph(std::move(builder).build());
  return shape;
}

Shape make_shape(const std::string& name, std::uint32_t num_elements, std::uint32_t num_cores) {
  if (name == "stencil") return make_rows(num_elements, num_cores, {-1, 0, 1});
  return make_rows(num_elements, num_cores, {0});
}

void run(const std::string& shape_name, const Shape& shape, const plan::Machine& machine, plan::Policy policy) {
  sim::SimulationOptions options;
  options.plan.policy = policy;
  options.plan.effort = 8;
  const std::vector<std::uint32_t> kinds = sim::kinds_by_name(shape.graph);
  const plan::Problem problem{shape.graph, machine, shape.durations, {}};
  double start = cpu_seconds();
  (void)plan::make_plan(problem, options.plan);
  const double planning = cpu_seconds() - start;
  start = cpu_seconds();
  const sim::SimulationResult result = simulate(shape.graph, machine, shape.durations, kinds, options);
  const double seconds = cpu_seconds() - start - planning;
  const auto events = static_cast<double>(result.counts.events());
  fmt::print(
      "{:<8} {:<9} plan {:6.1f} s, run {:6.1f} s, {:9.0f} events ({:7.0f}/s), {} steps, makespan {:.1f} s ({:.3f} of "
      "bound), head busy {:.4f}, {} messages ({:.4f} per element), {:.3g} of {:.3g} bytes moved, peak {:.2f} GiB\n",
      shape_name, plan::name_of(policy), planning, seconds, events, events / seconds, result.counts.steps,
      result.makespan_s, result.ratio(), result.head_busy, result.messages,
      static_cast<double>(result.messages) / shape.graph.num_real_elements(), result.bytes_between_nodes,
      result.total_bytes, peak_gib());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long otherwise) {
    return static_cast<std::uint32_t>(argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise);
  };
  const std::uint32_t nodes = number(1, 10'000), cores = number(2, 128), elements = number(3, 5'000'000);
  std::vector<std::string> shapes{"chain", "stencil"};
  if (argc > 4) shapes = {argv[4]};
  std::vector<std::string> policies(argv + std::min(argc, 5), argv + argc);
  if (policies.empty()) policies = {"fifo", "heft", "partition"};
  plan::Machine machine;
  machine.workers.assign(nodes, plan::Slot{cores, 0, 0});
  for (const std::string& name : shapes) {
    const Shape shape = make_shape(name, elements, nodes * cores);
    for (const std::string& policy : policies) run(name, shape, machine, plan::policy_named(policy).value());
  }
}
