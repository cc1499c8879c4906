#include "workflow/sbatch_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

using Takes = SbatchOption::Takes;
using Fate = SbatchOption::Fate;

constexpr std::string_view kWholeAllocation = "it is for the whole allocation; ask for it there and leave it out here";
constexpr std::string_view kOneNode = "jobs run inside one allocation; leave it out";
constexpr std::string_view kOtherTime = "jobs start as soon as what they need has ended; leave it out";

constexpr std::array kOptions = std::to_array<SbatchOption>({
    {"account", 'A', Takes::value, Fate::used, "", "SBATCH_ACCOUNT"},
    {"acctg-freq", 0, Takes::value, Fate::dropped, "", "SBATCH_ACCTG_FREQ"},
    {"admin-comment", 0, Takes::value, Fate::dropped, ""},
    {"array", 'a', Takes::value, Fate::used, "", "SBATCH_ARRAY_INX"},
    {"batch", 0, Takes::value, Fate::dropped, "", "SBATCH_BATCH"},
    {"bb", 0, Takes::value, Fate::refused, "burst buffers belong to one job of Slurm; leave the job to sbatch"},
    {"bbf", 0, Takes::value, Fate::refused, "burst buffers belong to one job of Slurm; leave the job to sbatch"},
    {"begin", 'b', Takes::value, Fate::maybe, kOtherTime},
    {"chdir", 'D', Takes::value, Fate::used, ""},
    {"cluster-constraint", 0, Takes::value, Fate::maybe, kOneNode},
    {"clusters", 'M', Takes::value, Fate::maybe, kOneNode, "SBATCH_CLUSTERS"},
    {"comment", 0, Takes::value, Fate::dropped, ""},
    {"constraint", 'C', Takes::value, Fate::used, "", "SBATCH_CONSTRAINT"},
    {"container", 0, Takes::value, Fate::refused, "a task starts no OCI bundle; start it in the script",
     "SBATCH_CONTAINER"},
    {"container-id", 0, Takes::value, Fate::refused, "a task starts no OCI bundle; start it in the script"},
    {"contiguous", 0, Takes::nothing, Fate::dropped, ""},
    {"core-spec", 'S', Takes::value, Fate::dropped, "", "SBATCH_CORE_SPEC"},
    {"cores-per-socket", 0, Takes::value, Fate::dropped, ""},
    {"cpu-freq", 0, Takes::value, Fate::dropped, "", "SBATCH_CPU_FREQ_REQ"},
    {"cpus-per-gpu", 0, Takes::value, Fate::used, "", "SBATCH_CPUS_PER_GPU"},
    {"cpus-per-task", 'c', Takes::value, Fate::used, ""},
    {"deadline", 0, Takes::value, Fate::maybe, kOtherTime},
    {"delay-boot", 0, Takes::value, Fate::dropped, "", "SBATCH_DELAY_BOOT"},
    {"dependency", 'd', Takes::value, Fate::used, ""},
    {"distribution", 'm', Takes::value, Fate::dropped, "", "SBATCH_DISTRIBUTION"},
    {"error", 'e', Takes::value, Fate::used, "", "SBATCH_ERROR"},
    {"exclude", 'x', Takes::value, Fate::maybe, kWholeAllocation},
    {"exclusive", 0, Takes::maybe, Fate::maybe,
     "no task of this version has nodes to itself; ask for the cores it can use (-c)", "SBATCH_EXCLUSIVE"},
    {"export", 0, Takes::value, Fate::used, "", "SBATCH_EXPORT"},
    {"export-file", 0, Takes::value, Fate::refused, "put the variables into --export, or into the script"},
    {"extra", 0, Takes::value, Fate::dropped, ""},
    {"extra-node-info", 'B', Takes::value, Fate::dropped, ""},
    {"get-user-env", 0, Takes::maybe, Fate::silent, "", "SBATCH_GET_USER_ENV"},
    {"gid", 0, Takes::value, Fate::refused, "all tasks of a run are yours; submit as that user"},
    {"gpu-bind", 0, Takes::value, Fate::dropped, "", "SBATCH_GPU_BIND"},
    {"gpu-freq", 0, Takes::value, Fate::dropped, "", "SBATCH_GPU_FREQ"},
    {"gpus", 'G', Takes::value, Fate::used, "", "SBATCH_GPUS"},
    {"gpus-per-node", 0, Takes::value, Fate::used, "", "SBATCH_GPUS_PER_NODE"},
    {"gpus-per-socket", 0, Takes::value, Fate::refused, "sockets are not counted; write --gpus"},
    {"gpus-per-task", 0, Takes::value, Fate::used, "", "SBATCH_GPUS_PER_TASK"},
    {"gres", 0, Takes::value, Fate::used, "", "SBATCH_GRES"},
    {"gres-flags", 0, Takes::value, Fate::dropped, "", "SBATCH_GRES_FLAGS"},
    {"help", 'h', Takes::nothing, Fate::silent, ""},
    {"hint", 0, Takes::value, Fate::dropped, "", "SBATCH_HINT"},
    {"hold", 'H', Takes::nothing, Fate::maybe, "a job that starts later is no part of one run; leave it out"},
    {"ignore-pbs", 0, Takes::nothing, Fate::silent, "", "SBATCH_IGNORE_PBS"},
    {"input", 'i', Takes::value, Fate::used, "", "SBATCH_INPUT"},
    {"job-name", 'J', Takes::value, Fate::used, "", "SBATCH_JOB_NAME"},
    {"kill-on-invalid-dep", 0, Takes::value, Fate::dropped, ""},
    {"licenses", 'L', Takes::value, Fate::maybe, kWholeAllocation},
    {"mail-type", 0, Takes::value, Fate::dropped, ""},
    {"mail-user", 0, Takes::value, Fate::dropped, ""},
    {"mcs-label", 0, Takes::value, Fate::dropped, ""},
    {"mem", 0, Takes::value, Fate::used, "", "SBATCH_MEM_PER_NODE"},
    {"mem-bind", 0, Takes::value, Fate::dropped, "", "SBATCH_MEM_BIND"},
    {"mem-per-cpu", 0, Takes::value, Fate::used, "", "SBATCH_MEM_PER_CPU"},
    {"mem-per-gpu", 0, Takes::value, Fate::used, "", "SBATCH_MEM_PER_GPU"},
    {"mincpus", 0, Takes::value, Fate::used, ""},
    {"network", 0, Takes::value, Fate::dropped, "", "SBATCH_NETWORK"},
    {"nice", 0, Takes::maybe, Fate::used, ""},
    {"no-kill", 'k', Takes::maybe, Fate::dropped, "", "SBATCH_NO_KILL"},
    {"no-requeue", 0, Takes::nothing, Fate::dropped, "", "SBATCH_NO_REQUEUE"},
    {"nodefile", 'F', Takes::value, Fate::maybe, kWholeAllocation},
    {"nodelist", 'w', Takes::value, Fate::maybe, kWholeAllocation},
    {"nodes", 'N', Takes::value, Fate::used, ""},
    {"ntasks", 'n', Takes::value, Fate::used, ""},
    {"ntasks-per-core", 0, Takes::value, Fate::dropped, ""},
    {"ntasks-per-gpu", 0, Takes::value, Fate::used, ""},
    {"ntasks-per-node", 0, Takes::value, Fate::used, ""},
    {"ntasks-per-socket", 0, Takes::value, Fate::dropped, ""},
    {"oom-kill-step", 0, Takes::maybe, Fate::dropped, ""},
    {"open-mode", 0, Takes::value, Fate::used, "", "SBATCH_OPEN_MODE"},
    {"output", 'o', Takes::value, Fate::used, "", "SBATCH_OUTPUT"},
    {"overcommit", 'O', Takes::nothing, Fate::dropped, "", "SBATCH_OVERCOMMIT"},
    {"oversubscribe", 's', Takes::maybe, Fate::dropped, ""},
    {"parsable", 0, Takes::nothing, Fate::silent, ""},
    {"partition", 'p', Takes::value, Fate::used, "", "SBATCH_PARTITION"},
    {"power", 0, Takes::value, Fate::dropped, "", "SBATCH_POWER"},
    {"prefer", 0, Takes::value, Fate::dropped, ""},
    {"priority", 0, Takes::value, Fate::used, ""},
    {"profile", 0, Takes::value, Fate::dropped, "", "SBATCH_PROFILE"},
    {"propagate", 0, Takes::maybe, Fate::dropped, ""},
    {"qos", 'q', Takes::value, Fate::used, "", "SBATCH_QOS"},
    {"quiet", 'Q', Takes::nothing, Fate::silent, ""},
    {"reboot", 0, Takes::nothing, Fate::dropped, ""},
    {"requeue", 0, Takes::nothing, Fate::dropped, "", "SBATCH_REQUEUE"},
    {"reservation", 0, Takes::value, Fate::used, "", "SBATCH_RESERVATION"},
    {"segment", 0, Takes::value, Fate::dropped, ""},
    {"share", 0, Takes::nothing, Fate::dropped, ""},
    {"signal", 0, Takes::value, Fate::used, "", "SBATCH_SIGNAL"},
    {"sockets-per-node", 0, Takes::value, Fate::dropped, ""},
    {"spread-job", 0, Takes::nothing, Fate::dropped, "", "SBATCH_SPREAD_JOB"},
    {"stepmgr", 0, Takes::nothing, Fate::dropped, ""},
    {"switches", 0, Takes::value, Fate::dropped, "", "SBATCH_REQ_SWITCH"},
    {"test-only", 0, Takes::nothing, Fate::refused, "nobody is asked when the job would start; leave it out"},
    {"thread-spec", 0, Takes::value, Fate::dropped, "", "SBATCH_THREAD_SPEC"},
    {"threads-per-core", 0, Takes::value, Fate::dropped, "", "SBATCH_THREADS_PER_CORE"},
    {"time", 't', Takes::value, Fate::used, "", "SBATCH_TIMELIMIT"},
    {"time-min", 0, Takes::value, Fate::dropped, ""},
    {"tmp", 0, Takes::value, Fate::used, ""},
    {"tres-bind", 0, Takes::value, Fate::dropped, ""},
    {"tres-per-task", 0, Takes::value, Fate::refused, "write --cpus-per-task and --gpus-per-task"},
    {"uid", 0, Takes::value, Fate::refused, "all tasks of a run are yours; submit as that user"},
    {"usage", 0, Takes::nothing, Fate::silent, ""},
    {"use-min-nodes", 0, Takes::nothing, Fate::dropped, ""},
    {"verbose", 'v', Takes::nothing, Fate::silent, ""},
    {"version", 'V', Takes::nothing, Fate::silent, ""},
    {"wait", 'W', Takes::nothing, Fate::refused,
     "it waits for a job that is only recorded; leave it out, or split the driver there", "SBATCH_WAIT"},
    {"wait-all-nodes", 0, Takes::value, Fate::dropped, "", "SBATCH_WAIT_ALL_NODES"},
    {"wckey", 0, Takes::value, Fate::dropped, "", "SBATCH_WCKEY"},
    {"wrap", 0, Takes::value, Fate::used, ""},
});

}  // namespace

