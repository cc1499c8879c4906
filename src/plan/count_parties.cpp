#include "plan/count_parties.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace fugle::plan {
namespace {

constexpr std::size_t kMaxKinds = 4;

struct Kind {
  graph::Request request;
  graph::Spread spread;
  auto operator<=>(const Kind&) const = default;
};

bool is_large(const Kind& kind) { return kind.spread.workers > 1 || kind.request.whole_node; }

Kind kind_of(const graph::Task& task) { return {task.request, task.shape.spread()}; }

std::vector<Kind> kinds_with_most_work(const graph::Graph& graph, std::span<const double> durations) {
  std::map<Kind, double> work_of;
  for (std::uint32_t e = 0; e < durations.size(); ++e) {
    const graph::Task& task = graph.task_of(ElementId(e));
    if (graph::is_gate(task.kind) || !is_large(kind_of(task))) continue;
    work_of[kind_of(task)] += durations[e] * task.shape.spread().workers;
  }
  std::vector<std::pair<double, Kind>> sorted;
  for (const auto& [kind, work] : work_of) sorted.emplace_back(work, kind);
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  std::vector<Kind> kinds;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMaxKinds); ++i) kinds.push_back(sorted[i].second);
  return kinds;
}

/// How many of the request fit on the worker at once.
std::uint64_t places_on(const Slot& slot, const graph::Request& request) {
  if (!can_hold(slot, request)) return 0;
  if (request.whole_node) return 1;
  std::uint64_t places = slot.cores / std::max(request.cores, 1u);
  if (request.gpus > 0) places = std::min<std::uint64_t>(places, slot.gpus / request.gpus);
  if (request.mem_bytes > 0 && slot.mem_bytes > 0) places = std::min(places, slot.mem_bytes / request.mem_bytes);
  return places;
}

/// [node]
std::vector<std::uint64_t> places_per_node(const Machine& machine, const graph::Request& request) {
  std::map<std::uint32_t, std::uint64_t> places;
  std::map<std::uint32_t, std::uint32_t> num_on;
  for (std::uint32_t w = 0; w < machine.num_workers(); ++w) {
    places[machine.node(w)] += places_on(machine.workers[w], request);
    ++num_on[machine.node(w)];
  }
  std::vector<std::uint64_t> per_node;
  for (const auto& [node, count] : places)
    if (!request.whole_node || num_on[node] == 1) per_node.push_back(count);
  return per_node;
}

/// The largest m with sum of min(places, m) >= num_nodes x m.
std::uint64_t most_at_once(const std::vector<std::uint64_t>& places, std::uint64_t num_nodes) {
  const auto are_possible = [&](std::uint64_t m) {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : places) sum += std::min(count, m);
    return sum >= num_nodes * m;
  };
  std::uint64_t possible = 0, impossible = 1;
  for (const std::uint64_t count : places) impossible += count;
  while (impossible - possible > 1) {
    const std::uint64_t middle = (possible + impossible) / 2;
    (are_possible(middle) ? possible : impossible) = middle;
  }
  return possible;
}

bool asks_for_as_much(const graph::Request& request, const graph::Request& as) {
  return request.cores >= as.cores && request.gpus >= as.gpus && request.mem_bytes >= as.mem_bytes &&
         request.whole_node >= as.whole_node;
}

}  // namespace

std::vector<CountedResource> count_parties(const Problem& problem, std::span<const double> durations) {
  std::vector<CountedResource> resources;
  const graph::Graph& graph = problem.graph;
  for (const Kind& kind : kinds_with_most_work(graph, durations)) {
    const std::vector<std::uint64_t> places = places_per_node(problem.machine, kind.request);
    const bool is_anywhere = kind.spread.nodes == 0;
    std::uint64_t sum = 0;
    for (const std::uint64_t count : places) sum += count;
    const std::uint64_t capacity = is_anywhere ? sum / kind.spread.workers : most_at_once(places, kind.spread.nodes);
    CountedResource resource{"nodes", static_cast<double>(capacity), {}};
    for (std::uint32_t e = 0; e < durations.size(); ++e) {
      const graph::Task& task = graph.task_of(ElementId(e));
      const bool counts = !graph::is_gate(task.kind) && asks_for_as_much(task.request, kind.request);
      const graph::Spread spread = task.shape.spread();
      const std::uint32_t times = is_anywhere ? spread.workers / kind.spread.workers : spread.nodes / kind.spread.nodes;
      resource.demands.push_back(counts ? times : 0);
    }
    resources.push_back(std::move(resource));
  }
  return resources;
}

}  // namespace fugle::plan
