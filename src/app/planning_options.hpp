// --policy and --effort, shared by `plan`, `run` and `resume`.
#pragma once

#include "app/arguments.hpp"
#include "plan/plan.hpp"

namespace fugle::app {

void add_planning_options(boost::program_options::options_description& options);
/// Throws UsageError.
[[nodiscard]] plan::PlanOptions planning_options_from(const Arguments& arguments);

}  // namespace fugle::app
