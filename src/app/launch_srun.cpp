#include "app/launch_srun.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/slurm_variables.hpp"
#include "slurm/grant.hpp"
#include "slurm/host_list.hpp"
#include "slurm/job_record.hpp"
#include "slurm/run_command.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAnswerTakes = 20s;
constexpr Duration kStepEndsWithin = 15s;

/// By these a launcher tells a rank who it is: those around us are not for ours.
constexpr std::array kOthersRanks =
    std::to_array<std::string_view>({"PMIX_", "PMI_", "OMPI_COMM_WORLD_", "OMPI_MCA_ess", "OMPI_MCA_orte_", "OMPI_APP",
                                     "OMPI_ARGV=", "OMPI_COMMAND=", "SRUN_"});

bool tells_of_another_rank(std::string_view entry) {
  return std::ranges::any_of(kOthersRanks, [&](std::string_view prefix) { return entry.starts_with(prefix); });
}

void set_default(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
  const bool is_set =
      std::ranges::any_of(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
  if (!is_set) set_variable(environment, name, value);
}

std::uint32_t ranks_per_node(const SrunWish& wish) {
  const auto num_nodes = static_cast<std::uint32_t>(std::max<std::size_t>(wish.nodes.size(), 1));
  return (wish.num_ranks + num_nodes - 1) / num_nodes;
}

/// As many as each of the nodes has for us; 0: they differ, or it is not known.
std::uint32_t cpus_per_node(const SrunWish& wish) {
  std::uint32_t cpus = 0;
  for (std::size_t i = 0; i < wish.job.nodes.size() && i < wish.job.cpus.size(); ++i) {
    if (std::ranges::find(wish.nodes, wish.job.nodes[i]) == wish.nodes.end()) continue;
    if (cpus != 0 && cpus != wish.job.cpus[i]) return 0;
    cpus = wish.job.cpus[i];
  }
  return cpus;
}

std::uint32_t cpus_per_rank(const SrunWish& wish) { return cpus_per_node(wish) / ranks_per_node(wish); }

/// Ids of the job's steps of that name.
std::vector<std::string> steps_named(const std::string& job, const std::string& name) {
  const slurm::Answer answer =
      slurm::run_command({"squeue", "--noheader", "--steps", "--jobs=" + job, "--format=%i %j"}, kAnswerTakes);
  std::vector<std::string> ids;
  for (const std::string_view line : split(answer.output, '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos && line.substr(blank + 1).starts_with(name))
      ids.emplace_back(line.substr(0, blank));
  }
  return ids;
}

/// An srun that was killed leaves its step behind.
void end_step(const std::string& job, const std::string& name) {
  const auto deadline = std::chrono::steady_clock::now() + kStepEndsWithin;
  do {
    const std::vector<std::string> steps = steps_named(job, name);
    if (steps.empty()) return;
    for (const std::string& step : steps) (void)slurm::run_command({"scancel", "--signal=KILL", step}, kAnswerTakes);
    std::this_thread::sleep_for(500ms);
  } while (std::chrono::steady_clock::now() < deadline);
}

/// "TaskPlugin = task/none", or "(null)" since 23.02. Not known counts as yes.
bool does_cluster_bind() {
  const slurm::Answer answer = slurm::run_command({"scontrol", "show", "config"}, kAnswerTakes);
  for (const std::string_view line : split(answer.output, '\n'))
    if (line.starts_with("TaskPlugin "))
      return line.find("none") == std::string_view::npos && line.find("(null)") == std::string_view::npos;
  return true;
}

std::string new_step_name() {
  std::uint32_t random = 0;
  (void)!::getrandom(&random, sizeof random, 0);
  return fmt::format("fugle-{:08x}", random);
}

/// Slurm's daemon on a node names it; on a login node nobody does.
bool is_here(const std::string& node) {
  const char* name = std::getenv("SLURMD_NODENAME");
  return name != nullptr && node == name;
}

}  // namespace

std::vector<std::string> srun_command(const std::string& srun, const SrunWish& wish) {
  std::vector<std::string> words{srun,
                                 "--jobid=" + wish.job.id,
                                 "--job-name=" + wish.step_name,
                                 "--mpi=pmix",
                                 "--overlap",             // the job's CPUs are ours: nobody is to wait for them
                                 "--mem=0",               // all that the job has on each node
                                 "--no-kill",             // a lost node is a lost rank
                                 "--kill-on-bad-exit=0",  // and a lost rank is not the end
                                 "--wait=0",
                                 "--export=ALL",
                                 wish.reads_stdin ? "--input=0" : "--input=none"};
  if (wish.has_binding) words.emplace_back("--cpu-bind=none");  // we bind the tasks ourselves
  const std::uint32_t per_node = ranks_per_node(wish);
  if (wish.job.num_het_components > 1) {
    words.push_back(fmt::format("--het-group=0-{}", wish.job.num_het_components - 1));
    words.push_back(fmt::format("--ntasks-per-node={}", per_node));
    return words;
  }
  const std::size_t num_nodes = std::min<std::size_t>(wish.nodes.size(), wish.num_ranks);
  const std::vector<std::string> nodes(wish.nodes.begin(), wish.nodes.begin() + static_cast<std::ptrdiff_t>(num_nodes));
  words.push_back(fmt::format("--nodes={}", num_nodes));
  words.push_back("--nodelist=" + slurm::compress_host_list(nodes));
  words.push_back(fmt::format("--ntasks={}", wish.num_ranks));
  words.push_back(fmt::format("--ntasks-per-node={}", per_node));
  if (const std::uint32_t cpus = cpus_per_rank(wish); cpus > 0)
    words.push_back(fmt::format("--cpus-per-task={}", cpus));
  else if (cpus_per_node(wish) > 0)
    words.emplace_back("--overcommit");
  return words;
}

std::vector<std::string> srun_environment(std::vector<std::string> environment, const SrunWish& wish,
                                          bool has_fast_network) {
  slurm::note_memory(environment);
  std::erase_if(environment, [](const std::string& entry) {
    return (entry.starts_with("SLURM_") && !executor::tells_of_job(entry)) || tells_of_another_rank(entry);
  });
  if (const std::uint32_t cpus = cpus_per_rank(wish); cpus > 0)
    set_variable(environment, "SRUN_CPUS_PER_TASK", std::to_string(cpus));
  if (wish.job.num_het_components == 1) {
    const std::size_t num_nodes = std::min<std::size_t>(wish.nodes.size(), wish.num_ranks);
    const std::vector<std::string> nodes(wish.nodes.begin(),
                                         wish.nodes.begin() + static_cast<std::ptrdiff_t>(num_nodes));
    for (const char* name : {"SLURM_JOB_NODELIST", "SLURM_NODELIST"})
      set_variable(environment, name, slurm::compress_host_list(nodes));
    for (const char* name : {"SLURM_JOB_NUM_NODES", "SLURM_NNODES"})
      set_variable(environment, name, std::to_string(num_nodes));
  }
  set_variable(environment, "SLURM_PMIX_FENCE", "ring");
  // Ranks sleep between messages, but MPI_Init and the meetings of all ranks do not.
  set_default(environment, "OMPI_MCA_mpi_yield_when_idle", "1");
  if (!has_fast_network) {
    set_default(environment, "OMPI_MCA_pml", "ob1");
    set_default(environment, "OMPI_MCA_btl", transport::kAllNetworks);
  }
  return environment;
}

Launch srun_launch(const slurm::Job& job, const std::vector<std::string>& nodes, std::uint32_t num_ranks,
                   bool reads_stdin) {
  const std::string srun = find_program("srun");
  if (srun.empty())
    throw EnvironmentError("cannot start ranks (srun of Slurm is not in PATH); add it, or try --launcher mpirun");
  Launch launch;
  launch.name = "srun";
  launch.is_rank_0_here = !nodes.empty() && is_here(nodes.front());
  const SrunWish wish{
      job, nodes, num_ranks, reads_stdin && !launch.is_rank_0_here, does_cluster_bind(), new_step_name()};
  launch.command = srun_command(srun, wish);
  launch.environment = srun_environment(own_variables(), wish, has_fast_network());
  launch.num_ranks = num_ranks;
  launch.sweep = [job = job.id, step = wish.step_name] { end_step(job, step); };
  return launch;
}

std::vector<std::string> living_nodes(const slurm::Job& job) {
  const slurm::Answer answer = slurm::run_command(slurm::command_for_jobs({job.id}), kAnswerTakes);
  for (const slurm::JobRecord& record : slurm::parse_job_records(answer.output))
    if (record.id == job.id && !record.nodes.empty()) return record.nodes;
  return job.nodes;
}

}  // namespace fugle::app
