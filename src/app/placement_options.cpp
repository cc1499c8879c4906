#include "app/placement_options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "app/launch_mpirun.hpp"
#include "base/error.hpp"
#include "transport/mpi_transport.hpp"

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

/// What each of the ranks is started with.
Args without_ranks(const Args& args) {
  Args kept;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    if (word == "-n" || word == "--ranks")
      ++i;
    else if (!word.starts_with("--ranks=") && !(word.starts_with("-n") && word.size() > 2))
      kept.push_back(word);
  }
  return kept;
}

}  // namespace

void add_placement_options(po::options_description& options) {
  po::options_description where("Where it runs");
  auto add = where.add_options();
  add("ranks,n", po::value<std::uint32_t>()->value_name("N"), "start N ranks with mpirun; rank 0 is the head too");
  add("local", "in this one process, without MPI (the default outside of mpirun)");
  add("jobs,j", po::value<std::uint32_t>()->value_name("N"),
      "cores to use, per rank; default: all, shared by the ranks");
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
  return options;
}

int run_over_ranks(const Placement& placement, const std::string& verb, const Args& args) {
  std::vector<std::string> rank_args = without_ranks(args);
  rank_args.insert(rank_args.begin(), verb);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  if (const auto code = run_under_mpirun(placement.mpi_ranks, program, rank_args)) return *code;
  fmt::print(stderr, "fugle: the ranks died before the run ended; nothing that finished is lost: fugle resume\n");
  return static_cast<int>(ExitCode::incomplete);
}

}  // namespace fugle::app
