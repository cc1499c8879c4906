#include "plan/worker_model.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "plan/bound_model.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kResources = 3;  // cores, memory, GPUs

/// `order`: old numbers, each after what it needs. The edges by new numbers, with their places in the old columns.
void renumber(const graph::Rows& needs, std::vector<std::uint32_t> order, WorkerModel& model,
              std::vector<std::size_t>& old_edges) {
  std::vector<std::uint32_t> new_of(order.size());
  for (std::uint32_t task = 0; task < order.size(); ++task) new_of[order[task]] = task;
  for (const std::uint32_t old : order) {
    for (std::size_t edge = needs.offsets[old]; edge < needs.offsets[old + 1]; ++edge) {
      model.needs.columns.push_back(new_of[needs.columns[edge]]);
      old_edges.push_back(edge);
    }
    model.needs.offsets.push_back(static_cast<std::uint32_t>(model.needs.columns.size()));
  }
  model.successors = transposed(model.needs);
  model.original_of = std::move(order);
}

std::array<std::int64_t, kResources> demand_on(const Slot& slot, const graph::Request& request) {
  return {request.cores, static_cast<std::int64_t>(memory_on(slot, request)), request.gpus};
}

void add_task(const Problem& problem, std::uint32_t element, WorkerModel& model) {
  const bool is_gate = problem.graph.is_gate(ElementId(element));
  const graph::Request& request = problem.graph.task_of(ElementId(element)).request;
  for (std::uint32_t w = 0; w < model.num_workers; ++w) {
    const Slot& slot = problem.machine.workers[w];
    const auto demand = is_gate ? std::array<std::int64_t, kResources>{} : demand_on(slot, request);
    const bool can_run = is_gate || can_hold(slot, request);
    model.demands.insert(model.demands.end(), demand.begin(), demand.end());
    model.durations.push_back(is_gate   ? 0
                              : can_run ? std::max(problem.duration(element, w), 0.0)
                                        : std::numeric_limits<double>::infinity());
  }
}

void add_transfers(const Problem& problem, const std::vector<std::size_t>& old_edges, WorkerModel& model) {
  const Machine& machine = problem.machine;
  if (machine.seconds_per_byte <= 0) return;
  for (std::uint32_t a = 0; a < model.num_workers; ++a) {
    for (std::uint32_t b = 0; b < model.num_workers; ++b) {
      model.seconds_per_byte.push_back(machine.transfer_s(a, b, 1));
    }
  }
  std::size_t edge = 0;
  for (const std::uint32_t element : model.original_of) {
    const std::uint32_t first = problem.graph.data().needs.offsets[element];
    for (std::size_t i = 0; i < problem.graph.needs(ElementId(element)).size(); ++i, ++edge) {
      const bool into_gate = problem.graph.is_gate(ElementId(element));
      model.bytes.push_back(into_gate ? 0 : problem.bytes_of_need(element, old_edges[edge] - first));
    }
  }
}

bool are_equal(const Problem& problem) {
  const Machine& machine = problem.machine;
  const bool has_places = machine.seconds_per_byte > 0 && (!machine.node_of.empty() || !machine.switch_of.empty());
  return problem.durations_on.empty() && !has_places &&
         std::all_of(machine.workers.begin(), machine.workers.end(),
                     [&](const Slot& slot) { return slot == machine.workers.front(); });
}

}  // namespace

WorkerModel worker_model_of(const Problem& problem) {
  WorkerModel model;
  model.num_workers = problem.machine.num_workers();
  model.num_resources = kResources;
  std::vector<std::size_t> old_edges;
  const graph::Rows& needs = problem.graph.data().needs;
  renumber(needs, topological_order(needs, problem.graph.successor_rows()), model, old_edges);
  for (const std::uint32_t element : model.original_of) add_task(problem, element, model);
  for (const Slot& slot : problem.machine.workers) {
    for (const std::int64_t amount :
         {std::int64_t{slot.cores}, static_cast<std::int64_t>(slot.mem_bytes), std::int64_t{slot.gpus}}) {
      model.capacities.push_back(amount);
    }
  }
  add_transfers(problem, old_edges, model);
  model.has_equal_workers = are_equal(problem);
  return model;
}

WorkerModel worker_model_of(const Pool& pool) {
  WorkerModel model;
  model.num_resources = static_cast<std::uint32_t>(pool.num_resources());
  model.capacities = pool.capacities;
  std::vector<std::size_t> old_edges;
  renumber(pool.needs, topological_order(pool.needs, pool.successors), model, old_edges);
  for (const std::uint32_t task : model.original_of) {
    model.durations.push_back(pool.durations[task]);
    model.demands.insert(model.demands.end(), pool.demand(task), pool.demand(task) + pool.num_resources());
  }
  return model;
}

}  // namespace fugle::plan
