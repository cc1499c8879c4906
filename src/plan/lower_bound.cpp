// How elements on workers are counted. Beside the plain sums of cores, memory and GPUs stand counts of places: for an
// amount h no worker with c runs more than floor(c / h) at once of those that ask for h, of those that ask for 2 h half
// as many, and so on. floor(x / h) never adds up to more than floor(sum of x / h), so each is a resource of its own
// (a dual feasible function; Fekete, Schepers, Math. Program. 91, 2001), and no schedule uses the pieces left over.

#include "plan/lower_bound.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "plan/bound_model.hpp"

namespace fugle::plan {
namespace {

/// One amount that workers have and elements take.
struct Amounts {
  const char* name;
  std::vector<std::int64_t> capacities;  ///< [worker]
  std::vector<std::int64_t> demands;     ///< [task]
};

CountedResource in_units_of(std::int64_t unit, const Amounts& amounts) {
  CountedResource resource{amounts.name, 0, {}};
  for (const std::int64_t capacity : amounts.capacities) resource.capacity += static_cast<double>(capacity / unit);
  resource.demands.reserve(amounts.demands.size());
  for (const std::int64_t demand : amounts.demands) resource.demands.push_back(static_cast<double>(demand / unit));
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
    if (amounts.demands[i] > 0) work_of[amounts.demands[i]] += static_cast<double>(amounts.demands[i]) * durations[i];
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

/// Gates and what asks for nothing take 0.
Amounts cores(const graph::Graph& graph, std::span<const Slot> workers) {
  Amounts amounts{"cores", {}, {}};
  for (const Slot& slot : workers) amounts.capacities.push_back(slot.cores);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    amounts.demands.push_back(graph.is_gate(ElementId(e)) ? 0 : graph.task_of(ElementId(e)).request.cores);
  }
  return amounts;
}

Amounts gpus(const graph::Graph& graph, std::span<const Slot> workers) {
  Amounts amounts{"gpus", {}, {}};
  for (const Slot& slot : workers) amounts.capacities.push_back(slot.gpus);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    amounts.demands.push_back(graph.is_gate(ElementId(e)) ? 0 : graph.task_of(ElementId(e)).request.gpus);
  }
  return amounts;
}

/// The amounts that requests name; the share of cores that the others take says nothing that cores do not say.
Amounts memory(const graph::Graph& graph, std::span<const Slot> workers) {
  Amounts amounts{"memory", {}, {}};
  for (const Slot& slot : workers) amounts.capacities.push_back(static_cast<std::int64_t>(slot.mem_bytes));
  const bool all_count = std::all_of(workers.begin(), workers.end(), [](const Slot& s) { return s.mem_bytes != 0; });
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const bool counts = all_count && !graph.is_gate(ElementId(e));
    amounts.demands.push_back(counts ? static_cast<std::int64_t>(graph.task_of(ElementId(e)).request.mem_bytes) : 0);
  }
  return amounts;
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

BoundModel model_of(const Pool& pool) {
  BoundModel model{pool.needs, pool.successors, pool.durations, {}};
  for (std::size_t r = 0; r < pool.num_resources(); ++r) {
    Amounts amounts{"resource", {pool.capacities[r]}, {}};
    for (std::uint32_t task = 0; task < pool.num_tasks(); ++task) amounts.demands.push_back(pool.demand(task)[r]);
    add_counts(amounts, model.durations, model);
  }
  drop_what_nobody_has(model);
  return model;
}

}  // namespace

LowerBound lower_bound(const graph::Graph& graph, std::span<const Slot> workers, std::span<const double> durations) {
  FUGLE_EXPECT(durations.size() == graph.num_elements() && !workers.empty());
  BoundModel model{graph.data().needs, graph.successor_rows(), {durations.begin(), durations.end()}, {}};
  for (double& duration : model.durations) duration = std::max(duration, 0.0);
  for (const Amounts& amounts : {cores(graph, workers), memory(graph, workers), gpus(graph, workers)}) {
    add_counts(amounts, model.durations, model);
  }
  drop_what_nobody_has(model);
  return bound_of(model);
}

LowerBound lower_bound(const Problem& problem) {
  return lower_bound(problem.graph, problem.machine.workers, shortest_durations(problem));
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
