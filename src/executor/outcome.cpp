#include "executor/outcome.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "topology/topology.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using scheduler::AttemptReport;

struct Outcome {
  FailureClass cls = FailureClass::none;
  std::int32_t exit = 0;  ///< exit code, or minus the signal
  std::string reason{};
};

/// Not the task's fault: the machine had no room, or the file system a bad moment.
bool is_machines_fault(int error) {
  switch (error) {
    case EAGAIN:
    case ENOMEM:
    case ENFILE:
    case EMFILE:
    case EIO:
    case ESTALE:
    case ETXTBSY: return true;
    default: return false;
  }
}

Outcome outcome_of_no_process(int error) {
  if (error == ECANCELED) return {FailureClass::cancelled, 0, "stopped before it started"};
  return {FailureClass::launch, 0, fmt::format("could not be started ({})", std::strerror(error))};
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

Outcome outcome_of_refusal(const wire::RefusedFields& refused, const AttemptTexts& texts) {
  if (refused.step == wire::Step::make_process) return outcome_of_no_process(refused.error);
  if (refused.step == wire::Step::find_space && refused.error == 0)
    return {FailureClass::launch, 0,
            fmt::format("{} are free for its scratch directory in '{}' on this node, and it wants {}",
                        format_bytes(refused.free_bytes), folder_of(texts.scratch), format_bytes(texts.scratch_bytes))};
  return {is_machines_fault(refused.error) || refused.error == ENOSPC ? FailureClass::launch : FailureClass::setup, 0,
          fmt::format("cannot make scratch directory '{}' ({}); choose a writable place on the node with 'scratch'",
                      texts.scratch, std::strerror(refused.error))};
}

Outcome outcome_of_failed_exec(int error, const std::string& program) {
  if (is_machines_fault(error)) return outcome_of_no_process(error);
  if (error == ENOENT)
    return {FailureClass::error, 127,
            fmt::format("program '{}' or the interpreter of its first line was not found; check the name and PATH",
                        program)};
  return {FailureClass::error, 126,
          fmt::format("program '{}' cannot be executed ({}); check its permissions and format", program,
                      std::strerror(error))};
}

/// Of ranges of exit codes.
using Codes = std::vector<std::pair<int, int>>;

Outcome outcome_of_status(int wait_status, const Codes& good = {}) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return {FailureClass::signal, -signal, fmt::format("killed by {}", name_of_signal(signal))};
  }
  const int code = WEXITSTATUS(wait_status);
  const bool is_good = good.empty() ? code == 0 : std::ranges::any_of(good, [code](const auto& codes) {
    return codes.first <= code && code <= codes.second;
  });
  if (is_good) return {FailureClass::none, code};
  return {FailureClass::error, code,
          code == 0 ? "exit code 0, which is none of its 'ok_exit_codes'" : fmt::format("exit code {}", code)};
}

/// `reason`: what the function said.
Outcome outcome_of_call(const wire::EndedFields& ended, const std::string& reason) {
  switch (ended.call_end) {
    case wire::CallEnd::good: return {};
    case wire::CallEnd::bad: return {FailureClass::error, ended.call_exit, reason};
    case wire::CallEnd::not_callable: return {FailureClass::setup, ended.call_exit, reason};
    case wire::CallEnd::none: break;
  }
  if (WIFSIGNALED(ended.wait_status)) return outcome_of_status(ended.wait_status);
  const int code = WEXITSTATUS(ended.wait_status);
  return {FailureClass::error, code,
          fmt::format("its function ended the process with exit code {}; it is to return instead", code)};
}

/// Empty when there is nothing odd.
std::string odd_cleanup(const wire::EndedFields& ended) {
  const int status = ended.cleanup_status;
  switch (ended.cleanup) {
    case wire::Cleanup::none: break;
    case wire::Cleanup::done:
      if (const Outcome outcome = outcome_of_status(status); outcome.cls != FailureClass::none)
        return fmt::format("cleanup failed: {}", outcome.reason);
      break;
    case wire::Cleanup::timed_out: return "cleanup failed: it ran longer than 'grace' allows and was killed";
    case wire::Cleanup::no_time: return "cleanup not run: the grace was over";
    case wire::Cleanup::failed: return fmt::format("cleanup could not be started ({})", std::strerror(status));
  }
  return {};
}

