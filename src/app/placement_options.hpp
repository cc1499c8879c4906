// Where a run runs: -n ranks, --local, -j cores. Shared by `run` and `resume`.
#pragma once

#include <string>

#include "app/arguments.hpp"
#include "app/rank_loop.hpp"
#include "app/run_directory.hpp"

namespace fugle::app {

/// Adds -n, --local, -j, --dedicated-head.
void add_placement_options(boost::program_options::options_description& options);
/// Throws UsageError for combinations that make no sense. Inside an mpirun the ranks are those there are.
[[nodiscard]] Placement placement_from(const Arguments& arguments);
/// `asked`, or what an earlier life had where we are free to choose.
[[nodiscard]] Placement inherit(const Placement& asked, const Placement& earlier);
/// Whether this process is only to start the ranks.
[[nodiscard]] bool starts_mpirun(const Placement& placement);
[[nodiscard]] RankOptions rank_options(const Arguments& arguments, const Placement& placement);

}  // namespace fugle::app
