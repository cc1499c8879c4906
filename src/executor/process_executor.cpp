#include "executor/process_executor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/text.hpp"
#include "executor/command.hpp"
#include "executor/dataset_metrics.hpp"
#include "executor/environment.hpp"
#include "executor/file_system.hpp"
#include "executor/gpu_environment.hpp"
#include "executor/isolated_call.hpp"
#include "executor/leftovers.hpp"
#include "executor/measure.hpp"
#include "executor/node_folder.hpp"
#include "executor/own_workdir.hpp"
#include "executor/process_executor_impl.hpp"
#include "executor/restart.hpp"
#include "executor/staged_outputs.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Launch;
using scheduler::StopReason;

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string shell_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + quote_for_shell(word);
  return text;
}

/// The files the spawner will append to are made here, where a problem can still be told.
void make_log_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateFile);
  if (fd >= 0) {
    share_like_directory(fd, path);
    ::close(fd);
    return;
  }
  throw EnvironmentError(fmt::format("cannot write '{}' ({}); check the run directory", path, std::strerror(errno)));
}

}  // namespace

std::uint64_t memory_limit_of(const Launch& launch) {
  if (launch.task->request.mem_bytes == 0) return 0;
  return std::max(launch.granted.mem_bytes, launch.task->request.mem_bytes);
}

