#include "executor/outcome.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "topology/topology.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;

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

Outcome outcome_of_failed_exec(int error, const std::string& program) {
  if (is_machines_fault(error)) return outcome_of_refusal(error);
  if (error == ENOENT)
    return {FailureClass::error, 127,
            fmt::format("program '{}' or the interpreter of its first line was not found; check the name and PATH",
                        program)};
  return {FailureClass::error, 126,
          fmt::format("program '{}' cannot be executed ({}); check its permissions and format", program,
                      std::strerror(error))};
}

Outcome outcome_of_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return {FailureClass::signal, -signal, fmt::format("killed by {}", name_of_signal(signal))};
  }
  const int code = WEXITSTATUS(wait_status);
  if (code == 0) return {};
  return {FailureClass::error, code, fmt::format("exit code {}", code)};
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
  Outcome outcome = outcome_of_status(ended.wait_status);
  if (ended.memory_bytes > 0) {
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

}  // namespace

std::string name_of_signal(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

Outcome outcome_of_refusal(int error) {
  if (error == ECANCELED) return {FailureClass::cancelled, 0, "stopped before it started"};
  return {FailureClass::launch, 0, fmt::format("could not be started ({})", std::strerror(error))};
}

Outcome outcome_of(const wire::EndedFields& ended, const AttemptTexts& texts) {
  Outcome outcome = classify(ended, texts);
  if (outcome.cls == FailureClass::none) outcome.reason = odd_binding(ended.bind_error, texts);
  if (outcome.cls != FailureClass::none && ended.dropped_bytes > 0)
    outcome.reason += fmt::format("; {} of its output could not be written to the log (disk full?)",
                                  format_bytes(ended.dropped_bytes));
  return outcome;
}

}  // namespace fugle::executor
