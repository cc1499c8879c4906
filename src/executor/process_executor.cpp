#include "executor/process_executor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "executor/channel.hpp"
#include "executor/command.hpp"
#include "executor/environment.hpp"
#include "executor/gpu_environment.hpp"
#include "executor/leftovers.hpp"
#include "executor/outcome.hpp"
#include "executor/scratch_folder.hpp"
#include "executor/staged_outputs.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;
using scheduler::Launch;
using scheduler::StopReason;

struct RunningAttempt {
  std::uint16_t attempt = 0;
  std::string id;
  Time start{};
  StagedOutputs outputs;
  std::vector<std::string> scratch_files;
  AttemptTexts texts;
};

std::string temporary_root(const std::vector<std::string>& environment) {
  const std::string_view root = find_variable(environment, "TMPDIR");
  return std::string(root.empty() ? "/tmp" : root);
}

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
        channel_(spawner.socket()),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        scratch_(temporary_root(options_.environment)) {
    if (epoll_ < 0 || wake_ < 0)
      throw EnvironmentError(fmt::format("cannot make an event queue ({}); raise 'ulimit -n'", std::strerror(errno)));
    watch(EPOLL_CTL_ADD, channel_.fd(), EPOLLIN);
    watch(EPOLL_CTL_ADD, wake_, EPOLLIN);
    configure();
  }
  ~Impl() {
    ::close(epoll_);
    ::close(wake_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void start(const Launch& launch, ElementId predecessor);
  void start_now(ElementId element);
  void stop(ElementId element, StopReason reason);
  void poll(std::vector<AttemptReport>& reports);
  [[nodiscard]] int fd() const { return epoll_; }
  [[nodiscard]] bool is_broken() const { return is_broken_; }

 private:
  void configure();
  void watch(int operation, int fd, std::uint32_t events) const;
  void send();

  [[nodiscard]] bool sets_bash_env(const graph::Task& task) const;
  void order(const Launch& launch, const graph::ElementText& text, wire::AttemptKey after, RunningAttempt& running);
  /// All 0 when it does not run here.
  [[nodiscard]] wire::AttemptKey key_of(ElementId element) const;
  void refuse(const Launch& launch, FailureClass cls, std::string reason);

  void take(const wire::Frame& frame);
  void note_start(const wire::StartedFields& fields);
  void end(wire::AttemptKey key, Time start, Time end, Outcome outcome, std::uint64_t cpu_ms, std::uint32_t maxrss_kb);
  [[nodiscard]] RunningAttempt* find(wire::AttemptKey key);
  void lose_everything();

  ExecutorOptions options_;
  Channel channel_;
  int epoll_;
  int wake_;  ///< readable while reports_ has something the spawner did not send
  bool is_waiting_to_send_ = false;
  bool is_broken_ = false;
  ScratchFolder scratch_;
  std::unordered_map<ElementId, RunningAttempt> running_;
  std::vector<AttemptReport> reports_;
};

void ProcessExecutor::Impl::configure() {
  const std::string base = fmt::format("{}/logs/worker-{}", options_.run_dir, options_.worker.value());
  std::error_code ignored;
  std::filesystem::create_directories(options_.run_dir + "/logs", ignored);
  make_log_file(base + ".log");
  make_log_file(base + ".idx");
  wire::FrameWriter(channel_.outgoing(), wire::Kind::configure)
      .put(wire::kWireVersion)
      .put_text(base + ".log")
      .put_text(base + ".idx")
      .put_texts(options_.environment);
  send();
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
  try {
    order(launch, text, key_of(predecessor), running);
  } catch (const EnvironmentError& error) {
    refuse(launch, FailureClass::launch, error.what());
    return;
  }
  const bool is_new = running_.emplace(launch.element, std::move(running)).second;
  FUGLE_EXPECT(is_new, "an attempt of this element runs already");
  send();
}

/// Ends an attempt for which nothing was asked of the spawner.
void ProcessExecutor::Impl::refuse(const Launch& launch, FailureClass cls, std::string reason) {
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = launch.element;
  report.attempt = launch.attempt;
  report.start = report.end = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  report.cls = cls;
  report.reason = std::move(reason);
  reports_.push_back(std::move(report));
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

bool ProcessExecutor::Impl::sets_bash_env(const graph::Task& task) const {
  const auto is_it = [](const auto& variable) { return variable.first == "BASH_ENV"; };
  return !find_variable(options_.environment, "BASH_ENV").empty() || std::ranges::any_of(task.env, is_it) ||
         std::ranges::find(task.env_names, "BASH_ENV") != task.env_names.end();
}

/// Appends the order to what goes to the spawner.
void ProcessExecutor::Impl::order(const Launch& launch, const graph::ElementText& text, wire::AttemptKey after,
                                  RunningAttempt& running) {
  const graph::Task& task = *launch.task;
  const std::vector<std::string> argv =
      attempt_command(launch, text, running.outputs.staged(), sets_bash_env(task), scratch_, running.scratch_files);
  const std::vector<std::string> inputs = attempt_inputs(launch, text, scratch_, running.scratch_files);
  std::vector<std::string> environment =
      attempt_environment(options_.run_id, options_.run_dir, launch, text, inputs, running.outputs.staged());
  add_gpu_variables(environment, options_.gpus, launch, options_.environment);
  running.texts.program = argv.front();
  running.texts.workdir = task.workdir.empty() ? text.workdir : task.workdir;
  const scheduler::Place bound = launch.place.is_real ? launch.place : scheduler::Place{};
  wire::FrameWriter(channel_.outgoing(), wire::Kind::start)
      .put(wire::StartFields{{launch.element.value(), launch.attempt},
                             task.timeout.count(),
                             task.grace.count(),
                             running.texts.memory_limit,
                             after})
      .put_numbers(bound.cpus)
      .put_numbers(bound.numa_nodes)
      .put_text(running.texts.workdir)
      .put_texts(argv)
      .put_texts(environment);
}

void ProcessExecutor::Impl::stop(ElementId element, StopReason reason) {
  const auto found = running_.find(element);
  if (found == running_.end()) return;
  found->second.texts.stop_reason = reason;
  wire::FrameWriter(channel_.outgoing(), wire::Kind::stop).put(key_of(element));
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
      const Time time = from_ns(fields.time_ns);
      end(fields.key, time, time, outcome_of_refusal(fields.error), 0, 0);
      break;
    }
    case wire::Kind::ended: {
      const auto fields = body.get<wire::EndedFields>();
      if (RunningAttempt* running = find(fields.key)) {
        running->texts.ran_on = body.get_numbers();
        end(fields.key, from_ns(fields.start_ns), from_ns(fields.end_ns), outcome_of(fields, running->texts),
            fields.cpu_ms, fields.maxrss_kb);
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

/// Settles the outputs, then reports.
void ProcessExecutor::Impl::end(wire::AttemptKey key, Time start, Time end, Outcome outcome, std::uint64_t cpu_ms,
                                std::uint32_t maxrss_kb) {
  RunningAttempt* const running = find(key);
  if (running == nullptr) return;
  if (outcome.cls == FailureClass::none) {
    if (auto problem = running->outputs.publish()) {
      outcome.cls = FailureClass::output;
      outcome.reason = std::move(*problem);
    }
  }
  if (outcome.cls != FailureClass::none) running->outputs.set_aside();
  for (const std::string& path : running->scratch_files) ::unlink(path.c_str());

  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = ElementId(key.element);
  report.attempt = running->attempt;
  report.start = start;
  report.end = end;
  report.cls = outcome.cls;
  report.exit = outcome.exit;
  report.cpu_ms = cpu_ms;
  report.maxrss_kb = maxrss_kb;
  report.reason = std::move(outcome.reason);
  reports_.push_back(std::move(report));
  running_.erase(report.element);
}

/// The spawner died: its children went with it, what they had started has not.
void ProcessExecutor::Impl::lose_everything() {
  is_broken_ = true;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, channel_.fd(), nullptr);
  std::vector<std::vector<std::string>> marks;
  std::vector<wire::AttemptKey> keys;
  for (const auto& [element, running] : running_) {
    marks.push_back({"FUGLE_RUN_ID=" + options_.run_id, "FUGLE_ELEMENT=" + running.id,
                     fmt::format("FUGLE_ATTEMPT={}", running.attempt)});
    keys.push_back({element.value(), running.attempt});
  }
  if (!marks.empty()) kill_processes_marked(marks);
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  for (const wire::AttemptKey key : keys) {
    const Time start = find(key)->start;
    end(key, start == Time{} ? now : start, now,
        {FailureClass::lost, 0, "lost: the spawner of its worker died while it ran"}, 0, 0);
  }
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
void ProcessExecutor::poll(std::vector<AttemptReport>& reports) { impl_->poll(reports); }
int ProcessExecutor::fd() const { return impl_->fd(); }
bool ProcessExecutor::is_broken() const { return impl_->is_broken(); }

}  // namespace fugle::executor
