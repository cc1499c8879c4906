// fugle doctor: the machine as Fugleman sees it, and whether what a run needs is there. fugle doctor RUN: whether the
// state of a run is sound.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "app/arguments.hpp"
#include "app/crash_guard.hpp"
#include "app/doctor_job.hpp"
#include "app/doctor_run.hpp"
#include "app/find_run.hpp"
#include "app/machine_view.hpp"
#include "app/version.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "executor/process_executor.hpp"
#include "store/library_version.hpp"
#include "topology/memory_limit.hpp"
#include "transport/library_version.hpp"

namespace fugle::app {
namespace {

/// Path of a program in PATH; empty when it is not there.
std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':')) {
    const std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

/// Found, and it starts.
Check check_spawner() {
  try {
    const std::string program = executor::find_spawner_program();
    const executor::Spawner spawner(program);
    return {"spawner", Verdict::good, program};
  } catch (const Error& error) {
    return {"spawner", Verdict::bad, error.what(), "no task can be started without it"};
  }
}

Check check_hdf5() {
  const std::string built = store::hdf5_version_built_for(), found = store::hdf5_version_found();
  if (built == found) return {"hdf5", Verdict::good, found};
  return {"hdf5", Verdict::bad, fmt::format("{} is loaded, this program was built for {}", found, built),
          "correct LD_LIBRARY_PATH or the loaded modules"};
}

Check check_mpirun() {
  const std::string mpirun = find_program("mpirun");
  if (!mpirun.empty()) return {"mpirun", Verdict::good, mpirun};
  return {"mpirun", Verdict::note, "not in PATH",
          "runs use one process; load your site's MPI module for several nodes"};
}

std::vector<Check> check_slurm() {
  if (const auto job = slurm::job_around_us()) return checks_of_job(ask_slurm(*job), std::chrono::system_clock::now());
  const std::string srun = find_program("srun");
  if (!srun.empty()) return {{"slurm", Verdict::good, fmt::format("no job around us; {}", srun)}};
  return {{"slurm", Verdict::note, "not here", "runs use this machine or the hosts of mpirun"}};
}

Check check_folder(const char* name, const std::string& folder, const char* advice) {
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {name, Verdict::good, folder};
  return {name, Verdict::bad, fmt::format("cannot write '{}' ({})", folder, std::strerror(errno)), advice};
}

/// Where run directories go, or would be made.
Check check_runs(std::string folder) {
  if (::access(folder.c_str(), F_OK) != 0) folder = folder.substr(0, std::max<std::size_t>(1, folder.rfind('/')));
  return check_folder("runs", folder, "choose another with --runs-dir or FUGLE_RUNS");
}

Check check_scratch() {
  const char* folder = std::getenv("TMPDIR");
  return check_folder("scratch", folder == nullptr || *folder == '\0' ? "/tmp" : folder, "set TMPDIR");
}

/// The spawner holds a pipe for each running attempt, and some files of its own.
Check check_open_files(std::uint32_t num_cores) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = 64 + 2 * static_cast<rlim_t>(num_cores);
  const std::string found = limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
  if (limit.rlim_cur >= needed) return {"ulimit -n", Verdict::good, found};
  return {"ulimit -n", Verdict::bad, fmt::format("{}, a run here may need {}", found, needed), "raise it"};
}

Check check_processes(std::uint32_t num_cores) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  const rlim_t needed = 64 + 4 * static_cast<rlim_t>(num_cores);
  const std::string found = limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
  if (limit.rlim_cur >= needed) return {"ulimit -u", Verdict::good, found};
  return {"ulimit -u", Verdict::bad, fmt::format("{}, a run here may need {}", found, needed), "raise it"};
}

Check check_binding(const topology::Node& node) {
  if (node.is_real) return {"binding", Verdict::good, "tasks can be bound to their cores"};
  return {"binding", Verdict::note, "nothing can be bound to a description",
          "unset HWLOC_XMLFILE and HWLOC_SYNTHETIC for the machine itself"};
}

MachineFacts examine(const std::string& runs_dir) {
  MachineFacts facts;
  facts.node = topology::discover();
  facts.installed_bytes = facts.node.is_real ? topology::installed_memory("/") : 0;
  facts.cgroup_limit_bytes = facts.node.is_real ? topology::cgroup_memory_limit("/") : 0;
  facts.cpus_online = static_cast<std::uint32_t>(std::max(0l, ::sysconf(_SC_NPROCESSORS_ONLN)));
  facts.versions = {{"fugle", std::string(kVersion)},
                    {"MPI", transport::mpi_library_version()},
                    {"HDF5", store::hdf5_version_found()},
                    {"hwloc", topology::hwloc_version()}};
  facts.checks = {check_spawner(),
                  check_hdf5(),
                  check_mpirun(),
                  check_runs(runs_dir),
                  check_scratch(),
                  check_open_files(facts.node.num_cores()),
                  check_processes(facts.node.num_cores()),
                  check_binding(facts.node)};
  for (Check& check : check_slurm()) facts.checks.push_back(std::move(check));
  return facts;
}

int doctor_of_run(const std::string& run_dir, bool json) {
  const RunExamination examination = examine_run(run_dir);
  fmt::print("{}", json ? examination_json(examination) : printable(examination_text(examination)));
  if (examination.is_newer) return static_cast<int>(ExitCode::conflict);
  return static_cast<int>(is_sound(examination) ? ExitCode::ok : ExitCode::failed);
}

}  // namespace

int doctor_verb(const Args& args) {
  Usage usage(
      "doctor", "[RUN]",
      "Shows the machine as Fugleman sees it and checks what runs need of it. With RUN: is the state of that run "
      "sound, and if not, what is lost and what to do.",
      0, 1);
  auto add = usage.options.add_options();
  add("json", "the same as JSON");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  if (!arguments->words.empty()) {
    continue_in_child("doctor");
    return doctor_of_run(find_run(runs_dir_from(*arguments), arguments->words.front()), arguments->has("json"));
  }
  const MachineFacts facts = examine(runs_dir_from(*arguments));
  if (arguments->has("json"))
    fmt::print("{}\n", machine_json(facts));
  else
    fmt::print("{}", machine_text(facts));
  if (is_usable(facts)) return 0;
  fmt::print(stderr, "fugle: this machine is not ready for runs; correct what is marked FAILED and try again\n");
  return static_cast<int>(ExitCode::failed);
}

}  // namespace fugle::app
