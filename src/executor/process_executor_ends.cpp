// What the spawner says of attempts, and what becomes of their outputs.
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/assert.hpp"
#include "base/regular_file.hpp"
#include "executor/dataset_metrics.hpp"
#include "executor/file_system.hpp"
#include "executor/found.hpp"
#include "executor/given_values.hpp"
#include "executor/leftovers.hpp"
#include "executor/measure.hpp"
#include "executor/outcome.hpp"
#include "executor/process_executor_impl.hpp"

namespace fugle::executor {

using graph::FailureClass;
using scheduler::AttemptReport;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::size_t kMostOfDatasets = 64 << 20;  ///< bytes

/// Empty: there is none.
std::string text_of_datasets(const std::string& path) {
  if (path.empty()) return {};
  const RegularFile file = open_regular(path);
  return file.is_open() ? read_all(file, kMostOfDatasets).value_or("") : std::string();
}

}  // namespace

void ProcessExecutor::Impl::take(const wire::Frame& frame) {
  wire::FrameReader body(frame.body);
  if (const auto key = wire::FrameReader(frame.body).get<wire::AttemptKey>(); key.attempt > UINT16_MAX)
    return take_of_helper(frame, key);
  switch (frame.kind) {
    case wire::Kind::started: note_start(body.get<wire::StartedFields>()); break;
    case wire::Kind::refused: {
      const auto fields = body.get<wire::RefusedFields>();
      if (const RunningAttempt* running = find(fields.key)) end(report_of_refusal(fields, running->texts));
      break;
    }
    case wire::Kind::found:
      if (RunningAttempt* running = find(body.get<wire::AttemptKey>())) running->found = get_found(body);
      break;
    case wire::Kind::ended: {
      const auto fields = body.get<wire::EndedFields>();
      if (RunningAttempt* running = find(fields.key)) {
        running->texts.ran_on = body.get_numbers();
        running->texts.call_reason = body.get_bytes();
        running->result = body.get_bytes();
        AttemptReport report = report_of(fields, running->texts);
        judge_setup(report, *running);
        if (report.cls == FailureClass::none && !running->metrics.empty())
          judge_metrics(running->metrics,
                        join_found(running->metrics, running->found, text_of_datasets(running->dataset_file)), report);
        end(report);
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
  if (running == nullptr || running->is_hosted) return;
  running->start = from_ns(fields.start_ns);
  if (running->service != nullptr) {
    running->service->probe.begin(std::chrono::steady_clock::now());
    tick_every(kTick);
  }
  AttemptReport report;
  report.kind = AttemptReport::Kind::started;
  report.element = ElementId(fields.key.element);
  report.attempt = running->attempt;
  report.start = running->start;
  reports_.push_back(std::move(report));
}

/// The spawner is done with it.
void ProcessExecutor::Impl::end(AttemptReport report) {
  RunningAttempt& running = running_.at(report.element);
  if (running.is_hosted) return note_end_of_daemon(report);
  if (running.service != nullptr && !may_end_service(report, running)) return;
  if (running.ranked.is_ranked) judge_ranks(report, running);
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

/// Whether its outputs are as they should be; those that are no files are read. Says so in the report.
void ProcessExecutor::Impl::settle_outputs(AttemptReport& report, RunningAttempt& running) {
  std::optional<std::string> problem = running.outputs.find_missing();
  GivenValues given;
  if (!problem && running.task != nullptr) {
    given = read_given_values(*running.task, running.output_paths, running.value_file);
    if (!given.problem.empty()) problem = std::move(given.problem);
  }
  for (graph::GivenValue& value : given.values) secrets_.apply(value.text);
  if (!problem) problem = running.outputs.rename();
  std::string& said = problem ? *problem : given.remark;
  if (!said.empty()) report.reason = report.reason.empty() ? said : fmt::format("{}; {}", said, report.reason);
  if (problem)
    report.cls = FailureClass::output;
  else
    report.values = given.values.empty() ? "" : graph::encode_values(given.values);
}

/// Settles the outputs, then reports.
void ProcessExecutor::Impl::finish(AttemptReport report, RunningAttempt& running) {
  if (report.cls == FailureClass::none) settle_outputs(report, running);
  // Whoever stops a service may be content with it.
  const bool was_stopped = running.service != nullptr && report.cls == FailureClass::cancelled;
  const bool has_outputs = was_stopped && !running.outputs.publish();
  if (report.cls != FailureClass::none && !has_outputs) running.outputs.set_aside();
  for (const std::string& path : running.scratch_files) ::unlink(path.c_str());
  if (report.cls == FailureClass::none && running.is_call && options_.keep_result)
    options_.keep_result(report.element, report.attempt, std::move(running.result));
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
  const bool asks = look_after_services();
  wake_stopped_spawner();
  tick_every(!unsettled_.empty() || asks ? kTick : running_.empty() ? std::chrono::nanoseconds(0) : kSlowTick);
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
    marks.push_back(marks_of(running.id, running.attempt));
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
  while (!hosted_.empty()) {
    Hosted& hosted = hosted_.begin()->second;
    hosted.report.cls = FailureClass::lost;
    hosted.report.reason = "lost: the spawner of its worker died while it ran";
    leave(hosted_.begin()->first);
  }
}

}  // namespace fugle::executor
