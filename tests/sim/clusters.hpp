// What simulated runs of tests have in common: plain clusters, plans in order of upward ranks, and plans by chance.
#pragma once

#include <cstdint>
#include <string>

#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/plan.hpp"
#include "plan/start_order.hpp"
#include "sim/world.hpp"

namespace fugle::sim {

/// Each worker on a node of its own, with 1 GiB and no GPU.
inline WorldOptions cluster(std::uint32_t num_workers, std::uint32_t cores) {
  WorldOptions options;
  for (std::uint32_t w = 0; w < num_workers; ++w)
    options.workers.push_back({"n" + std::to_string(w), w, cores, 1u << 30, 0, {}});
  return options;
}

inline plan::Plan plan_of(const graph::Graph& graph) {
  plan::Plan plan;
  plan.order = plan::start_order(graph, graph::upward_ranks(graph, plan::expected_durations(graph)));
  return plan;
}

/// Often with homes, some of them on workers that do not exist, and leases that have nothing to do with the edges.
inline plan::Plan random_plan(const graph::Graph& graph, std::uint32_t num_workers, Random& random) {
  plan::Plan plan = plan_of(graph);
  if (random.chance(0.3)) return plan;
  const bool has_leases = random.chance(0.7);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    plan.homes.emplace_back(random.chance(0.1) ? WorkerId::kInvalid
                                               : static_cast<std::uint32_t>(random.below(num_workers + 1)));
    if (has_leases) plan.leases.push_back(static_cast<std::uint32_t>(random.below(1 + graph.num_elements() / 8)));
  }
  return plan;
}

}  // namespace fugle::sim
