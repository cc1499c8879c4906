#include "app/preemption_shield.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <utility>

namespace fugle::app {
namespace {

using scheduler::AttemptReport;
using scheduler::FailureClass;

// Slurm's daemon signals the processes of a step one after another, within milliseconds; a loaded node takes longer.
constexpr std::chrono::seconds kSignalsAreApart{2};
// From its SIGTERM to its SIGKILL a job has KillWait (slurm.conf), 30 s by default.
constexpr std::chrono::minutes kEndTakes{5};

bool is_failure(const AttemptReport& report) {
  return report.kind == AttemptReport::Kind::ended &&
         (report.cls == FailureClass::error || report.cls == FailureClass::signal ||
          report.cls == FailureClass::output);
}

/// A shell turns the signal of its command into an exit code.
bool is_end_by_term(const AttemptReport& report) {
  return is_failure(report) && (report.exit == -SIGTERM || report.exit == 128 + SIGTERM);
}

AttemptReport preempted(AttemptReport report) {
  report.cls = FailureClass::preempted;
  report.reason = "the job was told to end";
  return report;
}

}  // namespace

PreemptionShield::PreemptionShield(scheduler::Executor& inner, std::function<std::optional<Instant>()> last_term,
                                   std::function<Instant()> now)
    : inner_(inner), last_term_(std::move(last_term)), now_(std::move(now)) {}

bool PreemptionShield::was_told_to_end(Instant now) const {
  const auto term = last_term_();
  return term && now - *term < kEndTakes;
}

void PreemptionShield::poll(std::vector<AttemptReport>& reports) {
  const Instant now = now_();
  const bool is_told = was_told_to_end(now);
  std::vector<AttemptReport> fresh;
  inner_.poll(fresh);
  for (Kept& kept : std::exchange(kept_, {})) {
    if (is_told)
      reports.push_back(preempted(std::move(kept.report)));
    else if (kept.until <= now)
      reports.push_back(std::move(kept.report));
    else
      kept_.push_back(std::move(kept));
  }
  for (AttemptReport& report : fresh) {
    if (is_told && is_failure(report))
      reports.push_back(preempted(std::move(report)));
    else if (is_end_by_term(report))
      kept_.push_back({std::move(report), now + kSignalsAreApart});
    else
      reports.push_back(std::move(report));
  }
}

std::optional<std::chrono::nanoseconds> PreemptionShield::time_left() const {
  if (kept_.empty()) return std::nullopt;
  const auto first = std::ranges::min_element(kept_, {}, &Kept::until);
  return std::max<std::chrono::nanoseconds>(first->until - now_(), std::chrono::nanoseconds(0));
}

}  // namespace fugle::app
