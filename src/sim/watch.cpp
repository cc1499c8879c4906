#include "sim/watch.hpp"

#include "base/assert.hpp"

namespace fugle::sim {

using namespace scheduler;

Watch::Watch(const graph::Graph& graph, const RunState& run, bool is_on)
    : graph_(graph),
      run_(run),
      is_on_(is_on),
      has_completed_(is_on ? graph.num_elements() : 0, false),
      latest_of_(is_on ? graph.num_elements() : 0, 0) {}

void Watch::grow() {
  has_completed_.resize(graph_.num_elements(), false);
  latest_of_.resize(graph_.num_elements(), 0);
}

void Watch::check_needs(ElementId e) const {
  for (const std::uint32_t n : graph_.needs(e)) {
    const ElementId need(n);
    const graph::TaskKind kind = graph_.task_of(need).kind;
    if (kind == graph::TaskKind::gate || kind == graph::TaskKind::use_gate)
      check_needs(need);
    else
      FUGLE_CHECK_THAT(has_completed_[n] || run_.lets_start(need), "an attempt started before its needs completed");
  }
}

void Watch::remember(const Event& event) {
  if (!is_on_) return;
  grow();
  if (event.kind != EventKind::attempt_ended || event.cls != FailureClass::none) return;
  has_completed_[event.element.value()] = true;
}

void Watch::on_start(const SimAttempt& attempt) {
  if (!is_on_) return;
  grow();
  check_needs(attempt.element);
  FUGLE_CHECK_THAT(!has_completed_[attempt.element.value()] || run_.state(attempt.element) != State::ok,
                   "an OK element was started again");
  latest_of_[attempt.element.value()] = attempts_.size();
  attempts_.push_back(attempt);
}

void Watch::on_place(std::uint32_t rank, const Launch& launch) {
  if (!is_on_) return;
  for (const std::uint32_t cpu : launch.place.cpus)
    FUGLE_CHECK_THAT(owner_.try_emplace({rank, cpu}, launch.element).second, "a CPU was given twice");
}

void Watch::on_place_left(std::uint32_t rank, ElementId element) {
  if (!is_on_ || owner_.empty()) return;
  for (auto next = owner_.lower_bound({rank, 0}); next != owner_.end() && next->first.first == rank;)
    next = next->second == element ? owner_.erase(next) : std::next(next);
}

void Watch::on_end(const SimAttempt& attempt) {
  if (!is_on_) return;
  attempts_[latest_of_[attempt.element.value()]] = attempt;
  if (attempt.completed) has_completed_[attempt.element.value()] = true;
}

}  // namespace fugle::sim
