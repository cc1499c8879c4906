// How elements on workers are counted. Beside the plain sums of cores, memory and GPUs stand counts of places: for an
// amount h no worker with c runs more than floor(c / h) at once of those that ask for h, of those that ask for 2 h half
// as many, and so on. floor(x / h) never adds up to more than floor(sum of x / h), so each is a resource of its own
// (a dual feasible function; Fekete, Schepers, Math. Program. 91, 2001), and no schedule uses the pieces left over.
// What several workers run together takes as many places; see also count_parties.hpp.

#include "plan/lower_bound.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "graph/service_book.hpp"
#include "plan/bound_model.hpp"
#include "plan/count_parties.hpp"

namespace fugle::plan {
namespace {

/// One amount that workers have and elements take.
struct Amounts {
  const char* name;
  std::vector<std::int64_t> capacities;      ///< [worker]
  std::vector<std::int64_t> demands;         ///< [task] of each worker that runs it
  std::vector<std::uint32_t> num_workers{};  ///< [task] that run it together; empty: one

  [[nodiscard]] double times(std::size_t task) const { return num_workers.empty() ? 1 : num_workers[task]; }
};

CountedResource in_units_of(std::int64_t unit, const Amounts& amounts) {
  CountedResource resource{amounts.name, 0, {}};
  for (const std::int64_t capacity : amounts.capacities) resource.capacity += static_cast<double>(capacity / unit);
  resource.demands.reserve(amounts.demands.size());
  for (std::size_t task = 0; task < amounts.demands.size(); ++task)
    resource.demands.push_back(static_cast<double>(amounts.demands[task] / unit) * amounts.times(task));
  return resource;
}

/// Whether counting in units of h sees what counting in ones does not: pieces are left over somewhere.
bool leaves_pieces(std::int64_t unit, const Amounts& amounts) {
  const auto is_whole = [unit](std::int64_t amount) { return amount % unit == 0; };
  return !std::all_of(amounts.capacities.begin(), amounts.capacities.end(), is_whole);
}

/// The plain sum, and places for the demands that do most work.
void add_counts(const Amounts& amounts, const std::vector<double>& durations, BoundModel& model) {
  constexpr std::size_t kMaxUnits = 4;
  std::map<std::int64_t, double> work_of;  // per demand
  for (std::size_t i = 0; i < durations.size(); ++i) {
    if (amounts.demands[i] > 0)
      work_of[amounts.demands[i]] += static_cast<double>(amounts.demands[i]) * amounts.times(i) * durations[i];
  }
  if (work_of.empty()) return;
  std::vector<std::pair<double, std::int64_t>> units;
  for (const auto& [demand, work] : work_of) {
    if (leaves_pieces(demand, amounts)) units.emplace_back(work, demand);
  }
  std::sort(units.begin(), units.end(), std::greater<>());
  if (units.size() > kMaxUnits) units.resize(kMaxUnits);

  const bool only_places = units.size() == 1 && work_of.size() == 1;
  if (!only_places) model.resources.push_back(in_units_of(1, amounts));
  for (const auto& [work, unit] : units) model.resources.push_back(in_units_of(unit, amounts));
}

void drop_what_nobody_has(BoundModel& model) {
  std::erase_if(model.resources, [](const CountedResource& resource) { return resource.capacity <= 0; });
}

/// The largest of 1, 1/10, 1/100 and 1/1000 s of which all durations are multiples; 0 if there is none.
double grid_of(const std::vector<double>& durations) {
  for (const double per_second : {1.0, 10.0, 100.0, 1000.0}) {
    const bool fits = std::all_of(durations.begin(), durations.end(), [per_second](double duration) {
      const double multiple = duration * per_second;
      return std::abs(multiple - std::round(multiple)) <= 1e-9 * std::max(multiple, 1.0);
    });
    if (fits) return 1 / per_second;
  }
  return 0;
}

/// A shortest schedule with nothing to be moved to the left ends after a chain of durations, so at a multiple of what
/// they all are multiples of.
double rounded_up(double seconds, double grid) {
  return grid > 0 ? std::max(seconds, std::ceil(seconds / grid * (1 - 1e-9)) * grid) : seconds;
}

LowerBound largest_bound(const BoundModel& model) {
  const std::vector<std::uint32_t> order = topological_order(model.needs, model.successors);
  const std::vector<std::uint32_t> backwards(order.rbegin(), order.rend());
  const std::vector<double> before = longest_paths(model.needs, model.durations, order);
  const std::vector<double> heads = earliest_starts(model, model.needs, order);
  const std::vector<double> tails = earliest_starts(model, model.successors, backwards);

  LowerBound bound;
  const auto raise = [&bound](double seconds, const char* name) {
    // Sums in another order differ in the last digits; that must not change the name.
    if (seconds > bound.seconds * (1 + 1e-9)) bound = {seconds, name};
  };
  double longest_path = 0, longest_through = 0;
  for (const std::uint32_t task : order) {
    longest_path = std::max(longest_path, before[task] + model.durations[task]);
    longest_through = std::max(longest_through, heads[task] + model.durations[task] + tails[task]);
  }
  raise(longest_path, "critical path");
  for (const CountedResource& resource : model.resources) {
    double work = 0;
    std::vector<BoundItem> items;
    for (const std::uint32_t task : order) {
      const double area = resource.demands[task] * model.durations[task];
      if (area <= 0) continue;
      work += area;
      items.push_back({heads[task], tails[task], model.durations[task], resource.demands[task]});
    }
    raise(work / resource.capacity, resource.name);
    raise(head_area_tail(items, resource.capacity), "head-area-tail");
    raise(packing(std::move(items), resource.capacity), "packing");
  }
  raise(longest_through, "head-area-tail");
  return bound;
}

LowerBound bound_of(const BoundModel& model) {
  LowerBound bound = largest_bound(model);
  bound.seconds = rounded_up(bound.seconds, grid_of(model.durations));
  return bound;
}

/// The least that a worker gives to the request. What wants a whole node takes all of a worker
/// that could hold it.
template <class Amount>
std::int64_t least_taken(const graph::Request& request, std::int64_t named, std::span<const Slot> workers,
                         Amount amount_of) {
  if (!request.whole_node) return named;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const Slot& slot : workers)
    if (can_hold(slot, request)) least = std::min(least, amount_of(slot));
  return least == std::numeric_limits<std::int64_t>::max() ? named : least;
}

/// Gates and what asks for nothing take 0. `amount_of(slot)` is what a worker has, `named(request)` what is asked for.
template <class Amount, class Named>
Amounts amounts_of(const char* name, const graph::Graph& graph, std::span<const Slot> workers, Amount amount_of,
                   Named named) {
  Amounts amounts{name, {}, {}, {}};
  for (const Slot& slot : workers) amounts.capacities.push_back(amount_of(slot));
  std::vector<std::int64_t> of_task;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    const bool is_gate = graph::is_gate(task.kind);
    of_task.push_back(is_gate ? 0 : least_taken(task.request, named(task.request), workers, amount_of));
  }
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const TaskId task = graph.task_id_of(ElementId(e));
    amounts.demands.push_back(of_task[task.value()]);
    amounts.num_workers.push_back(graph.task(task).shape.spread().workers);
  }
  return amounts;
}

