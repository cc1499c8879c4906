// Random graphs, clusters, plans and outcomes for runs in a hostile world.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {

inline constexpr std::uint32_t kMostCores = 4;
inline constexpr std::uint64_t kWorkerMemory = std::uint64_t{1} << 30;

/// What a task of a random graph has beside its name and needs.
inline void choose_properties(graph::Task& task, std::size_t num_elements, Random& random) {
  using graph::OnFailure;
  task.request.cores = 1 + static_cast<std::uint32_t>(random.below(random.chance(0.2) ? kMostCores : 2));
  if (random.chance(0.1)) task.request.mem_bytes = 1 + random.below(kWorkerMemory);
  if (random.chance(0.05)) task.request.gpus = 1;
  task.priority = static_cast<int>(random.below(3)) - 1;
  if (random.chance(0.3)) {
    task.retries.max = static_cast<std::uint32_t>(random.below(3));
    task.retries.delay = std::chrono::milliseconds(1 + random.below(200));
  }
  if (random.chance(0.1)) task.restart = {true, 10, std::chrono::milliseconds(random.below(300))};
  if (random.chance(0.1)) task.on_failure = OnFailure::ignore;
  if (random.chance(0.03)) task.on_failure = random.chance(0.5) ? OnFailure::drain : OnFailure::stop;
  if (num_elements > 1 && random.chance(0.2)) {
    if (random.chance(0.5))
      task.tolerate.count = 1 + static_cast<std::uint32_t>(random.below(num_elements));
    else
      task.tolerate.fraction = random.uniform();
  }
}

inline graph::RunLimits random_limits(Random& random) {
  graph::RunLimits limits;
  if (random.chance(0.1)) limits.max_failures = 1 + static_cast<std::uint32_t>(random.below(5));
  if (random.chance(0.5)) limits.max_infra_retries = static_cast<std::uint32_t>(random.below(6));
  return limits;
}

/// Nodes that an element of a random graph may have.
inline constexpr std::uint32_t kMostNodes = 3;

inline void choose_shape(graph::Task& task, Random& random) {
  const auto many = 2 + static_cast<std::uint32_t>(random.below(kMostNodes - 1));
  if (random.chance(0.2)) {
    task.shape.nodes = many;
  } else if (random.chance(0.2)) {  // a function that so many workers call together
    task.kind = graph::TaskKind::function;
    task.shape.ranks = many;
    task.shape.part = random.chance(0.7) ? graph::Part::rank_anywhere : graph::Part::rank;
    if (task.shape.part == graph::Part::rank) task.shape.nodes = many;
  }
  if (random.chance(0.1)) task.request.whole_node = true;
}

/// Whether some have several nodes, or want a node as a whole.
enum class Shapes : std::uint8_t { one_node, all };

/// Up to 40 tasks of up to 12 elements in layers and chains, and sometimes a
/// few of `finally`.
inline graph::Graph random_graph(Random& random, Shapes shapes = Shapes::one_node) {
  testing::GraphStory story;
  std::vector<testing::GraphStory::TaskStory> tasks;
  const std::size_t n = 2 + random.below(random.chance(0.3) ? 40 : 12);
  for (std::size_t i = 0; i < n; ++i) {
    auto task = story.task("t" + std::to_string(i));
    const bool continues_chain = i > 0 && random.chance(0.4);
    const auto count = static_cast<std::uint32_t>(1 + random.below(12));
    const bool is_array = !continues_chain && random.chance(0.6);
    if (is_array) task.times(count);
    choose_properties(task.task(), is_array ? count : 1, random);
    if (shapes == Shapes::all) choose_shape(task.task(), random);
    if (continues_chain) task.after(tasks.back());
    for (std::size_t j = 0; j < i && !continues_chain; ++j)
      if (random.chance(0.8 / static_cast<double>(i))) task.after(tasks[j]);
    tasks.push_back(task);
  }
  const std::size_t num_finally = random.chance(0.3) ? 1 + random.below(3) : 0;
  for (std::size_t i = 0; i < num_finally; ++i) {
    auto task = story.task("f" + std::to_string(i)).times(1 + static_cast<std::uint32_t>(random.below(3)));
    choose_properties(task.task(), 1, random);
    if (shapes == Shapes::all) choose_shape(task.task(), random);
    task.task().runs_finally = true;
    if (i > 0 && random.chance(0.5)) task.after(tasks.back());
    tasks.push_back(task);
  }
  graph::GraphData data = story.graph().data();
  data.limits = random_limits(random);
  return graph::Graph(std::move(data));
}

