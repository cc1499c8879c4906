#include "app/placement_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "slurm/mpi_plugins.hpp"
#include "slurm/run_command.hpp"
#include "transport/mpi_transport.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

std::optional<std::uint64_t> max_log_from(const Arguments& arguments) {
  if (!arguments.has("max-log")) return std::nullopt;
  const auto& text = arguments.get<std::string>("max-log");
  workflow::Diagnostics diagnostics("command line");
  const auto size = workflow::parse_size(text, {}, diagnostics);
  if (!size) throw UsageError(fmt::format("--max-log {}: {}", text, diagnostics.all().front().text));
  return size->bytes;
}

Launcher launcher_named(const std::string& word) {
  if (word == "auto") return Launcher::none;
  if (word == "srun") return Launcher::srun;
  if (word == "mpirun") return Launcher::mpirun;
  throw UsageError(fmt::format("--launcher {} is not known; try auto, srun or mpirun", word));
}

WantedPlacement wanted_from(const Arguments& arguments) {
  WantedPlacement wanted;
  if (arguments.has("ranks")) wanted.ranks = arguments.get<std::uint32_t>("ranks");
  wanted.is_local = arguments.has("local");
  if (arguments.has("jobs")) wanted.cores_per_rank = arguments.get<std::uint32_t>("jobs");
  if (arguments.has("launcher")) wanted.launcher = launcher_named(arguments.get<std::string>("launcher"));
  return wanted;
}

void refuse_nonsense(const WantedPlacement& wanted, const Surroundings& around) {
  if (wanted.cores_per_rank == 0U) throw UsageError("-j 0 can run nothing (a task needs a core); try -j 1");
  if (wanted.ranks == 0U) throw UsageError("-n 0 starts nothing; try -n 1, or --local for one process");
  if (around.is_rank && (wanted.ranks || wanted.is_local || wanted.launcher != Launcher::none))
    throw UsageError(
        "-n, --local and --launcher are for outside of mpirun and srun (this process is a rank of one already); leave "
        "them out");
  if (wanted.ranks && wanted.is_local)
    throw UsageError("-n and --local exclude each other (--local is one process without MPI); choose one");
  if (wanted.is_local && wanted.launcher != Launcher::none)
    throw UsageError("--launcher and --local exclude each other (--local starts no ranks); choose one");
  if (wanted.launcher == Launcher::srun && !around.job)
    throw UsageError("--launcher srun works inside a Slurm job only; try salloc first, or -n 4 for ranks on this host");
  if (wanted.launcher == Launcher::mpirun && !around.job && !wanted.ranks)
    throw UsageError("--launcher mpirun needs a number of ranks outside of a Slurm job; add -n 4");
}

/// Each of them would run the whole workflow.
void refuse_plain_step(const slurm::Job& job) {
  if (job.part != slurm::Part::step || job.num_step_tasks == 1) return;
  throw EnvironmentError(fmt::format(
      "srun started {} of these without MPI (each would run the whole workflow); try srun --mpi=pmix, or leave srun "
      "away: fugle run starts one rank on each node by itself",
      job.num_step_tasks));
}

/// A step of one task is what it was asked to be.
bool leads_its_job(const slurm::Job& job) {
  return (job.part == slurm::Part::batch_script || job.part == slurm::Part::interactive) && !job.nodes.empty();
}

bool has_srun_with_pmix() {
  const slurm::Answer answer = slurm::run_command(slurm::command_for_mpi_plugins(), std::chrono::seconds(20));
  return slurm::has_pmix(slurm::parse_mpi_plugins(answer.output + "\n" + answer.complaint));
}

}  // namespace

void add_placement_options(po::options_description& options) {
  po::options_description where("Where it runs");
  auto add = where.add_options();
  add("ranks,n", po::value<std::uint32_t>()->value_name("N"), "start N ranks with mpirun; rank 0 is the head too");
  add("local", "in this one process, without MPI (the default outside of mpirun and Slurm)");
  add("launcher", po::value<std::string>()->value_name("NAME"),
      "what starts the ranks: srun, mpirun, or auto: in a Slurm job srun if it has PMIx, with one rank on each node");
  add("jobs,j", po::value<std::uint32_t>()->value_name("N"),
      "cores to use, per rank; default: all, shared by the ranks");
  add("max-log", po::value<std::string>()->value_name("SIZE"),
      "most output kept of one attempt; the middle of what is longer is left out; 0: all (default 1 GB)");
  add("dedicated-head", "rank 0 only leads and runs no tasks");
  options.add(where);
}

Placement decide_placement(const WantedPlacement& wanted, const Surroundings& around,
                           const std::function<bool()>& can_srun_start_mpi) {
  refuse_nonsense(wanted, around);
  if (around.job && !wanted.is_local) refuse_plain_step(*around.job);
  const std::uint32_t cores = wanted.cores_per_rank.value_or(0);
  if (around.is_rank)
    return {around.job && around.job->is_started_by_srun() ? Launcher::srun : Launcher::mpirun, around.num_ranks,
            cores};
  if (wanted.is_local) return {Launcher::none, 0, cores};
  if (wanted.ranks)
    return {wanted.launcher == Launcher::srun ? Launcher::srun : Launcher::mpirun, *wanted.ranks, cores};
  if (!around.job || (wanted.launcher == Launcher::none && !leads_its_job(*around.job)))
    return {Launcher::none, 0, cores};
  const bool is_srun = wanted.launcher == Launcher::srun || (wanted.launcher == Launcher::none && can_srun_start_mpi());
  const auto num_nodes = static_cast<std::uint32_t>(std::max<std::size_t>(around.job->nodes.size(), 1));
  return {is_srun ? Launcher::srun : Launcher::mpirun, num_nodes, cores};
}

Placement placement_from(const Arguments& arguments) {
  const Surroundings around = look_around();
  if (!around.is_rank && transport::is_started_by_launcher()) transport::forget_launcher();
  const Placement placement = decide_placement(wanted_from(arguments), around, has_srun_with_pmix);
  if (arguments.has("dedicated-head") && placement.mpi_ranks <= 1)
    throw UsageError("--dedicated-head leaves nobody to run tasks (there is one rank); use it with -n 2 or more");
  return placement;
}

Placement inherit(const Placement& asked, const Placement& earlier) {
  const Surroundings around = look_around();
  Placement placement = earlier;
  // What a job gave is not what is here: where there is another job, it is that one's.
  if (around.is_rank || asked.launcher != Launcher::none || earlier.launcher == Launcher::srun) placement = asked;
  placement.cores_per_rank = asked.cores_per_rank > 0 ? asked.cores_per_rank : earlier.cores_per_rank;
  return placement;
}

bool is_front_end(const Placement& placement) { return placement.mpi_ranks > 0 && !look_around().is_rank; }

RankOptions rank_options(const Arguments& arguments, const Placement& placement) {
  RankOptions options;
  options.is_local = placement.mpi_ranks == 0;
  options.cores_per_rank = placement.cores_per_rank;
  options.head_runs_tasks = !arguments.has("dedicated-head");
  options.max_log_bytes = max_log_from(arguments);
  return options;
}

}  // namespace fugle::app
