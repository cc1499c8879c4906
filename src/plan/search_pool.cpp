#include "plan/search_pool.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "base/assert.hpp"

namespace fugle::plan {
namespace {

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

/// How many elements with this request run on a worker at once.
std::int64_t places_on(const Slot& slot, const graph::Request& request) {
  std::int64_t places = kUnlimited;
  if (request.cores > 0) places = slot.cores / request.cores;
  if (request.gpus > 0) places = std::min<std::int64_t>(places, slot.gpus / request.gpus);
  if (const std::uint64_t mem_bytes = memory_on(slot, request); mem_bytes > 0) {
    places = std::min(places, static_cast<std::int64_t>(slot.mem_bytes / mem_bytes));
  }
  return places;
}

bool takes_time_to_move(const Machine& machine) {
  if (machine.seconds_per_byte <= 0) return false;
  for (std::uint32_t w = 1; w < machine.num_workers(); ++w) {
    if (machine.node(w) != machine.node(0)) return true;
  }
  return false;
}

/// The one request of all elements that are not gates; nothing where there are several or none. Memory is left out
/// where no worker counts it.
std::optional<graph::Request> common_request(const Problem& problem) {
  const auto& workers = problem.machine.workers;
  const bool memory_counts =
      std::any_of(workers.begin(), workers.end(), [](const Slot& s) { return s.mem_bytes != 0; });
  const graph::Graph& graph = problem.graph;
  std::optional<graph::Request> common;
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    if (graph.is_gate(ElementId(i))) continue;
    graph::Request request = graph.task_of(ElementId(i)).request;
    if (!memory_counts) request.mem_bytes = 0;
    if (common && *common != request) return std::nullopt;
    common = request;
  }
  return common;
}

Pool unlimited_pool(const Problem& problem) {
  Pool pool;
  pool.needs = problem.graph.data().needs;
  pool.successors = problem.graph.successor_rows();
  pool.durations.reserve(problem.durations.size());
  for (const double duration : problem.durations) pool.durations.push_back(std::max(duration, 0.0));
  return pool;
}

std::optional<Pool> pool_of_places(const Problem& problem, const graph::Request& request) {
  Pool pool = unlimited_pool(problem);
  pool.capacities = {0};
  for (const Slot& slot : problem.machine.workers) {
    const std::int64_t places = places_on(slot, request);
    if (places == kUnlimited) return std::nullopt;
    pool.capacities[0] += places;
  }
  if (pool.capacities[0] == 0) return std::nullopt;
  pool.demands.reserve(pool.num_tasks());
  for (std::uint32_t i = 0; i < pool.num_tasks(); ++i) {
    pool.demands.push_back(problem.graph.is_gate(ElementId(i)) ? 0 : 1);
  }
  return pool;
}

std::optional<Pool> pool_of_one_worker(const Problem& problem) {
  const Slot& slot = problem.machine.workers.front();
  Pool pool = unlimited_pool(problem);
  pool.capacities = {slot.cores, static_cast<std::int64_t>(slot.mem_bytes), slot.gpus};
  pool.demands.assign(pool.num_tasks() * pool.capacities.size(), 0);
  for (std::uint32_t i = 0; i < pool.num_tasks(); ++i) {
    if (problem.graph.is_gate(ElementId(i))) continue;
    const graph::Request& request = problem.graph.task_of(ElementId(i)).request;
    if (places_on(slot, request) == 0) return std::nullopt;
    std::int64_t* demand = pool.demands.data() + i * pool.capacities.size();
    demand[0] = request.cores;
    demand[1] = static_cast<std::int64_t>(memory_on(slot, request));
    demand[2] = request.gpus;
  }
  return pool;
}

}  // namespace

graph::Rows transposed(const graph::Rows& rows) {
  const std::size_t num_rows = rows.offsets.size() - 1;
  graph::Rows out;
  out.offsets.assign(num_rows + 1, 0);
  for (const std::uint32_t column : rows.columns) ++out.offsets[column + 1];
  for (std::size_t i = 0; i < num_rows; ++i) out.offsets[i + 1] += out.offsets[i];
  out.columns.resize(rows.columns.size());
  std::vector<std::uint32_t> next(out.offsets.begin(), out.offsets.end() - 1);
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (const std::uint32_t column : rows[row]) out.columns[next[column]++] = row;
  }
  return out;
}

Pool reversed(const Pool& pool) {
  Pool out = pool;
  std::swap(out.needs, out.successors);
  return out;
}

std::optional<Pool> pool_of(const Problem& problem) {
  const Machine& machine = problem.machine;
  FUGLE_EXPECT(!machine.workers.empty() && problem.durations.size() == problem.graph.num_elements());
  if (!problem.durations_on.empty() || problem.has_parties()) return std::nullopt;
  if (machine.num_workers() == 1) return pool_of_one_worker(problem);
  if (takes_time_to_move(machine)) return std::nullopt;
  const std::optional<graph::Request> request = common_request(problem);
  return request ? pool_of_places(problem, *request) : std::nullopt;
}

std::vector<Placement> placements_of(const Problem& problem, std::span<const double> starts,
                                     std::span<const std::uint32_t> by_start) {
  std::vector<Placement> placements(starts.size());
  const std::optional<graph::Request> request = common_request(problem);
  std::vector<std::uint32_t> free;  // workers, once per place, the lowest last; more than elements are not needed
  for (std::uint32_t w = 0; w < problem.machine.num_workers() && free.size() < starts.size(); ++w) {
    const std::int64_t places = request ? places_on(problem.machine.workers[w], *request) : 0;
    free.insert(free.end(), std::min(static_cast<std::size_t>(places), starts.size()), w);
  }
  std::reverse(free.begin(), free.end());
  using Release = std::pair<double, std::uint32_t>;
  std::priority_queue<Release, std::vector<Release>, std::greater<>> releases;
  for (const std::uint32_t e : by_start) {
    const double duration = std::max(problem.durations[e], 0.0);
    placements[e] = {starts[e], starts[e] + duration, WorkerId{}};
    if (problem.graph.is_gate(ElementId(e))) continue;
    for (; !releases.empty() && releases.top().first <= starts[e]; releases.pop()) {
      free.push_back(releases.top().second);
    }
    placements[e].worker = WorkerId(free.empty() ? 0 : free.back());  // what takes no time needs no place
    if (duration <= 0 || free.empty()) continue;
    free.pop_back();
    releases.emplace(placements[e].end_s, placements[e].worker.value());
  }
  return placements;
}

}  // namespace fugle::plan
