// simulate(): forecasts of whole runs by the real scheduler.
#include "sim/simulate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <ctime>

#include "plan/durations.hpp"
#include "sim/width.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using testing::GraphStory;

plan::Machine machine(std::uint32_t nodes, std::uint32_t cores) {
  plan::Machine machine;
  machine.workers.assign(nodes, plan::Slot{cores, 0, 0});
  return machine;
}

SimulationOptions by(plan::Policy policy) {
  SimulationOptions options;
  options.plan.policy = policy;
  options.plan.effort = 0;
  return options;
}

SimulationResult run(const graph::Graph& graph, const plan::Machine& machine, const SimulationOptions& options) {
  return simulate(graph, machine, plan::expected_durations(graph), kinds_by_name(graph), options);
}

graph::Graph fan(std::uint32_t width, Duration length) {
  GraphStory story;
  auto split = story.task("split").takes(length);
  auto work = story.task("work").takes(length).times(width).after(split);
  story.task("merge").takes(length).after(work);
  return story.graph();
}

/// Rows of elements, each needing its neighbours in the row before, with data on the edges.
graph::Graph stencil(std::uint32_t width, std::uint32_t depth, Duration length) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "step";
  task.workdir = "/";
  task.estimate = length;
  const TaskId id = builder.add_task(task);
  graph::ElementText text;
  text.command = {"true"};
  for (std::uint32_t e = 0; e < width * depth; ++e) builder.add_element(id, "step[" + std::to_string(e) + "]", text);
  for (std::uint32_t e = width; e < width * depth; ++e)
    for (const std::uint32_t column : {e % width - 1, e % width, e % width + 1})
      if (column < width) builder.add_edge(ElementId(e - width - e % width + column), ElementId(e), 1000);
  return graph::Graph(std::move(builder).build());
}

TEST(Simulate, gives_the_makespan_of_a_fan) {
  const SimulationResult result = run(fan(64, 1s), machine(4, 8), by(plan::Policy::heft));
  EXPECT_EQ(result.num_unfinished, 0u);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_DOUBLE_EQ(result.lower_bound_s, 4.0);
  EXPECT_GE(result.ratio(), 1.0);
  EXPECT_LT(result.ratio(), 1.02);
  EXPECT_NEAR(result.utilisation, 66.0 / (32 * 4), 0.01);
  EXPECT_NEAR(result.core_hours, 32 * result.makespan_s / 3600, 1e-9);
}

TEST(Simulate, is_the_same_twice_and_another_with_another_seed) {
  const graph::Graph graph = stencil(40, 20, 1s);
  for (const auto policy : {plan::Policy::fifo, plan::Policy::heft, plan::Policy::partition, plan::Policy::automatic}) {
    SimulationOptions options = by(policy);
    options.noise = 0.2;
    options.losses = {{3.0, {}}};
    const SimulationResult first = run(graph, machine(4, 8), options), second = run(graph, machine(4, 8), options);
    EXPECT_EQ(first.ran_on, second.ran_on);
    EXPECT_EQ(first.makespan_s, second.makespan_s);
    EXPECT_EQ(first.messages, second.messages);
    EXPECT_EQ(first.head_busy, second.head_busy);
    options.seed = 2;
    EXPECT_NE(run(graph, machine(4, 8), options).makespan_s, first.makespan_s);
  }
}

TEST(Simulate, never_beats_the_bound_whatever_the_noise) {
  const graph::Graph graph = stencil(30, 10, 100ms);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimulationOptions options = by(plan::Policy::heft);
    options.noise = 0.5;
    options.seed = seed;
    const SimulationResult result = run(graph, machine(3, 4), options);
    EXPECT_GE(result.ratio(), 1.0) << "seed " << seed;
    EXPECT_EQ(result.num_unfinished, 0u);
  }
}

