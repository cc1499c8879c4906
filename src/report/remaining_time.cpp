#include "report/remaining_time.hpp"

#include <algorithm>

namespace fugle::report {

RemainingTime::RemainingTime(const scheduler::RunState& run)
    : graph_(&run.graph()), is_final_(run.graph().num_elements(), true), tasks_(run.graph().num_tasks()) {
  for (std::uint32_t e = 0; e < graph_->num_elements(); ++e) {
    const ElementId element(e);
    if (graph_->is_gate(element) || is_final(run.state(element))) continue;
    is_final_[e] = false;
    count(element, +1);
  }
}

/// It runs as long as others need it, and says nothing about how long these take.
bool RemainingTime::is_service(ElementId element) const { return graph_->task_of(element).service.is_given; }

void RemainingTime::count(ElementId element, int sign) {
  if (is_service(element)) return;
  const double estimate = to_seconds(graph_->estimate(element));
  if (estimate > 0) {
    estimates_left_s_ += sign * estimate;
    num_estimates_left_ += static_cast<std::uint64_t>(sign);
    return;
  }
  TaskStats& task = tasks_[graph_->task_id_of(element).value()];
  learned_left_s_ -= task.left_s();
  task.left += static_cast<std::uint32_t>(sign);
  learned_left_s_ += task.left_s();
  if (task.ended == 0) num_unknown_left_ += static_cast<std::uint64_t>(sign);
}

/// New elements are not final; what stood for them is left no more.
void RemainingTime::grow() {
  tasks_.resize(graph_->num_tasks());
  const auto first = static_cast<std::uint32_t>(is_final_.size());
  is_final_.resize(graph_->num_elements(), true);
  for (std::uint32_t e = first; e < graph_->num_elements(); ++e) {
    if (graph_->is_gate(ElementId(e))) continue;
    is_final_[e] = false;
    count(ElementId(e), +1);
  }
}

void RemainingTime::update(const scheduler::RunState& run, std::span<const ElementId> changed) {
  if (is_final_.size() < graph_->num_elements()) grow();
  for (const ElementId element : changed) {
    const bool has_grown = graph_->has_grown(element);
    if (has_grown && !is_final_[element.value()]) {
      is_final_[element.value()] = true;
      count(element, -1);
    }
    if (graph_->is_gate(element)) continue;
    const bool is_now_final = is_final(run.state(element));
    if (is_now_final == is_final_[element.value()]) continue;
    is_final_[element.value()] = is_now_final;
    count(element, is_now_final ? -1 : +1);
    num_settled_ += is_now_final ? 1 : -1;
  }
}

void RemainingTime::observe(ElementId element, Duration took) {
  if (is_service(element)) return;
  const double seconds = std::max(0.0, to_seconds(took));
  observed_s_ += seconds;
  ++num_observed_;
  const double estimate = to_seconds(graph_->estimate(element));
  if (estimate > 0) {
    estimated_s_ += estimate;
    taken_s_ += seconds;
    return;
  }
  TaskStats& task = tasks_[graph_->task_id_of(element).value()];
  learned_left_s_ -= task.left_s();
  if (task.ended == 0) num_unknown_left_ -= task.left;
  ++task.ended;
  task.seconds += seconds;
  learned_left_s_ += task.left_s();
}

std::optional<double> RemainingTime::mean_s() const {
  if (num_observed_ > 0) return observed_s_ / static_cast<double>(num_observed_);
  if (num_estimates_left_ > 0) return estimates_left_s_ / static_cast<double>(num_estimates_left_);
  return std::nullopt;
}

std::optional<double> RemainingTime::seconds_of(ElementId element) const {
  const double estimate = to_seconds(graph_->estimate(element));
  if (estimate > 0) return estimate * bias();
  const TaskStats& task = tasks_[graph_->task_id_of(element).value()];
  return task.ended > 0 ? task.seconds / task.ended : mean_s();
}

std::optional<Duration> RemainingTime::eta(Duration elapsed, std::span<const scheduler::RunningAttempt> running,
                                           Time now) const {
  // Other tasks say little about one that has never run: no guess while most of the work would be guessed so.
  if (num_unknown_left_ > num_observed_) return std::nullopt;
  const std::optional<double> mean = mean_s();
  double left =
      estimates_left_s_ * bias() + learned_left_s_ + static_cast<double>(num_unknown_left_) * mean.value_or(0);
  double done = observed_s_;
  for (const auto& attempt : running) {
    if (is_service(attempt.element)) continue;
    const double so_far = std::max(0.0, to_seconds(now - attempt.start));
    done += so_far;
    left -= std::min(so_far, seconds_of(attempt.element).value_or(0));
  }
  if (done <= 0 || elapsed <= Duration::zero()) return std::nullopt;
  return from_seconds(std::max(0.0, left) * to_seconds(elapsed) / done);
}

}  // namespace fugle::report
