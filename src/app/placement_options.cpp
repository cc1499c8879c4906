#include "app/placement_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/error.hpp"
#include "transport/mpi_transport.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

/// Ranks of the launcher around us, as it tells them; 1 when it does not.
std::uint32_t ranks_around_us() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* text = std::getenv(name);
    std::uint32_t count = 0;
    if (text != nullptr && std::from_chars(text, text + std::strlen(text), count).ec == std::errc{}) return count;
  }
  return 1;
}

std::optional<std::uint64_t> max_log_from(const Arguments& arguments) {
  if (!arguments.has("max-log")) return std::nullopt;
  const auto& text = arguments.get<std::string>("max-log");
  workflow::Diagnostics diagnostics("command line");
  const auto size = workflow::parse_size(text, {}, diagnostics);
  if (!size) throw UsageError(fmt::format("--max-log {}: {}", text, diagnostics.all().front().text));
  return size->bytes;
}

}  // namespace

void add_placement_options(po::options_description& options) {
  po::options_description where("Where it runs");
  auto add = where.add_options();
  add("ranks,n", po::value<std::uint32_t>()->value_name("N"), "start N ranks with mpirun; rank 0 is the head too");
  add("local", "in this one process, without MPI (the default outside of mpirun)");
  add("jobs,j", po::value<std::uint32_t>()->value_name("N"),
      "cores to use, per rank; default: all, shared by the ranks");
  add("max-log", po::value<std::string>()->value_name("SIZE"),
      "most output kept of one attempt; the middle of what is longer is left out; 0: all (default 1 GB)");
  add("dedicated-head", "rank 0 only leads and runs no tasks");
  options.add(where);
}

Placement placement_from(const Arguments& arguments) {
  const bool is_rank = transport::is_started_by_launcher();
  Placement placement;
  if (arguments.has("jobs")) {
    placement.cores_per_rank = arguments.get<std::uint32_t>("jobs");
    if (placement.cores_per_rank == 0) throw UsageError("-j 0 can run nothing (a task needs a core); try -j 1");
  }
  if (is_rank && (arguments.has("ranks") || arguments.has("local")))
    throw UsageError(
        "-n and --local are for outside of mpirun (this process is a rank of one already); leave them out");
  if (arguments.has("ranks") && arguments.has("local"))
    throw UsageError("-n and --local exclude each other (--local is one process without MPI); choose one");
  if (is_rank) placement.mpi_ranks = ranks_around_us();
  if (arguments.has("ranks")) {
    placement.mpi_ranks = arguments.get<std::uint32_t>("ranks");
    if (placement.mpi_ranks == 0) throw UsageError("-n 0 starts nothing; try -n 1, or --local for one process");
  }
  const bool is_one_rank = placement.mpi_ranks <= 1;
  if (arguments.has("dedicated-head") && is_one_rank)
    throw UsageError("--dedicated-head leaves nobody to run tasks (there is one rank); use it with -n 2 or more");
  return placement;
}

Placement inherit(const Placement& asked, const Placement& earlier) {
  Placement placement = earlier;
  if (transport::is_started_by_launcher()) placement.mpi_ranks = asked.mpi_ranks;
  return placement;
}

bool starts_mpirun(const Placement& placement) {
  return placement.mpi_ranks > 0 && !transport::is_started_by_launcher();
}

RankOptions rank_options(const Arguments& arguments, const Placement& placement) {
  RankOptions options;
  options.is_local = placement.mpi_ranks == 0;
  options.cores_per_rank = placement.cores_per_rank;
  options.head_runs_tasks = !arguments.has("dedicated-head");
  options.max_log_bytes = max_log_from(arguments);
  return options;
}

}  // namespace fugle::app
