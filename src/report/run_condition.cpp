#include "report/run_condition.hpp"

#include <fmt/format.h>

#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::report {

using scheduler::State;

const char* name_of(RunCondition condition) {
  switch (condition) {
    case RunCondition::ok: return "OK";
    case RunCondition::failed: return "FAILED";
    case RunCondition::cancelled: return "CANCELLED";
    case RunCondition::incomplete: return "INCOMPLETE";
    case RunCondition::running: return "RUNNING";
    case RunCondition::interrupted: return "INTERRUPTED";
    case RunCondition::queued: return "QUEUED";
  }
  return "unknown";
}

CountsView view_of(const scheduler::Counts& counts, std::uint64_t num_ignored, std::uint64_t num_tolerated) {
  const auto of = [&](State state) { return counts[static_cast<std::size_t>(state)]; };
  CountsView view;
  view.retrying = of(State::retry_wait);
  view.held = of(State::held);
  view.waiting = of(State::waiting) + view.retrying + view.held + of(State::expanding);
  view.ready = of(State::ready);
  view.running = of(State::starting) + of(State::running) + of(State::checking);
  view.ok = of(State::ok);
  view.cached = of(State::cached);
  view.skipped = of(State::skipped);
  view.blocked = of(State::blocked);
  view.failed = of(State::failed);
  view.cancelled = of(State::cancelled);
  view.ignored = num_ignored;
  view.tolerated = num_tolerated;
  view.total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  return view;
}

CountsView view_of(const scheduler::RunState& run) {
  return view_of(run.counts(), run.num_ignored(), run.num_tolerated());
}

CountsView interrupt(CountsView counts) {
  counts.interrupted = counts.running;
  counts.ready += counts.running;
  counts.running = 0;
  return counts;
}

RunCondition condition_at_end(const CountsView& counts, int exit_code) {
  if (counts.num_left() > 0) {
    if (exit_code == static_cast<int>(ExitCode::interrupted)) return RunCondition::cancelled;
    if (exit_code != static_cast<int>(ExitCode::failed)) return RunCondition::incomplete;
    return counts.num_final() > 0 ? RunCondition::failed : RunCondition::cancelled;  // never allowed to begin
  }
  if (counts.num_bad() > 0) return RunCondition::failed;
  if (counts.cancelled > 0) return RunCondition::cancelled;
  return counts.blocked > 0 ? RunCondition::failed : RunCondition::ok;
}

std::string summary_line(const CountsView& counts) {
  std::string line =
      fmt::format("ok {}  cached {}  skipped {}  blocked {}  failed {}  tolerated {}  ignored {}  cancelled {}",
                  counts.ok, counts.cached, counts.skipped, counts.blocked, counts.num_bad(), counts.tolerated,
                  counts.ignored, counts.cancelled);
  if (counts.num_left() > 0) line += fmt::format("  left {}", counts.num_left());
  return line;
}

std::string next_steps(RunCondition condition, std::string_view run, std::string_view failed_element,
                       std::string_view indent) {
  if (condition == RunCondition::ok || condition == RunCondition::running) return {};
  if (condition == RunCondition::queued) return {};
  std::string steps;
  if (!failed_element.empty())
    steps += fmt::format("{}fugle why {} {}\n", indent, run, quote_for_shell(failed_element));
  return steps + fmt::format("{}fugle resume {}\n", indent, run);
}

}  // namespace fugle::report
