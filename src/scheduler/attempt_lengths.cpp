#include "scheduler/attempt_lengths.hpp"

#include <algorithm>
#include <cmath>

namespace fugle::scheduler {
namespace {

/// Attempts shorter than this are worth a backlog, deep enough to bridge this much time.
constexpr double kShortAttempt = 0.020;
constexpr double kBridgedTime = 0.005;
constexpr std::uint32_t kMaxBacklogPerCore = 64;
/// Of an attempt of which nobody knows how long it takes.
constexpr double kUnknownLength = 1.0;
/// Attempts that count in a moving mean: of a task, and of all.
constexpr std::uint32_t kMostOfTask = 64;
constexpr std::uint32_t kMostOfAll = 1024;

}  // namespace

void AttemptLengths::Mean::add(double value, std::uint32_t most_counted) {
  count = std::min(count + 1, most_counted);
  seconds += (value - seconds) / count;
}

AttemptLengths::AttemptLengths(const graph::Graph& graph, std::span<const float> given_s)
    : graph_(graph), given_s_(given_s), of_task_(graph.num_tasks()) {
  for (const float length : given_s_)
    if (length > 0) of_all_.add(length, graph.num_elements());
  of_all_.count = std::min(of_all_.count, kMostOfAll);
}

void AttemptLengths::learn(TaskId task, Duration length) {
  Mean& mean = of_task_[task.value()];
  mean.add(to_seconds(length), kMostOfTask);
  of_all_.add(to_seconds(length), kMostOfAll);
  has_seen_short_ones_ = has_seen_short_ones_ || mean.seconds < kShortAttempt;
}

/// Of elements that came while the run goes on: their estimate, else their timeout, as of others that no earlier run had
/// (plan/learned_durations.hpp).
float AttemptLengths::given_s(ElementId e) const {
  if (e.value() < given_s_.size()) return given_s_[e.value()];
  const graph::Task& task = graph_.task_of(e);
  if (given_s_.empty() || task.service.is_given || graph_.is_gate(e)) return 0;
  const Duration estimate = graph_.estimate(e);
  return static_cast<float>(to_seconds(estimate > Duration{0} ? estimate : task.timeout));
}

float AttemptLengths::expected_s(ElementId e) const {
  const float given = given_s(e);
  return given > 0 ? given : static_cast<float>(of_task_[graph_.task_id_of(e).value()].seconds);
}

double AttemptLengths::typical_s(ElementId e) const {
  const Mean& mean = of_task_[graph_.task_id_of(e).value()];
  if (mean.count > 0) return mean.seconds;
  return given_s(e) <= 0 ? mean_s() : given_s(e);
}

double AttemptLengths::mean_s() const { return of_all_.count > 0 ? of_all_.seconds : kUnknownLength; }

bool AttemptLengths::is_short(ElementId e) const { return typical_s(e) < kShortAttempt; }

std::uint32_t AttemptLengths::backlog_per_core(TaskId task) const {
  const Mean& mean = of_task_[task.value()];
  if (mean.count == 0 || mean.seconds >= kShortAttempt) return 0;
  const double depth = std::ceil(kBridgedTime / std::max(mean.seconds, 1e-6));
  return static_cast<std::uint32_t>(std::min<double>(depth, kMaxBacklogPerCore));
}

}  // namespace fugle::scheduler
