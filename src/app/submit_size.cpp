#include "app/submit_size.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/allocation.hpp"
#include "app/batch_script.hpp"
#include "app/fit_check.hpp"
#include "app/launcher_check.hpp"
#include "app/mistakes.hpp"
#include "base/text.hpp"
#include "sim/simulate.hpp"
#include "sim/width.hpp"

namespace fugle::app {
namespace {

using workflow::Position;

constexpr double kNearTheBest = 1.1;
constexpr double kMargin = 1.25;                                 ///< lengths vary, and starting takes a while
constexpr Duration kDefaultReserve = std::chrono::seconds(120);  ///< FORMAT.md, reserve
constexpr Duration kShortest = std::chrono::minutes(5);

/// On shared nodes a job has the cores that it asks for.
topology::Node described(const NodeGroup& group, const workflow::SlurmRequest& request, std::uint32_t largest) {
  const std::uint32_t cores = request.exclusive.value_or(true) ? group.cpus : std::min(group.cpus, largest);
  const bool is_mem_asked_for = request.mem_bytes.value_or(0) > 0;
  return topology::uniform("n", cores,
                           is_mem_asked_for ? std::min(*request.mem_bytes, group.mem_bytes) : group.mem_bytes,
                           request.gpus_per_node.value_or(group.gpus));
}

/// One node of each kind that there is.
Workers one_of_each(const std::vector<NodeGroup>& groups, const Loaded& loaded, const workflow::SlurmRequest& request) {
  Workers workers;
  for (const NodeGroup& group : groups) {
    const Workers one = described_workers({{1}, described(group, request, largest_cores(loaded.graph))}, 1);
    workers.parts.push_back(one.parts.front());
    workers.machine.workers.push_back(one.machine.workers.front());
  }
  return workers;
}

bool asks_for_gpus(const workflow::SlurmRequest& request) {
  if (request.gpus_per_node.value_or(0) > 0) return true;
  for (const char* option : {"--gres", "--gpus", "--gpus-per-node", "--gpus-per-task", "--gpus-per-socket"})
    if (has_option(request.extra, option)) return true;
  return has_option(request.extra, "-G", 'G');
}

void check_gpus(const Loaded& loaded, const workflow::SlurmRequest& request, workflow::Diagnostics& diagnostics) {
  if (asks_for_gpus(request)) return;
  for (const workflow::TaskNode& node : loaded.workflow.tasks)
    for (std::uint32_t t = 0; t < loaded.graph.num_tasks(); ++t) {
      const graph::Task& task = loaded.graph.task(TaskId(t));
      if (task.name != node.name || task.request.gpus == 0) continue;
      const Position written = std::max(node.gpus.at, node.gpus_per_rank.at);
      diagnostics.error("E302", written.line > 0 ? written : node.at,
                        fmt::format("task {} needs {} {}, the job would have none; set slurm.gpus_per_node", task.name,
                                    task.request.gpus, task.request.gpus == 1 ? "gpu" : "gpus"));
    }
}

std::vector<std::uint32_t> sizes_to_try(std::uint32_t least, std::uint32_t most) {
  std::vector<std::uint32_t> sizes;
  for (std::uint32_t nodes = least; nodes < most; nodes *= 2) sizes.push_back(nodes);
  sizes.push_back(most);
  return sizes;
}

/// Elements that can run at once do not need more nodes than that.
std::uint32_t most_useful_nodes(const Loaded& loaded, const std::vector<NodeGroup>& groups,
                                const std::vector<double>& seconds) {
  std::uint32_t there = 0;
  std::optional<std::uint32_t> allowed;
  for (const NodeGroup& group : groups) {
    there += group.nodes;
    if (group.max_nodes) allowed = std::max(allowed.value_or(0), *group.max_nodes);
  }
  if (groups.empty()) there = 64;
  const auto width = sim::width_of(loaded.graph, seconds).elements * std::uint64_t{largest_nodes(loaded.graph)};
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                        {there, allowed.value_or(there), std::max<std::uint64_t>(1, width), 512})));
}

std::optional<Duration> longest_allowed(const std::vector<NodeGroup>& groups) {
  std::optional<Duration> longest;
  for (const NodeGroup& group : groups) {
    if (!group.max_time) return std::nullopt;
    longest = std::max(longest.value_or(Duration{0}), *group.max_time);
  }
  return longest;
}

Duration to_minutes_up(Duration time) { return std::chrono::ceil<std::chrono::minutes>(time); }

}  // namespace

std::uint32_t largest_cores(const graph::Graph& graph) {
  std::uint32_t most = 1;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) most = std::max(most, graph.task(TaskId(t)).request.cores);
  return most;
}