TEST(Simulate, noise_has_mean_1_and_the_deviation_asked_for) {
  double sum = 0, squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double factor = noise_factor(0.2, 5, ElementId(static_cast<std::uint32_t>(i)), 1);
    ASSERT_GT(factor, 0);
    sum += factor, squares += factor * factor;
  }
  const double mean = sum / kCount;
  EXPECT_NEAR(mean, 1.0, 0.005);
  EXPECT_NEAR(std::sqrt(squares / kCount - mean * mean), 0.2, 0.005);
  EXPECT_EQ(noise_factor(0, 5, ElementId(1), 1), 1.0);
  EXPECT_NE(noise_factor(0.2, 5, ElementId(1), 1), noise_factor(0.2, 5, ElementId(1), 2));
}

TEST(Simulate, loses_a_node_and_runs_what_it_ran_elsewhere) {
  SimulationOptions options = by(plan::Policy::heft);
  const graph::Graph graph = fan(64, 1s);
  const double undisturbed = run(graph, machine(4, 8), options).makespan_s;
  options.losses = {{1.5, 2}};
  const SimulationResult result = run(graph, machine(4, 8), options);
  EXPECT_EQ(result.lost_workers, 1u);
  EXPECT_EQ(result.num_unfinished, 0u);
  EXPECT_GT(result.makespan_s, undisturbed + 0.9);
  EXPECT_EQ(result.counts.started, 66u + 8u);
  for (const WorkerId worker : result.ran_on) EXPECT_NE(worker, WorkerId(2));
}

TEST(Simulate, counts_bytes_between_nodes_once_per_edge) {
  GraphStory story;
  auto a = story.task("a").takes(1s);
  story.task("b").takes(1s).times(2).after(a);
  graph::GraphData data = story.graph().data();
  data.need_bytes.assign(data.needs.columns.size(), 500);
  const graph::Graph graph(std::move(data));
  const SimulationResult apart = run(graph, machine(2, 1), by(plan::Policy::heft));
  EXPECT_EQ(apart.total_bytes, 1000);
  EXPECT_EQ(apart.bytes_between_nodes, 500);
  EXPECT_EQ(apart.edges_between_nodes, 1u);
  EXPECT_EQ(run(graph, machine(1, 2), by(plan::Policy::heft)).bytes_between_nodes, 0);
}

TEST(Simulate, lets_attempts_wait_for_data_of_other_nodes) {
  GraphStory story;
  auto a = story.task("a").takes(1s);
  story.task("b").takes(10s).times(2).after(a);
  graph::GraphData data = story.graph().data();
  data.need_bytes.assign(data.needs.columns.size(), 5000);
  const graph::Graph graph(std::move(data));
  plan::Machine slow = machine(2, 1);
  EXPECT_NEAR(run(graph, slow, by(plan::Policy::fifo)).makespan_s, 11, 0.1);
  slow.seconds_per_byte = 1e-3;
  EXPECT_NEAR(run(graph, slow, by(plan::Policy::fifo)).makespan_s, 16, 0.1);
}

TEST(Simulate, shows_a_head_that_is_asked_too_much) {
  const graph::Graph graph = fan(5000, 50ms);
  SimulationOptions options = by(plan::Policy::fifo);
  const SimulationResult easy = run(graph, machine(16, 16), options);
  options.costs.head = {1ms, 1ms, 1ms};
  const SimulationResult hard = run(graph, machine(16, 16), options);
  EXPECT_LT(easy.head_busy, 0.2);
  EXPECT_GT(hard.head_busy, 0.8);
  EXPECT_GT(hard.makespan_s, 5.0) << "5,000 events at 1 ms each";
  EXPECT_LE(hard.head_busy, 1.01);
}

TEST(Simulate, planning_with_less_knowledge_changes_the_plan_and_not_what_happens) {
  GraphStory story;
  for (int i = 0; i < 40; ++i) story.task("job_" + std::to_string(i)).takes(std::chrono::milliseconds(100 + 50 * i));
  const graph::Graph graph = story.graph();
  SimulationOptions options = by(plan::Policy::heft);
  const SimulationResult exact = run(graph, machine(2, 4), options);
  for (const Known known : {Known::task_means, Known::none}) {
    options.known = known;
    const SimulationResult less = run(graph, machine(2, 4), options);
    EXPECT_EQ(less.lower_bound_s, exact.lower_bound_s);
    EXPECT_GT(less.makespan_s, exact.makespan_s * 1.02) << "longest first is not possible";
    EXPECT_EQ(less.num_unfinished, 0u);
  }
}

