// `fugle simulate` as text and as JSON. Pure: data in, text out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "sim/simulate.hpp"
#include "sim/width.hpp"

namespace fugle::app {

/// One size under one policy.
struct SimulatedRun {
  std::uint32_t nodes = 1;
  std::uint64_t cores = 1;  ///< of all nodes
  plan::Policy policy = plan::Policy::automatic;
  sim::SimulationResult result;
  std::optional<double> exact_makespan_s;  ///< when less is known: with all lengths known, the same noise
};

struct SimulationReport {
  const graph::Graph& graph;
  std::string workflow;
  std::vector<double> durations;  ///< [element] without noise
  std::uint32_t num_guessed = 0;  ///< elements whose length nobody knows
  std::uint32_t num_learned = 0;  ///< elements whose length is one of earlier runs
  std::uint32_t num_earlier_runs = 0;
  std::vector<ElementId> critical_path;
  sim::Width width;
  std::uint32_t num_services = 0;  ///< elements
  bool has_bytes = false;
  sim::SimulationOptions options;
  std::vector<SimulatedRun> runs;  ///< by size, then by policy as asked
};

/// The smallest size of the policy whose makespan is within 10 % of its best among those that finished; null: none did.
[[nodiscard]] const SimulatedRun* smallest_good(const SimulationReport& report, plan::Policy policy);

[[nodiscard]] std::string simulation_text(const SimulationReport& report);
[[nodiscard]] std::string simulation_json(const SimulationReport& report);

}  // namespace fugle::app