std::span<const SbatchOption> sbatch_options() { return kOptions; }

const SbatchOption* find_sbatch_option(std::string_view name) {
  const SbatchOption* found = nullptr;
  for (const SbatchOption& option : kOptions) {
    if (option.name == name) return &option;
    if (!option.name.starts_with(name) || name.empty()) continue;
    if (found != nullptr) return nullptr;
    found = &option;
  }
  return found;
}

const SbatchOption* find_sbatch_option(char letter) {
  const auto found = std::find_if(kOptions.begin(), kOptions.end(),
                                  [&](const SbatchOption& option) { return option.letter == letter && letter != 0; });
  return found == kOptions.end() ? nullptr : &*found;
}

std::string describe_unknown_option(std::string_view name) {
  std::vector<std::string_view> known, several;
  for (const SbatchOption& option : kOptions) {
    known.push_back(option.name);
    if (option.name.starts_with(name) && !name.empty()) several.push_back(option.name);
  }
  if (several.size() > 1)
    return fmt::format("'--{}' may be --{} or --{}; write more of it", name, several[0], several[1]);
  const auto nearest = nearest_word(name, known);
  if (nearest) return fmt::format("sbatch has no option '--{}'; did you mean '--{}'?", name, *nearest);
  return fmt::format("sbatch has no option '--{}'; see sbatch(1)", name);
}

}  // namespace fugle::workflow
