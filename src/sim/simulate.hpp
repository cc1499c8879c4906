// What a run would be like: the unmodified scheduler in a World, and what can be measured of it. A pure function of
// graph, machine, true durations and options; deterministic. Knows nothing of files or of how results are shown.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plan/plan.hpp"
#include "plan/problem.hpp"
#include "sim/world.hpp"

namespace fugle::sim {

/// What the planner and the head know of the lengths. What happens is the same in all cases.
enum class Known : std::uint8_t {
  exact,       ///< each element's own, noise apart
  task_means,  ///< the mean of its kind, as the history of a user gives
  none,        ///< nothing: all are the same
};

/// A node dies with all that runs there.
struct NodeLoss {
  double at_s = 0;
  std::optional<std::uint32_t> node;  ///< none: chosen by the seed among those that live; never the node of the head
};

struct SimulationOptions {
  plan::PlanOptions plan;
  Known known = Known::exact;
  /// Each attempt's length is multiplied by a log-normal factor of mean 1 and this relative standard deviation. It
  /// depends on seed, element and attempt alone: policies and sizes are compared under the same noise.
  double noise = 0;
  std::vector<NodeLoss> losses;
  std::uint64_t seed = 1;
  Costs costs = measured_costs();
};

struct SimulationResult {
  double makespan_s = 0;
  double lower_bound_s = 0;  ///< for the lengths as they came out (of first attempts) and the whole machine
  const char* bound_by = "";
  double utilisation = 0;                 ///< core seconds of all attempts over cores x makespan
  double bytes_between_nodes = 0;         ///< data on edges whose ends ran on different nodes, each edge once
  double total_bytes = 0;                 ///< data on all edges between real elements
  std::uint64_t edges_between_nodes = 0;  ///< those
  double core_hours = 0;                  ///< of the allocation: cores x makespan
  double service_core_hours = 0;          ///< of those, held by services
  double head_busy = 0;                   ///< fraction of the makespan
  std::uint64_t messages = 0;             ///< between ranks
  std::uint64_t message_bytes = 0;
  WorldCounts counts;
  std::uint32_t num_ok = 0;          ///< real elements
  std::uint32_t num_unfinished = 0;  ///< real elements that fit nowhere or are not OK for another reason
  std::uint32_t lost_workers = 0;
  int exit_code = 0;
  plan::Policy made_by = plan::Policy::fifo;
  std::vector<WorkerId> ran_on;  ///< [element] of the last attempt; invalid: gates and what never ran

  [[nodiscard]] double ratio() const { return lower_bound_s > 0 ? makespan_s / lower_bound_s : 1; }
};

/// `durations` [element] true seconds without noise, of services until they are ready; `kinds` [element] what Known::task_means takes means over. Data of
/// needs that ran on other nodes delays an attempt as machine.seconds_per_byte says; at 0 it is only counted.
[[nodiscard]] SimulationResult simulate(const graph::Graph& graph, const plan::Machine& machine,
                                        std::span<const double> durations, std::span<const std::uint32_t> kinds,
                                        const SimulationOptions& options);

/// [element] numbers of kinds: elements of tasks with the same name, digits aside ("mProject_00000012" as
/// "mProject_00000013"): traces have a task of its own for each element.
[[nodiscard]] std::vector<std::uint32_t> kinds_by_name(const graph::Graph& graph);

/// The factor by which the length of an attempt is multiplied.
[[nodiscard]] double noise_factor(double noise, std::uint64_t seed, ElementId element, std::uint16_t attempt);

}  // namespace fugle::sim
