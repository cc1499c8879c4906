// The command line of `fugle simulate`: on which machines, by which policies, with which noise and losses.
#pragma once

#include <string>
#include <vector>

#include "app/allocation.hpp"
#include "app/arguments.hpp"
#include "plan/plan.hpp"
#include "sim/simulate.hpp"

namespace fugle::app {

/// One machine to be tried.
struct SimulatedSize {
  std::uint32_t nodes = 1;
  Workers workers;
};

struct SimulateOptions {
  std::vector<SimulatedSize> sizes;
  std::vector<plan::Policy> policies;
  sim::SimulationOptions simulation;  ///< the policy aside
  bool is_described = false;          ///< the machine is one of --alloc
  bool as_json = false;
};

void add_simulate_options(boost::program_options::options_description& options);
/// Throws UsageError.
[[nodiscard]] SimulateOptions simulate_options_from(const Arguments& arguments);

/// "exact", "task-means", "none".
[[nodiscard]] const char* name_of(sim::Known known);

}  // namespace fugle::app