Amounts cores(const graph::Graph& graph, std::span<const Slot> workers) {
  return amounts_of(
      "cores", graph, workers, [](const Slot& slot) { return std::int64_t{slot.cores}; },
      [](const graph::Request& request) { return std::int64_t{request.cores}; });
}

Amounts gpus(const graph::Graph& graph, std::span<const Slot> workers) {
  return amounts_of(
      "gpus", graph, workers, [](const Slot& slot) { return std::int64_t{slot.gpus}; },
      [](const graph::Request& request) { return std::int64_t{request.gpus}; });
}

/// The amounts that requests name; the share of cores that the others take says nothing that cores do not say.
Amounts memory(const graph::Graph& graph, std::span<const Slot> workers) {
  const bool all_count = std::all_of(workers.begin(), workers.end(), [](const Slot& s) { return s.mem_bytes != 0; });
  return amounts_of(
      "memory", graph, workers, [&](const Slot& slot) { return static_cast<std::int64_t>(slot.mem_bytes); },
      [&](const graph::Request& request) { return all_count ? static_cast<std::int64_t>(request.mem_bytes) : 0; });
}

std::vector<double> shortest_durations(const Problem& problem) {
  std::vector<double> shortest(problem.durations.begin(), problem.durations.end());
  if (problem.durations_on.empty()) return shortest;
  for (std::uint32_t e = 0; e < shortest.size(); ++e) {
    shortest[e] = std::numeric_limits<double>::infinity();
    for (std::uint32_t w = 0; w < problem.machine.num_workers(); ++w) {
      shortest[e] = std::min(shortest[e], problem.duration(e, w));
    }
  }
  return shortest;
}