ProcessExecutor::Impl::Impl(Spawner& spawner, ExecutorOptions options)
    : options_(std::move(options)),
      spawner_pid_(spawner.pid()),
      channel_(spawner.socket()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (epoll_ < 0 || wake_ < 0 || timer_ < 0)
    throw EnvironmentError(fmt::format("cannot make an event queue ({}); raise 'ulimit -n'", std::strerror(errno)));
  watch(EPOLL_CTL_ADD, channel_.fd(), EPOLLIN);
  watch(EPOLL_CTL_ADD, wake_, EPOLLIN);
  watch(EPOLL_CTL_ADD, timer_, EPOLLIN);
  if (options_.scratch_root.empty()) options_.scratch_root = default_scratch_root();
  if (!options_.is_on_network) options_.is_on_network = is_on_network;
  if (options_.host.empty()) options_.host = host_name();
  std::vector<std::string> hidden;
  for (const auto& [name, value] : options_.secrets) {
    hidden.push_back(value);
    std::erase_if(options_.environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
  }
  secrets_ = Mask(hidden);
  launchers_ = find_launchers(options_.environment, spawner.program(), options_.slurm_job);
  configure();
}
ProcessExecutor::Impl::~Impl() {
  wire::FrameWriter(channel_.outgoing(), wire::Kind::retire_slots).put(std::uint32_t{0});
  if (!is_broken_) (void)channel_.flush();
  for (const int fd : {epoll_, wake_, timer_}) ::close(fd);
}

void ProcessExecutor::Impl::configure() {
  const std::string folder = options_.run_dir + "/logs";
  const std::string name = fmt::format("worker-{}", options_.worker.value());
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  for (const char* suffix : {".log", ".idx"}) make_log_file(fmt::format("{}/{}{}", folder, name, suffix));
  wire::FrameWriter(channel_.outgoing(), wire::Kind::configure)
      .put(wire::kWireVersion)
      .put(wire::ConfigureFields{options_.max_log_bytes, options_.uses_control_groups})
      .put_text(folder)
      .put_text(name)
      .put_texts(options_.environment)
      .put_texts(secrets_.words());
  (void)folder_in(options_.scratch_root);
  (void)folder_in(temporary_folder());
  send();
}

/// The first time, what killed lives of this run left there goes.
NodeFolder& ProcessExecutor::Impl::folder_in(const std::string& root) {
  if (const auto found = folders_.find(root); found != folders_.end()) return found->second;
  const std::string beginning = node_folder_beginning(options_.run_id);
  wire::FrameWriter(channel_.outgoing(), wire::Kind::remove_leftovers).put_text(root).put_text(beginning);
  return folders_.try_emplace(root, root, beginning).first->second;
}

/// Its directory, which the spawner will make; empty when it has none.
std::string ProcessExecutor::Impl::scratch_of(const Launch& launch) {
  if (!launch.task->has_scratch) return {};
  const std::string& root = launch.task->scratch_root;
  NodeFolder& folder = folder_in(root.empty() ? options_.scratch_root : root);
  const bool is_new = !folder.is_made();
  std::string path = fmt::format("{}/{}-{}", folder.path(), launch.element.value(), launch.attempt);
  if (is_new) wire::FrameWriter(channel_.outgoing(), wire::Kind::own_folder).put_text(folder.path());
  return path;
}

void ProcessExecutor::Impl::watch(int operation, int fd, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  ::epoll_ctl(epoll_, operation, fd, &event);
}

/// A dead spawner is noticed by poll(), which also reads what it said last.
void ProcessExecutor::Impl::send() {
  if (is_broken_) return;
  (void)channel_.flush();
  if (channel_.has_unsent() == is_waiting_to_send_) return;
  is_waiting_to_send_ = !is_waiting_to_send_;
  watch(EPOLL_CTL_MOD, channel_.fd(), is_waiting_to_send_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

wire::AttemptKey ProcessExecutor::Impl::key_of(ElementId element) const {
  const auto found = running_.find(element);
  return found == running_.end() ? wire::AttemptKey{} : wire::AttemptKey{element.value(), found->second.attempt};
}

void ProcessExecutor::Impl::start_now(ElementId element) {
  if (!running_.contains(element)) return;
  wire::FrameWriter(channel_.outgoing(), wire::Kind::start_now).put(key_of(element));
  send();
}

void ProcessExecutor::Impl::start(const Launch& launch, ElementId predecessor) {
  if (is_broken_) {
    refuse(launch, FailureClass::launch, "could not be started (the spawner of this worker has died)");
    return;
  }
  const graph::ElementText text = graph::unpack(*launch.task, launch.packed_text);
  make_own_workdir(*launch.task, text);
  RunningAttempt running;
  running.attempt = launch.attempt;
  running.id = launch.id;
  if (launch.position == 0) running.metrics = metrics_of(*launch.task, text);  // the others print nothing
  running.outputs = StagedOutputs(launch.task->output_names, text.outputs, launch.attempt, launch.task->output_kinds);
  running.is_call = launch.task->kind == graph::TaskKind::function;
  if (running.is_call && options_.results_before) {
    auto results = options_.results_before(launch);
    if (!results) return refuse(launch, FailureClass::lost, "lost: a result that it is to be given is gone");
    running.results_before = std::move(*results);
  }
  if (auto problem = prepare_log(launch, text)) return refuse(launch, FailureClass::setup, std::move(*problem));
  running.texts.timeout = launch.task->timeout;
  running.texts.ok_exit_codes = launch.task->ok_exit_codes;
  running.texts.memory_limit = memory_limit_of(launch);
  if (launch.place.is_real) running.texts.cpus = launch.place.cpus;
  if (auto problem = running.outputs.prepare()) {
    refuse(launch, FailureClass::output, std::move(*problem));
    return;
  }
  std::string scratch;
  try {
    scratch = scratch_of(launch);
  } catch (const EnvironmentError& error) {
    refuse(launch, FailureClass::setup, fmt::format("no scratch directory: {}", error.what()));
    return;
  }
  running.texts.scratch = scratch;
  running.texts.scratch_bytes = launch.task->scratch_bytes;
  try {
    order(launch, text, scratch, key_of(predecessor), running);
  } catch (const EnvironmentError& error) {
    refuse(launch, FailureClass::launch, error.what());
    return;
  }
  const bool is_new = running_.emplace(launch.element, std::move(running)).second;
  FUGLE_EXPECT(is_new, "an attempt of this element runs already");
  if (tick_ == std::chrono::nanoseconds(0)) tick_every(kSlowTick);
  send();
}

/// Ends an attempt for which nothing was asked of the spawner.
void ProcessExecutor::Impl::refuse(const Launch& launch, FailureClass cls, std::string reason) {
  reports_.push_back(report_unstarted(launch, cls, std::move(reason), unix_now()));
  wake();
}

/// For what is reported outside poll().
void ProcessExecutor::Impl::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

bool ProcessExecutor::Impl::sets_bash_env(const graph::Task& task) const {
  const auto is_it = [](const auto& variable) { return variable.first == "BASH_ENV"; };
  return !find_variable(options_.environment, "BASH_ENV").empty() || std::ranges::any_of(task.env, is_it) ||
         std::ranges::find(task.env_names, "BASH_ENV") != task.env_names.end();
}

/// Appends the order to what goes to the spawner.
void ProcessExecutor::Impl::order(const Launch& launch, const graph::ElementText& given, const std::string& scratch,
                                  wire::AttemptKey after, RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  AttemptFiles files{launch, folder_in(temporary_folder()), running.scratch_files};
  const bool was_made = files.folder.is_made();
  const std::vector<std::string> inputs = attempt_inputs(launch, given, files);
  const std::optional<graph::ElementText> filled = with_list_files(launch, given, inputs, files);
  const graph::ElementText& text = filled ? *filled : given;
  running.texts.workdir = task.workdir.empty() ? text.workdir : task.workdir;
  prepare_values(launch, text, files, running);
  std::optional<ContainerOrder> container;
  if (task.container.runtime != graph::ContainerRuntime::none)
    container = container_order(launch, text, scratch, files, running);
  const LaunchWords launcher = plan_ranks(launch, files, container ? &*container : nullptr, running);
  const std::string launcher_text = shell_text(launcher.words);
  const graph::SlotValues slots{running.outputs.staged(), launch.attempt, scratch, launch.run_state, launcher_text};
  const bool restarts = can_restart(launch, text, running.texts.workdir);
  const auto& command = restarts && !text.restart_command.empty() ? text.restart_command : text.command;
  std::vector<std::string> argv = running.is_call
                                      ? std::vector<std::string>{plugin_host()}
                                      : surrounded_command(launch, text, command, slots, container, files, running);
  std::vector<std::string> cleanup = cleanup_command(launch, text, slots, files);
  if (std::ranges::any_of(running.metrics, [](const graph::Metric& metric) { return !metric.dataset.empty(); })) {
    running.dataset_file =
        fmt::format("{}/{}-{}.datasets", files.folder.path(), launch.element.value(), launch.attempt);
    running.scratch_files.push_back(running.dataset_file);
    cleanup = dataset_command(running.metrics, running.outputs.staged(), own_program(), running.dataset_file, cleanup);
  }
  std::vector<std::string> host_variables;
  add_host_file(launch, files, host_variables);
  if (!was_made && files.folder.is_made())
    wire::FrameWriter(channel_.outgoing(), wire::Kind::own_folder).put_text(files.folder.path());
  std::vector<std::string> environment =
      attempt_environment(options_.run_id, options_.run_dir, launch, text, inputs, slots);
  environment.insert(environment.end(), host_variables.begin(), host_variables.end());
  add_secrets(launch, environment);
  environment.push_back("FUGLE_OUTPUT=" + running.value_file);
  if (restarts) environment.emplace_back("FUGLE_RESTART=1");
  add_gpu_variables(environment, options_.gpus, launch, options_.environment);
  if (task.service.is_given) {
    prepare_service(launch, text, slots, files, running);
    running.service->environment = environment;
  }
  running.texts.program = argv.front();
  if (running.ranked.is_direct) argv.insert(argv.begin(), launcher.words.begin(), launcher.words.end());
  if (const std::vector<std::string> regexes = regexes_of(running.metrics); !regexes.empty())
    wire::FrameWriter(channel_.outgoing(), wire::Kind::metrics)
        .put(wire::AttemptKey{launch.element.value(), launch.attempt})
        .put_texts(regexes);
  if (task.log != graph::LogMode::merged)
    wire::FrameWriter(channel_.outgoing(), wire::Kind::output)
        .put(wire::OutputFields{{launch.element.value(), launch.attempt},
                                task.log == graph::LogMode::split,
                                task.log == graph::LogMode::none})
        .put_text(text.log);
  std::string slot;
  std::string call;
  if (running.is_call) {
    CallMessage message =
        call_message(launch, text,
                     {options_.run_id, options_.run_dir, options_.worker.value(), running.texts.workdir, scratch,
                      running.outputs.staged(), environment, std::move(running.results_before)});
    slot = slot_key(launch, message.function, running.texts.memory_limit);
    call = encode(message);
  }
  const scheduler::Place bound = launch.place.is_real ? launch.place : scheduler::Place{};
  wire::FrameWriter(channel_.outgoing(), wire::Kind::start)
      .put(wire::StartFields{{launch.element.value(), launch.attempt},
                             task.timeout.count(),
                             task.grace.count(),
                             running.texts.memory_limit,
                             task.scratch_bytes,
                             after,
                             running.ranked.is_ranked})
      .put_numbers(bound.cpus)
      .put_numbers(bound.numa_nodes)
      .put_text(running.texts.workdir)
      .put_texts(argv)
      .put_texts(environment)
      .put_text(scratch)
      .put_texts(cleanup)
      .put_text(slot)
      .put_bytes(call);
}

/// Throws EnvironmentError.
void ProcessExecutor::Impl::add_secrets(const Launch& launch, std::vector<std::string>& environment) const {
  for (const std::string& name : launch.task->secrets) {
    const auto secret = std::ranges::find(options_.secrets, name, [](const auto& known) { return known.first; });
    if (secret == options_.secrets.end()) throw EnvironmentError(fmt::format("secret '{}' is not set", name));
    environment.push_back(fmt::format("{}={}", name, secret->second));
  }
}

/// Where it writes its values: in the run directory, which all nodes see, if it has several.
void ProcessExecutor::Impl::prepare_values(const Launch& launch, const graph::ElementText& text,
                                           const AttemptFiles& files, RunningAttempt& running) {
  std::string folder = options_.run_dir + "/given";
  if (launch.party.empty()) {
    folder = files.folder.path();
  } else {
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
  }
  running.value_file = fmt::format("{}/{}-{}.values", folder, launch.element.value(), launch.attempt);
  running.scratch_files.push_back(running.value_file);
  if (running.is_call && launch.task->output_kinds.empty()) return;
  running.task = launch.task;
  running.output_paths = text.outputs;
}

const std::string& ProcessExecutor::Impl::own_program() {
  if (options_.own_program.empty()) options_.own_program = std::filesystem::read_symlink("/proc/self/exe").string();
  return options_.own_program;
}

const std::string& ProcessExecutor::Impl::plugin_host() {
  if (options_.plugin_host.empty()) options_.plugin_host = find_plugin_host();
  return options_.plugin_host;
}

void ProcessExecutor::Impl::signal(ElementId element, int signal) {
  if (!running_.contains(element) || hosted_.contains(element)) return;
  wire::FrameWriter(channel_.outgoing(), wire::Kind::signal).put(wire::SignalFields{key_of(element), signal});
  send();
}

void ProcessExecutor::Impl::write_log(ElementId element, std::uint16_t attempt, std::string_view text) {
  if (is_broken_) return;
  constexpr std::size_t kPiece = 64 << 10;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kPiece)))
    wire::FrameWriter(channel_.outgoing(), wire::Kind::line)
        .put(wire::AttemptKey{element.value(), attempt})
        .put_bytes(text.substr(0, kPiece));
  send();
}