TEST(Simulate, says_what_fits_nowhere) {
  GraphStory story;
  auto big = story.task("big").cores(9);
  story.task("after").after(big);
  story.task("small");
  const SimulationResult result = run(story.graph(), machine(2, 8), by(plan::Policy::fifo));
  EXPECT_EQ(result.num_unfinished, 2u);
  EXPECT_EQ(result.exit_code, 4);
}

TEST(Simulate, kinds_are_names_without_their_digits) {
  GraphStory story;
  story.task("project_001");
  story.task("project_002");
  story.task("merge");
  const auto kinds = kinds_by_name(story.graph());
  EXPECT_EQ(kinds[0], kinds[1]);
  EXPECT_NE(kinds[0], kinds[2]);
}

/// Work per completion, in what the simulator counts and in CPU time: it may not grow with the number of elements. The
/// join of all of them once cost a look at each need per grant: fifty times as much at 100,000.
TEST(Simulate, work_per_completion_is_flat_from_1k_to_100k_elements) {
  struct Work {
    double events;
    double cpu_s;
  };
  const auto per_element = [](std::uint32_t n) {
    const graph::Graph graph = fan(n, 500ms);
    const std::clock_t start = std::clock();
    const SimulationResult result = run(graph, machine(8, 16), by(plan::Policy::fifo));
    EXPECT_EQ(result.num_unfinished, 0u);
    return Work{static_cast<double>(result.counts.events() + result.counts.steps) / n,
                static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / n};
  };
  const Work small = per_element(1000), middle = per_element(10'000), large = per_element(100'000);
  EXPECT_LT(large.events, 1.25 * small.events) << "few elements end together more often, which saves messages";
  EXPECT_LT(large.cpu_s, 8 * middle.cpu_s);
}

TEST(Width, is_what_can_run_at_once) {
  const auto width = [](const graph::Graph& graph) { return width_of(graph, plan::expected_durations(graph)); };
  EXPECT_EQ(width(fan(7, 1s)).elements, 7u);
  GraphStory chain;
  auto a = chain.task("a").cores(3), b = chain.task("b").after(a);
  chain.task("c").cores(2).after(b);
  EXPECT_EQ(width(chain.graph()).elements, 1u);
  EXPECT_EQ(width(chain.graph()).cores, 3u);
}

/// The world aborts when an attempt starts before its needs have completed.
TEST(Simulation, starts_nothing_before_its_needs_in_a_thousand_random_dags) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    Random random(seed);
    GraphStory story;
    std::vector<GraphStory::TaskStory> tasks;
    const std::size_t n = 2 + random.below(60);
    for (std::size_t i = 0; i < n; ++i) {
      auto task = story.task("t" + std::to_string(i)).takes(std::chrono::milliseconds(1 + random.below(100)));
      task.cores(1 + static_cast<std::uint32_t>(random.below(2)));
      for (std::size_t j = 0; j < i; ++j)
        if (random.chance(1.5 / static_cast<double>(i))) task.after(tasks[j]);
      tasks.push_back(task);
    }
    const graph::Graph graph = story.graph();
    const std::vector<double> durations = plan::expected_durations(graph);
    const plan::Machine three = machine(3, 2);
    constexpr std::array kPolicies{plan::Policy::fifo, plan::Policy::heft, plan::Policy::partition};
    plan::PlanOptions planning;
    planning.policy = kPolicies[seed % 3];
    planning.effort = 0;
    WorldOptions options;
    for (std::uint32_t w = 0; w < 3; ++w) options.workers.push_back({"n" + std::to_string(w), w + 1, 2, 0, 0, {}});
    options.seed = seed;
    options.model = [&](ElementId e, std::uint16_t, Random&) { return Outcome{from_seconds(durations[e.value()])}; };
    World world(graph, plan::make_plan({graph, three, durations, {}}, planning), options);
    ASSERT_EQ(world.run(Time{} + 1h), 0) << "seed " << seed;
    ASSERT_EQ(world.attempts().size(), n) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fugle::sim
