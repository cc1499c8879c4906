// What attempts with MPI ranks need besides: their launcher, the host file, and what their ends mean.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "executor/environment.hpp"
#include "executor/leftovers.hpp"
#include "executor/outcome.hpp"
#include "executor/process_executor_impl.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Launch;

/// Slurm's names of steps are shown in tables.
std::string step_name(const std::string& id) {
  std::string name = id;
  std::ranges::replace_if(
      name, [](char c) { return c <= ' ' || c == ',' || c == '"' || c == '\''; }, '_');
  return name;
}

bool is_set(const std::vector<std::string>& environment, const graph::Task& task, std::string_view name) {
  return !find_variable(environment, name).empty() ||
         std::ranges::any_of(task.env, [name](const auto& variable) { return variable.first == name; }) ||
         std::ranges::find(task.env_names, name) != task.env_names.end();
}

bool has_nodes_or_ranks(const graph::Task& task) { return task.shape.ranks > 0 || task.shape.nodes > 1; }

/// A script runs once, on the first node.
void enter_by_srun(const ContainerOrder& container, const graph::Task& task, RankOrder& order) {
  order.srun_options = pyxis_options(container);
  if (task.shape.ranks > 0 && task.shell.empty()) return;
  order.shares.resize(1);
  order.shares.front().ranks = order.ranks = 1;
}

bool is_exit_of_signal(int code) { return code > 128 && code < 128 + 32; }

}  // namespace

std::string ProcessExecutor::Impl::temporary_folder() const {
  const std::string_view folder = find_variable(options_.environment, "TMPDIR");
  return std::string(folder.empty() ? "/tmp" : folder);
}

std::vector<std::string> ProcessExecutor::Impl::marks_of(const std::string& id, std::uint16_t attempt) const {
  return {"FUGLE_RUN_ID=" + options_.run_id, "FUGLE_ELEMENT=" + id, fmt::format("FUGLE_ATTEMPT={}", attempt)};
}

/// Throws EnvironmentError where there is no launcher.
LaunchWords ProcessExecutor::Impl::plan_ranks(const Launch& launch, const AttemptFiles& files,
                                              const ContainerOrder* container, RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  const bool is_pyxis = container != nullptr && container->runtime == graph::ContainerRuntime::pyxis;
  if (!has_nodes_or_ranks(task) && !is_pyxis) return {};
  RankOrder order;
  order.name = step_name(launch.id);
  order.shares = rank_shares(launch, options_.host, options_.gpus, options_.pus, options_.environment);
  order.ranks = std::max(task.shape.ranks, task.shape.nodes);  // without ranks: a process on each node
  order.cores_per_rank = task.shape.ranks > 0 ? task.shape.cores_per_rank : launch.granted.cores;
  order.mem_bytes = running.texts.memory_limit;
  if (launch.granted.gpus > 0) order.gpus_per_node = static_cast<std::uint32_t>(options_.gpus.size());
  order.user_chose_network =
      is_set(options_.environment, task, "OMPI_MCA_pml") || is_set(options_.environment, task, "OMPI_MCA_btl");
  if (is_pyxis) enter_by_srun(*container, task, order);
  RankedAttempt& ranked = running.ranked;
  for (const scheduler::Member& member : launch.party) ranked.nodes.push_back(member.node);
  if (launch.party.size() > 1) order.agent = agent_for(launch);
  ranked.is_direct = is_pyxis || (task.shell.empty() && task.shape.ranks > 0 && task.launcher != "none");
  if (ranked.is_direct && !is_pyxis)
    order.mark = fmt::format("{}/{}-{}.began", files.folder.path(), launch.element.value(), launch.attempt);
  LaunchWords launcher = launch_words(is_pyxis ? "srun" : task.launcher, launchers_, order);
  if (!launcher.problem.empty() && ranked.is_direct) throw EnvironmentError(launcher.problem);
  ranked.is_ranked = true;
  ranked.by_srun = launcher.by_srun;
  if (launcher.is_known) ranked.mark = order.mark;
  if (!order.mark.empty()) files.paths.push_back(order.mark);
  ranked.temporary = temporary_folder();
  return launcher;
}