std::uint32_t largest_nodes(const graph::Graph& graph) {
  std::uint32_t most = 1;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    // There is one worker on each node.
    const graph::Spread spread = graph.task(TaskId(t)).shape.spread();
    most = std::max(most, spread.nodes > 0 ? spread.nodes : spread.workers);
  }
  return most;
}

bool fits_partition(const Loaded& loaded, const workflow::SlurmRequest& request, const std::vector<NodeGroup>& groups) {
  workflow::Diagnostics diagnostics(loaded.workflow.file);
  check_slurm(loaded.graph, loaded.outlook, loaded.workflow, request, loaded.reserve, false, diagnostics);
  check_gpus(loaded, request, diagnostics);
  if (!groups.empty() && !diagnostics.has_errors()) {
    const Workers workers = one_of_each(groups, loaded, request);
    FitQuestion question{loaded.graph, &loaded.workflow, workers, Misfit::refused};
    for (const NodeGroup& group : groups) question.num_nodes += group.nodes;
    check_fit(question, elements_per_task(loaded.graph), diagnostics);
  }
  check_launchers(launcher_question_here(loaded.graph, &loaded.workflow, true), elements_per_task(loaded.graph),
                  diagnostics);
  print_mistakes(diagnostics);
  return !diagnostics.has_errors();
}

ChosenSize choose_size(const Loaded& loaded, const workflow::SlurmRequest& request,
                       const std::vector<NodeGroup>& groups, const plan::KnownDurations& durations,
                       const plan::PlanOptions& planning) {
  NodeGroup node{.partition = {}, .cpus = std::max(1U, largest_cores(loaded.graph)), .max_time = {}, .max_nodes = {}};
  if (groups.empty()) {
    const topology::Node here = topology::discover();
    node.cpus = std::max(node.cpus, here.num_cores());
    node.mem_bytes = here.mem_bytes;
  } else {
    node = *std::ranges::max_element(groups, {}, &NodeGroup::nodes);
  }
  const std::vector<std::uint32_t> kinds = sim::kinds_by_name(loaded.graph);
  sim::SimulationOptions options;
  options.plan = planning;
  struct Tried {
    std::uint32_t nodes;
    double makespan_s;
  };
  std::vector<Tried> tried;
  const std::uint32_t least = largest_nodes(loaded.graph);
  const std::uint32_t most = std::max(least, most_useful_nodes(loaded, groups, durations.seconds));
  for (const std::uint32_t nodes : sizes_to_try(least, most)) {
    const Workers workers = described_workers({{nodes}, described(node, request, largest_cores(loaded.graph))}, nodes);
    tried.push_back(
        {nodes, sim::simulate(loaded.graph, workers.machine, durations.seconds, kinds, options).makespan_s});
  }
  const double best = std::ranges::min_element(tried, {}, &Tried::makespan_s)->makespan_s;
  const auto chosen = std::ranges::find_if(tried, [&](const Tried& t) { return t.makespan_s <= best * kNearTheBest; });

  ChosenSize size;
  size.nodes = chosen->nodes;
  size.why = fmt::format("{} of {} cores: predicted {}, the best of {} to {} nodes is {}\n",
                         counted(size.nodes, "node", "nodes"), node.cpus, format_seconds(chosen->makespan_s), least,
                         tried.back().nodes, format_seconds(best));
  if (groups.empty()) size.why += "sinfo says nothing of the nodes: they are taken to be like this machine\n";
  const std::uint64_t num_elements = loaded.graph.num_real_elements();
  if (durations.num_unknown > 0)
    size.why +=
        fmt::format("the lengths of {} of {} elements were guessed; 'estimate' in the file, or one run, helps\n",
                    durations.num_unknown, num_elements);
  if (request.time > Duration{0}) {
    size.why += fmt::format("time {}, as was asked for\n", format_duration(request.time));
    return size;
  }
  const auto longest = longest_allowed(groups);
  if (durations.num_unknown >= num_elements) {
    size.why += "no time is asked for: nothing is known of the lengths; --time says it\n";
    return size;
  }
  const Duration reserve = loaded.reserve.value_or(kDefaultReserve);
  const Duration wanted = to_minutes_up(from_seconds(chosen->makespan_s * kMargin) + reserve);
  size.time = std::max(wanted, kShortest);
  if (longest && size.time > *longest) {
    size.time = *longest;
    size.why += fmt::format("time {}, the longest that is allowed: the run goes on in further jobs\n",
                            format_duration(size.time));
  } else {
    size.why += fmt::format("time {}: predicted x {} + reserve {}\n", format_duration(size.time), kMargin,
                            format_duration(reserve));
  }
  return size;
}

}  // namespace fugle::app