/// Empty when there is nothing odd.
std::string odd_binding(int bind_error, const AttemptTexts& texts) {
  if (bind_error != 0)
    return fmt::format("could not be bound to cpus {} ({}) and ran without", topology::list_text(texts.cpus),
                       std::strerror(bind_error));
  if (texts.ran_on.empty()) return {};
  return fmt::format("bound to cpus {}, but it ran on {} (its command changes the binding)",
                     topology::list_text(texts.cpus), topology::list_text(texts.ran_on));
}

Outcome classify(const wire::EndedFields& ended, const AttemptTexts& texts) {
  if (ended.error != 0 && ended.step == wire::Step::enter_workdir)
    return {is_machines_fault(ended.error) ? FailureClass::launch : FailureClass::setup, 127,
            fmt::format("cannot enter working directory '{}' ({}); create it or correct 'workdir'", texts.workdir,
                        std::strerror(ended.error))};
  if (ended.error != 0) return outcome_of_failed_exec(ended.error, texts.program);
  Outcome outcome = ended.is_call != 0 ? outcome_of_call(ended, texts.call_reason)
                                       : outcome_of_status(ended.wait_status, texts.ok_exit_codes);
  if (ended.oom_in_group != 0) {
    outcome.cls = FailureClass::oom;
    outcome.reason = fmt::format(
        "needed more memory than its limit of {} (peak {}; the kernel killed a process of it); raise 'resources.mem'",
        format_bytes(texts.memory_limit), format_bytes(ended.memory_bytes));
  } else if (ended.memory_bytes > 0) {
    outcome.cls = FailureClass::oom;
    outcome.reason = fmt::format("used {} of memory (its limit is {}); raise 'resources.mem'",
                                 format_bytes(ended.memory_bytes), format_bytes(texts.memory_limit));
  } else if (ended.oom_killed != 0) {
    outcome.cls = FailureClass::oom;
    outcome.reason = "a process of it was killed by the kernel (out of memory); raise 'resources.mem'";
  } else if (ended.timed_out != 0) {
    outcome.cls = FailureClass::timeout;
    outcome.reason = fmt::format("ran longer than its timeout of {}", format_duration(texts.timeout));
  } else if (ended.stopped != 0) {
    outcome.cls = FailureClass::cancelled;
    outcome.reason = texts.stop_reason == scheduler::StopReason::shutdown ? "stopped: the run is ending" : "cancelled";
  }
  return outcome;
}

AttemptReport report_with(wire::AttemptKey key, const Outcome& outcome) {
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = ElementId(key.element);
  report.attempt = static_cast<std::uint16_t>(key.attempt);
  report.cls = outcome.cls;
  report.exit = outcome.exit;
  report.reason = outcome.reason;
  return report;
}

}  // namespace

std::string name_of_signal(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

AttemptReport report_of(const wire::EndedFields& ended, const AttemptTexts& texts) {
  Outcome outcome = classify(ended, texts);
  const auto note = [&outcome](const std::string& words) {
    if (!words.empty()) outcome.reason += (outcome.reason.empty() ? "" : "; ") + words;
  };
  if (outcome.cls == FailureClass::none) note(odd_binding(ended.bind_error, texts));
  note(odd_cleanup(ended));
  if (ended.dropped_bytes > 0)
    note(fmt::format("{} of its output could not be written to the log (disk full?)",
                     format_bytes(ended.dropped_bytes)));
  if (ended.cut_bytes > 0)
    note(fmt::format("{} of its output were dropped because the log keeps only so much of an attempt",
                     format_bytes(ended.cut_bytes)));
  if (ended.scratch_stayed != 0) note(fmt::format("its scratch directory '{}' could not be removed", texts.scratch));
  AttemptReport report = report_with(ended.key, outcome);
  report.start = from_ns(ended.start_ns);
  report.end = from_ns(ended.end_ns);
  report.cpu_ms = ended.cpu_ms;
  report.maxrss_kb = static_cast<std::uint32_t>(std::min<std::uint64_t>(ended.maxrss_kb, UINT32_MAX));
  report.read_bytes = ended.read_bytes;
  report.written_bytes = ended.written_bytes;
  return report;
}

AttemptReport report_of_refusal(const wire::RefusedFields& refused, const AttemptTexts& texts) {
  AttemptReport report = report_with(refused.key, outcome_of_refusal(refused, texts));
  report.start = report.end = from_ns(refused.time_ns);
  return report;
}

AttemptReport report_unstarted(const scheduler::Launch& launch, graph::FailureClass cls, std::string reason,
                               Time when) {
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = launch.element;
  report.attempt = launch.attempt;
  report.start = report.end = when;
  report.cls = cls;
  report.reason = std::move(reason);
  return report;
}

}  // namespace fugle::executor