void ProcessExecutor::Impl::stop(ElementId element, StopReason reason) {
  if (stop_hosted(element)) return;
  const auto found = running_.find(element);
  if (found == running_.end()) return;
  if (RunningAttempt& running = found->second; running.unsettled) {
    running.settles_until = {};
    look_again();
    return wake();
  }
  found->second.texts.stop_reason = reason;
  if (found->second.service != nullptr) return stop_service(element, found->second, reason == StopReason::shutdown);
  wire::FrameWriter(channel_.outgoing(), wire::Kind::stop)
      .put(wire::StopFields{key_of(element), reason == StopReason::shutdown});
  send();
}

void ProcessExecutor::Impl::poll(std::vector<AttemptReport>& reports) {
  if (std::uint64_t count; !reports_.empty()) (void)!::read(wake_, &count, sizeof count);
  if (!is_broken_) {
    const bool is_spawner_there = channel_.receive();
    while (const auto frame = channel_.frames().next()) take(*frame);
    if (is_spawner_there)
      send();
    else
      lose_everything();
  }
  hear_agents();
  take_tick();
  if (!secrets_.is_empty())
    for (AttemptReport& report : reports_) secrets_.apply(report.reason);
  if (reports.empty())
    reports.swap(reports_);
  else
    reports.insert(reports.end(), reports_.begin(), reports_.end());
  reports_.clear();
}

