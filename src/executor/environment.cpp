#include "executor/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <unordered_set>

#include "executor/process_executor.hpp"
#include "topology/topology.hpp"

namespace fugle::executor {
namespace {

/// By these a launcher tells a rank who it is; a child that believed them would join as that rank.
constexpr std::array kLauncherPrefixes = std::to_array<std::string_view>({
    "OMPI_",
    "PMIX_",
    "PMI_",
    "ORTE_",
    "OPAL_",
    "PRTE_",
    "HYDRA_",
    "HYDI_",
    "MPI_LOCAL",
    "SLURM_STEP",
    "SLURM_CPU_BIND",
    "SLURM_MEM_BIND",
    "SLURM_PMI",
    "SLURM_SRUN_",
    "SLURM_LAUNCH_NODE_",
    "SLURM_RLIMIT_",
    "SLURM_MPI_TYPE=",
    "SLURM_PROCID=",
    "SLURM_LOCALID=",
    "SLURM_NODEID=",
    "SLURM_GTIDS=",
    "SLURM_TASK_PID=",
    "SLURM_DISTRIBUTION=",
    "SLURM_EXACT=",
    "SLURM_OVERLAP=",
    "SLURM_UMASK=",
    "SLURM_PRIO_PROCESS=",
});

/// Of an attempt of another run, inside which this one was started.
constexpr std::array kAttemptPrefixes = std::to_array<std::string_view>({
    "FUGLE_RUN_ID=", "FUGLE_RUN_DIR=", "FUGLE_TASK=",    "FUGLE_ELEMENT=",     "FUGLE_ATTEMPT=",        "FUGLE_INDEX=",
    "FUGLE_CORES=",  "FUGLE_RANKS=",   "FUGLE_NODES=",   "FUGLE_HOSTFILE=",    "FUGLE_LAUNCHER_HINTS=", "FUGLE_MEM=",
    "FUGLE_GPUS=",   "FUGLE_CPUS=",    "FUGLE_SCRATCH=", "FUGLE_RUN_STATE=",   "FUGLE_OUTPUT=",         "FUGLE_MATRIX_",
    "FUGLE_IN_",     "FUGLE_OUT_",     "FUGLE_PARAM_",   "FUGLE_JOB_MEM_PER_", "FUGLE_ITEM=",
});

template <std::size_t N>
bool starts_with_any(std::string_view entry, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [entry](auto prefix) { return entry.starts_with(prefix); });
}

std::string variable(std::string_view prefix, std::string_view name, std::string_view value) {
  std::string entry(prefix);
  for (const char c : name) entry += c == '-' ? '_' : c;
  return entry.append("=").append(value);
}

void add_all(std::vector<std::string>& out, std::string_view prefix, const std::vector<std::string>& names,
             std::span<const std::string> values) {
  for (std::size_t i = 0; i < names.size(); ++i) out.push_back(variable(prefix, names[i], values[i]));
}

}  // namespace

std::vector<std::string> scrub_environment(const std::vector<std::string>& environment) {
  std::vector<std::string> kept;
  for (const std::string& entry : environment) {
    const bool is_permission = entry.starts_with("OMPI_ALLOW_RUN_AS_ROOT");
    if (is_permission || !(starts_with_any(entry, kLauncherPrefixes) || starts_with_any(entry, kAttemptPrefixes)))
      kept.push_back(entry);
  }
  return kept;
}

std::vector<std::string> last_settings(const std::vector<std::string>& environment) {
  std::vector<std::string> kept;
  std::unordered_set<std::string_view> names;
  for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry)
    if (names.insert(std::string_view(*entry).substr(0, entry->find('='))).second) kept.push_back(*entry);
  std::reverse(kept.begin(), kept.end());
  return kept;
}

std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment)
    if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return {};
}

std::vector<std::string> attempt_environment(std::string_view run_id, std::string_view run_dir,
                                             const scheduler::Launch& launch, const graph::ElementText& text,
                                             const std::vector<std::string>& inputs, const graph::SlotValues& slots) {
  const graph::Task& task = *launch.task;
  std::vector<std::string> out;
  out.reserve(20 + task.env.size() + task.env_names.size() + task.matrix_names.size() + inputs.size() +
              slots.staged_outputs.size());
  out.push_back(variable("FUGLE_ELEMENT", "", launch.id));
  out.push_back(variable("FUGLE_ATTEMPT", "", fmt::format_int(launch.attempt).c_str()));
  out.push_back(variable("FUGLE_RUN_ID", "", run_id));
  out.push_back(variable("FUGLE_RUN_DIR", "", run_dir));
  out.push_back(variable("FUGLE_TASK", "", task.name));
  out.push_back(variable("FUGLE_INDEX", "", fmt::format_int(launch.index).c_str()));
  const graph::Shape& shape = task.shape;
  const std::uint32_t cores = shape.ranks > 0 ? shape.cores_per_rank : launch.granted.cores;
  out.push_back(variable("FUGLE_CORES", "", fmt::format_int(cores).c_str()));
  out.push_back(variable("FUGLE_RANKS", "", fmt::format_int(std::max(shape.ranks, 1u)).c_str()));
  out.push_back(variable("FUGLE_NODES", "", fmt::format_int(shape.nodes).c_str()));
  out.push_back(variable("FUGLE_GPUS", "", fmt::format_int(launch.granted.gpus).c_str()));
  if (!launch.place.cpus.empty()) out.push_back(variable("FUGLE_CPUS", "", topology::list_text(launch.place.cpus)));
  if (launch.granted.mem_bytes > 0)
    out.push_back(variable("FUGLE_MEM", "", fmt::format_int(launch.granted.mem_bytes).c_str()));
  if (!slots.scratch.empty()) out.push_back(variable("FUGLE_SCRATCH", "", slots.scratch));
  if (!slots.run_state.empty()) out.push_back(variable("FUGLE_RUN_STATE", "", slots.run_state));
  add_all(out, "FUGLE_MATRIX_", task.matrix_names, text.matrix);
  add_all(out, "FUGLE_IN_", task.input_names, inputs);
  for (std::size_t i = 0; i < task.output_names.size(); ++i)
    if (!slots.staged_outputs[i].empty())
      out.push_back(variable("FUGLE_OUT_", task.output_names[i], slots.staged_outputs[i]));
  const auto fill = [&](std::string_view value) { return graph::fill_slots(value, slots); };
  for (const auto& [name, value] : task.env) out.push_back(fmt::format("{}={}", name, fill(value)));
  for (std::size_t i = 0; i < task.env_names.size(); ++i)
    out.push_back(fmt::format("{}={}", task.env_names[i], fill(text.env[i])));
  return out;
}

}  // namespace fugle::executor
