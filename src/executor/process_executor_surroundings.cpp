// What surrounds the command of an attempt: setup and modules, its container, a log of its own.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"
#include "executor/environment.hpp"
#include "executor/find_program.hpp"
#include "executor/process_executor_impl.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;
using graph::ContainerRuntime;
using graph::FailureClass;
using scheduler::Launch;

constexpr std::size_t kLongestState = 64 << 10;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool is_of_amd(const std::vector<topology::Device>& gpus) {
  return !gpus.empty() && std::ranges::all_of(gpus, [](const auto& gpu) { return gpu.vendor == "amd"; });
}

/// Where there are modules one of them may bring it.
std::string program_or_name(const std::string& path, const char* name, const graph::Task& task) {
  if (!path.empty()) return path;
  if (!task.modules.empty()) return name;
  throw EnvironmentError(fmt::format("container runtime '{}' not found in PATH", name));
}

}  // namespace

ContainerRuntime ProcessExecutor::Impl::runtime_of(const graph::Task& task) {
  if (!runtimes_) runtimes_ = find_container_runtimes(options_.environment, !options_.slurm_job.empty());
  const ContainerRuntime chosen = choose_runtime(task.container.runtime, *runtimes_);
  if (chosen != ContainerRuntime::none) return chosen;
  if (!task.modules.empty()) return ContainerRuntime::apptainer;
  throw EnvironmentError("container runtime not found (apptainer, podman, pyxis)");
}

/// Throws EnvironmentError where there is no runtime.
ContainerOrder ProcessExecutor::Impl::container_order(const Launch& launch, const graph::ElementText& text,
                                                      const std::string& scratch, const AttemptFiles& files,
                                                      const RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  ContainerOrder order;
  order.runtime = runtime_of(task);
  if (order.runtime == ContainerRuntime::apptainer)
    order.program = program_or_name(runtimes_->apptainer, "apptainer", task);
  if (order.runtime == ContainerRuntime::podman) order.program = program_or_name(runtimes_->podman, "podman", task);
  order.image = text.image;
  order.binds = task.container.binds;
  order.workdir = running.texts.workdir;
  order.has_gpu = task.container.has_gpu;
  order.is_amd = is_of_amd(options_.gpus);
  order.has_ranks = task.shape.ranks > 0;
  order.is_root = launchers_.is_root;
  order.folders = {options_.run_dir, order.workdir, files.folder.path(), folder_of(running.value_file), scratch};
  for (const std::string& path : running.outputs.staged()) order.folders.push_back(path.empty() ? "" : folder_of(path));
  for (const std::string& value : text.inputs)
    for (const std::string_view path : split(value, '\n')) order.folders.push_back(folder_of(std::string(path)));
  // What can not be bound would keep the command from starting; it can do without what is not there. The scratch
  // directory is made by the spawner, in a moment.
  std::erase_if(order.folders, [&](const std::string& folder) {
    std::error_code error;
    return folder != scratch && !fs::is_directory(folder, error);
  });
  order.folders = outermost(std::move(order.folders));
  for (const auto& [name, value] : task.env) order.variables.push_back(name);
  order.variables.insert(order.variables.end(), task.env_names.begin(), task.env_names.end());
  order.variables.insert(order.variables.end(), task.secrets.begin(), task.secrets.end());
  return order;
}

std::vector<std::string> ProcessExecutor::Impl::surrounded_command(const Launch& launch, const graph::ElementText& text,
                                                                   const std::vector<std::string>& command,
                                                                   const graph::SlotValues& slots,
                                                                   const std::optional<ContainerOrder>& container,
                                                                   const AttemptFiles& files, RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  Preparation inside;
  inside.modules = task.modules;
  if (task.has_setup) inside.setup = graph::fill_slots(text.setup, slots);
  inside.has_ranks = task.shape.ranks > 0 && task.shell.empty();
  if (inside.is_needed()) {
    // Of several nodes all see the place of values.
    const std::string folder = launch.party.empty() ? files.folder.path() : folder_of(running.value_file);
    inside.state_file = running.setup_file =
        fmt::format("{}/{}-{}.setup", folder, launch.element.value(), launch.attempt);
    running.scratch_files.push_back(running.setup_file);
  }
  if (!container) return attempt_command(launch, command, slots, inside, sets_bash_env(task), files);
  Preparation outside = inside;
  outside.setup.clear();
  inside.modules.clear();
  std::vector<std::string> words = container_words(*container);
  for (std::string& word : attempt_command(launch, command, slots, inside, sets_bash_env(task), files))
    words.push_back(std::move(word));
  return prepared(outside, std::move(words), files);
}

/// The file of its own: made anew by the first attempt, later ones go on there. Returns what is wrong.
std::optional<std::string> ProcessExecutor::Impl::prepare_log(const Launch& launch, const graph::ElementText& text) {
  if (launch.task->log != graph::LogMode::file || launch.position != 0) return std::nullopt;
  std::error_code told_below;
  fs::create_directories(folder_of(text.log), told_below);
  const int how = O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC | (launch.attempt == 1 ? O_TRUNC : 0);
  const int file = ::open(text.log.c_str(), how, 0666);
  if (file < 0)
    return fmt::format("cannot write its log '{}' ({}); choose a writable place with 'log'", text.log,
                       std::strerror(errno));
  ::close(file);
  return std::nullopt;
}

/// Whoever ended it, or what it held, is what is to be said then.
void ProcessExecutor::Impl::judge_setup(scheduler::AttemptReport& report, const RunningAttempt& running) {
  if (running.setup_file.empty()) return;
  if (report.cls != FailureClass::none && report.cls != FailureClass::error) return;
  const RegularFile file = open_regular(running.setup_file);
  if (!file.is_open()) return;
  const std::string problem = setup_problem(read_all(file, kLongestState).value_or("setup"), report.reason);
  if (problem.empty()) return;
  report.cls = FailureClass::setup;
  report.reason = problem;
}

}  // namespace fugle::executor
