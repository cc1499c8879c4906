#include "executor/process_executor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "executor/channel.hpp"
#include "executor/command.hpp"
#include "executor/environment.hpp"
#include "executor/file_system.hpp"
#include "executor/gpu_environment.hpp"
#include "executor/leftovers.hpp"
#include "executor/node_folder.hpp"
#include "executor/outcome.hpp"
#include "executor/restart.hpp"
#include "executor/staged_outputs.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Launch;
using scheduler::StopReason;

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kTick = std::chrono::milliseconds(100);  ///< while outputs are looked for
constexpr auto kSlowTick = std::chrono::seconds(5);     ///< while anything runs

struct RunningAttempt {
  std::uint16_t attempt = 0;
  std::string id;
  Time start{};
  StagedOutputs outputs;
  std::vector<std::string> scratch_files;
  AttemptTexts texts;
  /// It has ended well but for an output that may yet be seen: what is to be said when it is, and until when.
  std::optional<AttemptReport> unsettled;
  SteadyTime settles_until{};
};

std::string temporary_root(const std::vector<std::string>& environment) {
  const std::string_view root = find_variable(environment, "TMPDIR");
  return std::string(root.empty() ? "/tmp" : root);
}

Time unix_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

/// Only what the user asked for is enforced; a share of the node's memory is a guess.
std::uint64_t memory_limit_of(const Launch& launch) {
  if (launch.task->request.mem_bytes == 0) return 0;
  return std::max(launch.granted.mem_bytes, launch.task->request.mem_bytes);
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

class ProcessExecutor::Impl {
 public:
  Impl(Spawner& spawner, ExecutorOptions options)
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
    configure();
  }
  ~Impl() {
    for (const int fd : {epoll_, wake_, timer_}) ::close(fd);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(const Launch& launch, ElementId predecessor);
  void start_now(ElementId element);
  void stop(ElementId element, StopReason reason);
  void signal(ElementId element, int signal);
  void poll(std::vector<AttemptReport>& reports);
  [[nodiscard]] int fd() const { return epoll_; }
  [[nodiscard]] bool is_broken() const { return is_broken_; }

 private:
  void configure();
  void watch(int operation, int fd, std::uint32_t events) const;
  void send();

  [[nodiscard]] NodeFolder& folder_in(const std::string& root);
  [[nodiscard]] std::string scratch_of(const Launch& launch);
  [[nodiscard]] bool sets_bash_env(const graph::Task& task) const;
  void order(const Launch& launch, const graph::ElementText& text, const std::string& scratch, wire::AttemptKey after,
             RunningAttempt& running);
  /// All 0 when it does not run here.
  [[nodiscard]] wire::AttemptKey key_of(ElementId element) const;
  void refuse(const Launch& launch, FailureClass cls, std::string reason);

  void take(const wire::Frame& frame);
  void note_start(const wire::StartedFields& fields);
  void end(const AttemptReport& report);
  [[nodiscard]] bool may_settle(const RunningAttempt& running) const;
  void finish(AttemptReport report, RunningAttempt& running);
  void look_again();
  void tick_every(std::chrono::nanoseconds period);
  void take_tick();
  void wake_stopped_spawner() const;
  void wake() const;
  [[nodiscard]] RunningAttempt* find(wire::AttemptKey key);
  void lose_everything();

  ExecutorOptions options_;
  int spawner_pid_;
  Channel channel_;
  int epoll_;
  int wake_;                          ///< readable while reports_ has something the spawner did not send
  int timer_;                         ///< readable when there is something to look after
  std::chrono::nanoseconds tick_{0};  ///< of the timer; 0: it is off
  bool is_waiting_to_send_ = false;
  bool is_broken_ = false;
  std::map<std::string, NodeFolder> folders_;  ///< by root
  std::unordered_map<ElementId, RunningAttempt> running_;
  std::vector<ElementId> unsettled_;
  std::vector<AttemptReport> reports_;
};

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
      .put_texts(options_.environment);
  (void)folder_in(options_.scratch_root);
  (void)folder_in(temporary_root(options_.environment));
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
  RunningAttempt running;
  running.attempt = launch.attempt;
  running.id = launch.id;
  running.outputs = StagedOutputs(launch.task->output_names, text.outputs, launch.attempt);
  running.texts.timeout = launch.task->timeout;
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
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = launch.element;
  report.attempt = launch.attempt;
  report.start = report.end = unix_now();
  report.cls = cls;
  report.reason = std::move(reason);
  reports_.push_back(std::move(report));
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
void ProcessExecutor::Impl::order(const Launch& launch, const graph::ElementText& text, const std::string& scratch,
                                  wire::AttemptKey after, RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  const graph::SlotValues slots{running.outputs.staged(), launch.attempt, scratch, launch.run_state};
  AttemptFiles files{launch, folder_in(temporary_root(options_.environment)), running.scratch_files};
  const bool was_made = files.folder.is_made();
  running.texts.workdir = task.workdir.empty() ? text.workdir : task.workdir;
  const bool restarts = can_restart(launch, text, running.texts.workdir);
  const auto& command = restarts && !text.restart_command.empty() ? text.restart_command : text.command;
  const std::vector<std::string> argv = attempt_command(launch, command, slots, sets_bash_env(task), files);
  const std::vector<std::string> cleanup = cleanup_command(launch, text, slots, files);
  const std::vector<std::string> inputs = attempt_inputs(launch, text, files);
  if (!was_made && files.folder.is_made())
    wire::FrameWriter(channel_.outgoing(), wire::Kind::own_folder).put_text(files.folder.path());
  std::vector<std::string> environment =
      attempt_environment(options_.run_id, options_.run_dir, launch, text, inputs, slots);
  if (restarts) environment.emplace_back("FUGLE_RESTART=1");
  add_gpu_variables(environment, options_.gpus, launch, options_.environment);
  running.texts.program = argv.front();
  const scheduler::Place bound = launch.place.is_real ? launch.place : scheduler::Place{};
  wire::FrameWriter(channel_.outgoing(), wire::Kind::start)
      .put(wire::StartFields{{launch.element.value(), launch.attempt},
                             task.timeout.count(),
                             task.grace.count(),
                             running.texts.memory_limit,
                             task.scratch_bytes,
                             after})
      .put_numbers(bound.cpus)
      .put_numbers(bound.numa_nodes)
      .put_text(running.texts.workdir)
      .put_texts(argv)
      .put_texts(environment)
      .put_text(scratch)
      .put_texts(cleanup);
}

void ProcessExecutor::Impl::signal(ElementId element, int signal) {
  if (!running_.contains(element)) return;
  wire::FrameWriter(channel_.outgoing(), wire::Kind::signal).put(wire::SignalFields{key_of(element), signal});
  send();
}

void ProcessExecutor::Impl::stop(ElementId element, StopReason reason) {
  const auto found = running_.find(element);
  if (found == running_.end()) return;
  if (RunningAttempt& running = found->second; running.unsettled) {
    running.settles_until = {};
    look_again();
    return wake();
  }
  found->second.texts.stop_reason = reason;
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
  take_tick();
  if (reports.empty())
    reports.swap(reports_);
  else
    reports.insert(reports.end(), reports_.begin(), reports_.end());
  reports_.clear();
}

void ProcessExecutor::Impl::take(const wire::Frame& frame) {
  wire::FrameReader body(frame.body);
  switch (frame.kind) {
    case wire::Kind::started: note_start(body.get<wire::StartedFields>()); break;
    case wire::Kind::refused: {
      const auto fields = body.get<wire::RefusedFields>();
      if (const RunningAttempt* running = find(fields.key)) end(report_of_refusal(fields, running->texts));
      break;
    }
    case wire::Kind::ended: {
      const auto fields = body.get<wire::EndedFields>();
      if (RunningAttempt* running = find(fields.key)) {
        running->texts.ran_on = body.get_numbers();
        end(report_of(fields, running->texts));
      }
      break;
    }
    default: FUGLE_CHECK_THAT(false, "the spawner answered with an order");
  }
}

/// Null for an attempt this executor did not start.
RunningAttempt* ProcessExecutor::Impl::find(wire::AttemptKey key) {
  const auto found = running_.find(ElementId(key.element));
  return found != running_.end() && found->second.attempt == key.attempt ? &found->second : nullptr;
}

void ProcessExecutor::Impl::note_start(const wire::StartedFields& fields) {
  RunningAttempt* const running = find(fields.key);
  if (running == nullptr) return;
  running->start = from_ns(fields.start_ns);
  AttemptReport report;
  report.kind = AttemptReport::Kind::started;
  report.element = ElementId(fields.key.element);
  report.attempt = running->attempt;
  report.start = running->start;
  reports_.push_back(std::move(report));
}

/// The spawner is done with it.
void ProcessExecutor::Impl::end(const AttemptReport& report) {
  RunningAttempt& running = running_.at(report.element);
  if (report.cls != FailureClass::none || !may_settle(running)) return finish(report, running);
  running.unsettled = report;
  running.settles_until = std::chrono::steady_clock::now() + options_.settle_limit;
  unsettled_.push_back(report.element);
  tick_every(kTick);
}

/// What a program on this node has written to a network file system is seen here at once; what it wrote on others, or
/// renamed there, when the client's caches are old enough to be asked anew.
bool ProcessExecutor::Impl::may_settle(const RunningAttempt& running) const {
  const std::vector<std::string> missing = running.outputs.folders_of_missing();
  return std::ranges::any_of(missing, options_.is_on_network);
}

void ProcessExecutor::Impl::look_again() {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::erase_if(unsettled_, [&](ElementId element) {
    RunningAttempt& running = running_.at(element);
    if (now < running.settles_until && !running.outputs.folders_of_missing().empty()) return false;
    finish(std::move(*running.unsettled), running);
    return true;
  });
}

/// Settles the outputs, then reports.
void ProcessExecutor::Impl::finish(AttemptReport report, RunningAttempt& running) {
  if (report.cls == FailureClass::none) {
    if (auto problem = running.outputs.publish()) {
      report.cls = FailureClass::output;
      report.reason = report.reason.empty() ? std::move(*problem) : fmt::format("{}; {}", *problem, report.reason);
    }
  }
  if (report.cls != FailureClass::none) running.outputs.set_aside();
  for (const std::string& path : running.scratch_files) ::unlink(path.c_str());
  const ElementId element = report.element;
  reports_.push_back(std::move(report));
  running_.erase(element);
}

void ProcessExecutor::Impl::tick_every(std::chrono::nanoseconds period) {
  if (tick_ == period) return;
  tick_ = period;
  const timespec time{static_cast<time_t>(period.count() / 1'000'000'000),
                      static_cast<long>(period.count() % 1'000'000'000)};
  const itimerspec timer{time, time};
  ::timerfd_settime(timer_, 0, &timer, nullptr);
}

void ProcessExecutor::Impl::take_tick() {
  std::uint64_t count = 0;
  if (tick_.count() == 0 || ::read(timer_, &count, sizeof count) <= 0) return;
  look_again();
  wake_stopped_spawner();
  tick_every(!unsettled_.empty() ? kTick : running_.empty() ? std::chrono::nanoseconds(0) : kSlowTick);
}

/// A child may have stopped its parent: then none of them would ever end.
void ProcessExecutor::Impl::wake_stopped_spawner() const {
  siginfo_t info{};
  const auto pid = static_cast<id_t>(spawner_pid_);
  if (::waitid(P_PID, pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid != 0) ::kill(spawner_pid_, SIGCONT);
}

/// The spawner died: its children went with it, what they had started has not.
void ProcessExecutor::Impl::lose_everything() {
  is_broken_ = true;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, channel_.fd(), nullptr);
  std::vector<std::vector<std::string>> marks;
  std::vector<AttemptReport> lost;
  for (const auto& [element, running] : running_) {
    if (running.unsettled) continue;
    marks.push_back({"FUGLE_RUN_ID=" + options_.run_id, "FUGLE_ELEMENT=" + running.id,
                     fmt::format("FUGLE_ATTEMPT={}", running.attempt)});
    AttemptReport& report = lost.emplace_back();
    report.kind = AttemptReport::Kind::ended;
    report.element = element;
    report.attempt = running.attempt;
    report.end = unix_now();
    report.start = running.start == Time{} ? report.end : running.start;
    report.cls = FailureClass::lost;
    report.reason = "lost: the spawner of its worker died while it ran";
  }
  if (!marks.empty()) kill_processes_marked(marks);
  for (const AttemptReport& report : lost) end(report);
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
void ProcessExecutor::poll(std::vector<AttemptReport>& reports) { impl_->poll(reports); }
int ProcessExecutor::fd() const { return impl_->fd(); }
bool ProcessExecutor::is_broken() const { return impl_->is_broken(); }

}  // namespace fugle::executor