/// A service that nobody uses need not be ready, nor start, before all else has ended.
void leave_out_idle_services(const graph::Graph& graph, std::vector<double>& durations) {
  const graph::ServiceBook services(graph);
  if (!services.has_services()) return;
  for (std::uint32_t e = 0; e < durations.size(); ++e)
    if (services.is_service(ElementId(e)) && services.users_of(ElementId(e)).empty()) durations[e] = 0;
}

BoundModel model_of(const Pool& pool) {
  BoundModel model{pool.needs, pool.successors, pool.durations, {}};
  for (std::size_t r = 0; r < pool.num_resources(); ++r) {
    Amounts amounts{"resource", {pool.capacities[r]}, {}, {}};
    for (std::uint32_t task = 0; task < pool.num_tasks(); ++task) amounts.demands.push_back(pool.demand(task)[r]);
    add_counts(amounts, model.durations, model);
  }
  drop_what_nobody_has(model);
  return model;
}

}  // namespace

LowerBound lower_bound(const graph::Graph& graph, std::span<const Slot> workers, std::span<const double> durations) {
  const Machine machine{.workers = {workers.begin(), workers.end()}};
  return lower_bound({graph, machine, durations});
}

LowerBound lower_bound(const Problem& problem) {
  const graph::Graph& graph = problem.graph;
  const std::span<const Slot> workers = problem.machine.workers;
  FUGLE_EXPECT(problem.durations.size() == graph.num_elements() && !workers.empty());
  BoundModel model{graph.data().needs, graph.successor_rows(), shortest_durations(problem), {}};
  for (double& duration : model.durations) duration = std::max(duration, 0.0);
  leave_out_idle_services(graph, model.durations);
  for (const Amounts& amounts : {cores(graph, workers), memory(graph, workers), gpus(graph, workers)}) {
    add_counts(amounts, model.durations, model);
  }
  for (CountedResource& resource : count_parties(problem, model.durations))
    model.resources.push_back(std::move(resource));
  drop_what_nobody_has(model);
  return bound_of(model);
}

LowerBound lower_bound(const Pool& pool) { return bound_of(model_of(pool)); }

EnergeticResult tightened(const Pool& pool, double lower_s, double upper_s, std::uint64_t max_steps) {
  const BoundModel model = model_of(pool);
  const std::vector<std::uint32_t> order = topological_order(model.needs, model.successors);
  const std::vector<std::uint32_t> backwards(order.rbegin(), order.rend());
  const std::vector<double> heads = earliest_starts(model, model.needs, order);
  const std::vector<double> tails = earliest_starts(model, model.successors, backwards);
  return energetic_bound(model, order, heads, tails, {lower_s, upper_s, grid_of(model.durations), max_steps});
}

}  // namespace fugle::plan