/// FUGLE_HOSTFILE, and what makes an mpirun that a script calls by itself keep to the lease: Open MPI's looks at
/// neither the binding nor the nodes it was given. Such a script is told by variables of Open MPI; a launcher of ours
/// takes them away again (spawner/launch_mode.cpp).
void ProcessExecutor::Impl::add_host_file(const Launch& launch, const AttemptFiles& files,
                                          std::vector<std::string>& environment) {
  const graph::Task& task = *launch.task;
  if (!has_nodes_or_ranks(task) && launch.granted.cores <= 1) return;
  const std::string content = host_file_text(launch, options_.host);
  std::string& path = host_files_[content];
  if (path.empty()) try {
      path = files.folder.write(fmt::format("hosts-{}", host_files_.size()), content);
    } catch (const EnvironmentError&) {
      if (has_nodes_or_ranks(task)) throw;
      return;  // an ordinary task hardly needs it
    }
  environment.push_back("FUGLE_HOSTFILE=" + path);
  const scheduler::Place& place = launch.place;
  if (task.shell.empty() || place.cpus.empty() || !place.is_real) return;
  std::string names;
  const auto hint = [&](const char* name, const std::string& value) {
    if (is_set(options_.environment, task, name)) return;
    environment.push_back(fmt::format("{}={}", name, value));
    names += (names.empty() ? "" : " ") + std::string(name);
  };
  if (launch.party.empty())
    hint("OMPI_MCA_hwloc_base_cpu_list", topology::list_text(place.cpus));
  else
    hint("OMPI_MCA_hwloc_base_binding_policy", "none");
  hint("OMPI_MCA_rmaps_base_oversubscribe", "1");
  hint("OMPI_MCA_orte_default_hostfile", path);
  if (!options_.slurm_job.empty()) {
    hint("OMPI_MCA_ras", "^slurm");
    hint("OMPI_MCA_plm_slurm_args", "--overlap");
  }
  environment.push_back("FUGLE_LAUNCHER_HINTS=" + names);
}

/// A launcher tells by its exit code how its ranks ended; and when none has ever started, it was its own failure. After
/// a bad end nothing is to be left of them, also where they were not our descendants.
void ProcessExecutor::Impl::judge_ranks(AttemptReport& report, const RunningAttempt& running) {
  const RankedAttempt& ranked = running.ranked;
  for (const auto& [position, agents] : ranked.agents)
    for (const int agent : agents) agents_->finish(agent, 0);
  const bool never_began = ranked.is_direct && !ranked.mark.empty() && ::access(ranked.mark.c_str(), F_OK) != 0;
  const bool is_exit = report.cls == FailureClass::none || report.cls == FailureClass::error;
  if (report.cls == FailureClass::none && (!never_began || report.exit == 0)) return;
  if (!ranked.oom_elsewhere.empty() && report.cls != FailureClass::cancelled) {
    report.cls = FailureClass::oom;
    report.reason = ranked.oom_elsewhere;
  } else if (ranked.is_direct && is_exit) {
    if (never_began) {
      report.cls = FailureClass::launch;
      report.reason = fmt::format("its launcher ended with exit code {} before any rank had started", report.exit);
    } else if (is_exit_of_signal(report.exit)) {
      report.cls = FailureClass::signal;
      report.reason = fmt::format("a rank was killed by {}", name_of_signal(report.exit - 128));
      report.exit = 128 - report.exit;
    }
  }
  if (ranked.by_srun) kill_processes_marked({marks_of(running.id, running.attempt)});
  if (options_.remove_mpi_debris) options_.remove_mpi_debris(ranked.temporary);
}

}  // namespace fugle::executor
