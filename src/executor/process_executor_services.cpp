// Services of a ProcessExecutor: asking whether they are ready, and ending them. What is asked, and what ends them,
// runs beside them as *helpers*: attempts of the spawner with numbers that no attempt of the scheduler has.
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include "executor/command.hpp"
#include "executor/outcome.hpp"
#include "executor/process_executor_impl.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;

constexpr std::uint32_t kAsks = 1u << 16;
constexpr std::uint32_t kStops = 1u << 17;

/// Empty when it ended well.
std::string problem_of(const wire::EndedFields& ended, Duration limit) {
  if (ended.error != 0) return std::strerror(ended.error);
  if (ended.timed_out != 0)
    return fmt::format("longer than {}s", std::chrono::floor<std::chrono::seconds>(limit).count());
  if (WIFSIGNALED(ended.wait_status)) return fmt::format("killed by {}", name_of_signal(WTERMSIG(ended.wait_status)));
  const int code = WEXITSTATUS(ended.wait_status);
  return code == 0 ? "" : fmt::format("exit code {}", code);
}

/// For ranks that srun has started: it answers TERM by killing them, and hands on no INT. `mark` holds their step. What
/// scancel says means little: it complains of steps that the signal has ended.
std::vector<std::string> signal_to_step(const std::string& mark, int signal) {
  const char* const script =
      R"(step=$(cat "$1") && [ -n "$step" ] && command -v scancel && { scancel --signal="$2" "$step" || true; })";
  return {"/bin/sh", "-c", script, "sh", mark, std::to_string(signal)};
}

}  // namespace

void ProcessExecutor::Impl::prepare_service(const scheduler::Launch& launch, const graph::ElementText& text,
                                            const graph::SlotValues& slots, const AttemptFiles& files,
                                            RunningAttempt& running) const {
  const graph::Service& rules = launch.task->service;
  running.service = std::make_unique<RunningService>(rules.ready_timeout);
  RunningService& service = *running.service;
  service.ready_command = side_command(launch, text.ready_command, slots, ".ready", files);
  service.stop_command = side_command(launch, text.stop_command, slots, ".stop", files);
  service.stop_signal = rules.stop_signal;
  const RankedAttempt& ranked = running.ranked;
  if (service.stop_command.empty() && ranked.by_srun && !ranked.mark.empty())
    service.stop_command = signal_to_step(ranked.mark, service.stop_signal);
  service.grace = launch.task->grace;
  service.workdir = running.texts.workdir;
  if (launch.place.is_real) service.place = launch.place;
}

/// Killed when it takes longer.
void ProcessExecutor::Impl::start_helper(ElementId element, RunningAttempt& running, std::uint32_t kind,
                                         Duration limit) {
  RunningService& service = *running.service;
  ++service.num_helpers;
  wire::StartFields fields;
  fields.key = {element.value(), running.attempt | kind};
  fields.timeout_ns = std::max<Duration>(limit, std::chrono::milliseconds(1)).count();
  fields.is_quiet = 1;
  wire::FrameWriter(channel_.outgoing(), wire::Kind::start)
      .put(fields)
      .put_numbers(service.place.cpus)
      .put_numbers(service.place.numa_nodes)
      .put_text(service.workdir)
      .put_texts(kind == kAsks ? service.ready_command : service.stop_command)
      .put_texts(service.environment)
      .put_text("")
      .put_texts({})
      .put_text("")
      .put_bytes("");
  send();
}

/// At once.
void ProcessExecutor::Impl::stop_helper(ElementId element, const RunningAttempt& running, std::uint32_t kind) {
  wire::FrameWriter(channel_.outgoing(), wire::Kind::stop)
      .put(wire::StopFields{{element.value(), running.attempt | kind}, 0, 0});
  send();
}

void ProcessExecutor::Impl::take_of_helper(const wire::Frame& frame, wire::AttemptKey key) {
  const std::uint32_t kind = key.attempt & (kAsks | kStops);
  RunningAttempt* const running = find({key.element, key.attempt & UINT16_MAX});
  if (running == nullptr || running->service == nullptr) return;
  wire::FrameReader body(frame.body);
  const ElementId element(key.element);
  switch (frame.kind) {
    case wire::Kind::said:
      (void)body.get<wire::AttemptKey>();
      running->service->said = body.get_bytes();
      break;
    case wire::Kind::refused:
      end_helper(element, *running, kind, std::strerror(body.get<wire::RefusedFields>().error));
      break;
    case wire::Kind::ended: {
      const auto fields = body.get<wire::EndedFields>();
      end_helper(element, *running, kind, problem_of(fields, Duration(fields.end_ns - fields.start_ns)));
      break;
    }
    default: break;
  }
}

/// A stop command that fails does not end the service: then a signal is to.
void ProcessExecutor::Impl::end_helper(ElementId element, RunningAttempt& running, std::uint32_t kind,
                                       const std::string& problem) {
  RunningService& service = *running.service;
  --service.num_helpers;
  const std::string said = std::exchange(service.said, {});
  if (service.ended) {
    if (service.num_helpers == 0) end(AttemptReport(*service.ended));
    return;
  }
  if (kind == kStops) {
    if (problem.empty()) return;
    wire::FrameWriter(channel_.outgoing(), wire::Kind::stop)
        .put(wire::StopFields{key_of(element), 0, service.stop_signal});
    return send();
  }
  if (!service.probe.hear(problem, said, std::chrono::steady_clock::now())) return;
  AttemptReport ready;
  ready.kind = AttemptReport::Kind::ready;
  ready.element = element;
  ready.attempt = running.attempt;
  ready.start = running.start;
  ready.end = unix_now();
  reports_.push_back(std::move(ready));
}

/// The signal, or the command, and what has not ended after the grace is killed.
void ProcessExecutor::Impl::stop_service(ElementId element, RunningAttempt& running, bool is_shutdown) {
  RunningService& service = *running.service;
  if (std::exchange(service.is_stopping, true)) return;
  if (service.num_helpers > 0) stop_helper(element, running, kAsks);
  service.probe.end();
  const bool has_started = running.start != Time{};
  const bool by_command = has_started && !service.stop_command.empty();
  wire::FrameWriter(channel_.outgoing(), wire::Kind::stop)
      .put(wire::StopFields{key_of(element), is_shutdown, by_command ? 0 : service.stop_signal});
  if (by_command)
    start_helper(element, running, kStops, service.grace);
  else
    send();
}

bool ProcessExecutor::Impl::look_after_services() {
  bool asks = false;
  const auto now = std::chrono::steady_clock::now();
  for (auto& [element, running] : running_) {
    if (running.service == nullptr) continue;
    ReadyProbe& probe = running.service->probe;
    const ReadyProbe::Act act = probe.act(now);
    if (act == ReadyProbe::Act::ask) start_helper(element, running, kAsks, probe.limit(now));
    if (act == ReadyProbe::Act::give_up) stop_service(element, running, false);
    asks = asks || probe.is_asking();
  }
  return asks;
}

/// Not before its helpers have ended: nothing of an attempt is left when its end is told.
bool ProcessExecutor::Impl::may_end_service(AttemptReport& report, RunningAttempt& running) {
  RunningService& service = *running.service;
  service.probe.end();
  if (service.num_helpers > 0 && !is_broken_) {
    if (!service.is_stopping) stop_helper(report.element, running, kAsks);
    service.ended = report;
    return false;
  }
  if (service.probe.has_given_up()) {
    report.cls = FailureClass::timeout;
    report.reason = service.probe.reason();
  }
  return true;
}

}  // namespace fugle::executor