ProcessExecutor::ProcessExecutor(Spawner& spawner, ExecutorOptions options) {
  options.environment = last_settings(options.environment);
  impl_ = std::make_unique<Impl>(spawner, std::move(options));
}
ProcessExecutor::~ProcessExecutor() = default;
void ProcessExecutor::start(const Launch& launch) { impl_->start(launch, ElementId()); }
void ProcessExecutor::start_after(const Launch& launch, ElementId predecessor) { impl_->start(launch, predecessor); }
void ProcessExecutor::start_now(ElementId element) { impl_->start_now(element); }
void ProcessExecutor::stop(ElementId element, StopReason reason) { impl_->stop(element, reason); }
void ProcessExecutor::signal(ElementId element, int signal) { impl_->signal(element, signal); }
void ProcessExecutor::write_log(ElementId element, std::uint16_t attempt, std::string_view text) {
  impl_->write_log(element, attempt, text);
}
void ProcessExecutor::poll(std::vector<AttemptReport>& reports) { impl_->poll(reports); }
void ProcessExecutor::host(const Launch& launch) { impl_->host(launch); }
void ProcessExecutor::dismiss(ElementId element) { impl_->dismiss(element); }
void ProcessExecutor::hear(const scheduler::PartyWord& word) { impl_->hear(word); }
void ProcessExecutor::poll_words(std::vector<scheduler::PartyWord>& words) { impl_->poll_words(words); }
int ProcessExecutor::fd() const { return impl_->fd(); }
bool ProcessExecutor::is_broken() const { return impl_->is_broken(); }

}  // namespace fugle::executor