/// One to five ranks, sometimes many, of different sizes; some share a node.
/// `is_good`: each can run everything on one node, and where there are shapes the first have nodes of their own.
inline WorldOptions random_cluster(Random& random, bool is_good, Shapes shapes = Shapes::one_node) {
  WorldOptions options;
  std::size_t num_ranks = random.chance(0.05) ? 30 + random.below(10) : 1 + random.below(5);
  if (shapes == Shapes::all && (is_good || random.chance(0.7))) num_ranks += kMostNodes - 1;
  const bool share_nodes = random.chance(0.3);
  for (std::uint32_t r = 0; r < num_ranks; ++r) {
    const bool has_own = shapes == Shapes::all && is_good && r < kMostNodes;
    const std::uint32_t node = share_nodes && !has_own ? num_ranks + r / 2 : r;
    const auto cores =
        is_good || random.chance(0.7) ? kMostCores : static_cast<std::uint32_t>(random.below(kMostCores));
    const std::uint32_t gpus = is_good || random.chance(0.5) ? 1 : 0;
    options.workers.push_back({"n" + std::to_string(node), r, cores, kWorkerMemory, gpus, {}});
    options.places.node_of.push_back(node);
  }
  return options;
}

/// How the attempts of one life go.
struct Pace {
  bool is_quick = false;     ///< all are so short that leases are granted as a whole
  bool has_endless = false;  ///< some end only when they are stopped
  double failing_part = 0.05;
};

inline Pace random_pace(bool has_end, Random& random) {
  return {random.chance(0.4), has_end && random.chance(0.5), random.chance(0.2) ? 0.3 : 0.05};
}

/// Where not all are quick half of the elements are short, so that workers get
/// backlogs of them.
inline Outcome random_outcome(ElementId e, const Pace& pace, Random& random) {
  using scheduler::FailureClass;
  Outcome outcome;
  if (pace.is_quick)
    outcome.length = std::chrono::microseconds(100 + random.below(800));
  else if (e.value() % 16 < 8)
    outcome.length = std::chrono::microseconds(200 + random.below(3000));
  else
    outcome.length = std::chrono::milliseconds(1 + random.below(200));
  if (pace.has_endless && random.chance(0.05)) outcome.length = std::chrono::hours(24);
  if (!random.chance(pace.failing_part)) return outcome;
  outcome.cls = random.chance(0.5) ? FailureClass::error : FailureClass::signal;
  outcome.exit = 1;
  return outcome;
}

/// Of what a rank hosts of an attempt with several nodes: most wait until they
/// are dismissed.
inline std::optional<Outcome> random_part(const Pace& pace, Random& random) {
  if (!random.chance(0.2)) return std::nullopt;
  Outcome outcome;
  outcome.length = std::chrono::microseconds(100 + random.below(20000));
  if (random.chance(pace.failing_part)) outcome.cls = scheduler::FailureClass::error, outcome.exit = 1;
  return outcome;
}

/// Of one that was asked to write a checkpoint: it leaves, sometimes as if it
/// had failed, or it takes no notice.
inline Outcome random_checkpoint(Random& random) {
  using scheduler::FailureClass;
  Outcome outcome;
  outcome.length = std::chrono::milliseconds(1 + random.below(random.chance(0.3) ? 1000 : 20));
  if (random.chance(0.7)) outcome.cls = FailureClass::signal, outcome.exit = -10;
  return outcome;
}

}  // namespace fugle::sim
