// How a run comes to its end: requests to stop, what a person wants of single elements, the end of the allocation,
// `finally`, and leaving.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/error.hpp"
#include "scheduler/head.hpp"
#include "scheduler/what_is_left.hpp"

namespace fugle::scheduler {
namespace {

/// Of the reserve, for what a stop of `finally` itself takes.
constexpr int kLastPart = 5;

}  // namespace

void Head::stop_when_wanted(Time now) {
  if (const auto wanted = std::exchange(wanted_stop_, {}))
    request_stop(wanted->kind, static_cast<int>(ExitCode::failed), wanted->why, now);
  if (const auto fault = options_.store->fault(); fault && !has_fault_) {
    has_fault_ = true;
    const ExitCode code = options_.store->is_superseded() ? ExitCode::conflict : ExitCode::environment;
    request_stop(Engine::StopKind::stop, static_cast<int>(code), *fault, now);
  }
}

void Head::request_stop(Engine::StopKind kind, int exit_code, const std::string& why, Time now) {
  if (!has_begun_) begin_life(now);
  if (phase_ == Phase::leaving) return;
  if (is_stopping_ && (stop_kind_ == Engine::StopKind::stop || kind == Engine::StopKind::drain)) return;
  Event event = event_of(EventKind::stop_requested, now);
  event.exit = exit_code;
  event.text = why;
  record(std::move(event));
  is_stopping_ = true;
  stop_kind_ = kind;
  end_reason_ = why;
  for (std::uint32_t w = 0; w < workers_.num_ranks(); ++w)
    if (workers_.is_alive(WorkerId(w))) revoke_what_waits(WorkerId(w), now);
}

void Head::revoke_what_waits(WorkerId worker, Time now) {
  disband_what_gathers_on(worker, now);
  Revoke revoke;
  for (const ElementId e : workers_.at(worker).held)
    if (running_.find(e) == nullptr && !parties_.has(e)) revoke.elements.push_back(e);
  if (!revoke.elements.empty()) outbox_.send(worker, std::move(revoke));
}

std::vector<std::string> Head::drained_nodes() const {
  std::set<std::string> nodes;
  for (const WorkerTable::Entry& entry : workers_.all())
    if (entry.info.drained) nodes.insert(entry.info.node);
  return {nodes.begin(), nodes.end()};
}

/// Nothing is to end after this. Of the reserve `finally` gets all but what a stop of it takes.
Time Head::last_end() const {
  if (options_.end_of_allocation == kNever) return kNever;
  return options_.end_of_allocation - (phase_ == Phase::main ? options_.reserve : options_.reserve / kLastPart);
}

/// Who was asked for a checkpoint too early, as it turns out, is asked again.
void Head::set_end_of_allocation(Time end, Time now) {
  if (end == options_.end_of_allocation) return;
  options_.end_of_allocation = end;
  if (!has_begun_) begin_life(now);
  granter_.set_last_end(last_end());
  plan_checkpoints();
  std::set<TaskId> due;
  for (const auto& [when, task] : checkpoints_)
    if (when <= now) due.insert(task);
  std::erase_if(is_asked_, [&](TaskId task) { return !due.contains(task); });
  std::erase_if(asked_, [&](const auto& attempt) { return !due.contains(graph_.task_id_of(attempt.first)); });
}

void Head::plan_checkpoints() {
  checkpoints_.clear();
  if (options_.end_of_allocation == kNever) return;
  for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) {
    const graph::RestartPolicy& restart = graph_.task(TaskId(t)).restart;
    if (restart.is_given && restart.signal != 0)
      checkpoints_.emplace_back(options_.end_of_allocation - restart.lead(options_.reserve), t);
  }
  std::sort(checkpoints_.begin(), checkpoints_.end(), std::greater<>());
}

void Head::ask_for_checkpoints(Time now) {
  while (!checkpoints_.empty() && checkpoints_.back().first <= now) {
    const TaskId task = checkpoints_.back().second;
    checkpoints_.pop_back();
    is_asked_.insert(task);
    for (const RunningAttempt& attempt : running_.all())
      if (graph_.task_id_of(attempt.element) == task) ask_for_checkpoint(attempt);
  }
}

void Head::ask_for_checkpoint(const RunningAttempt& attempt) {
  if (!asked_.insert({attempt.element, attempt.attempt}).second) return;
  signalled_.insert({attempt.element, attempt.attempt});
  outbox_.send(attempt.worker, SignalAttempts{{attempt.element}, graph_.task_of(attempt.element).restart.signal});
}

/// What may end by itself in a drain may not then. That a person interrupted the run stays its outcome.
void Head::stop_at_the_end_of_the_allocation(Time now) {
  if (now < granter_.last_end() || is_stopping_hard()) return;
  was_stopped_by_end_ = true;
  const bool has_reserve = phase_ == Phase::main && options_.reserve.count() > 0;
  const bool is_interrupted = is_stopping_ && run_.stop_code() == static_cast<int>(ExitCode::interrupted);
  request_stop(Engine::StopKind::stop, static_cast<int>(is_interrupted ? ExitCode::interrupted : ExitCode::incomplete),
               fmt::format("the allocation ends{}", has_reserve ? ", its reserve begins" : ""), now);
}

/// Again at every step while stopping: something may have started before the worker heard of it.
void Head::stop_what_runs() {
  if (stop_kind_ != Engine::StopKind::stop || phase_ == Phase::leaving) return;
  std::map<WorkerId, StopAttempts> stops;
  for (const RunningAttempt& attempt : running_.all())
    if (stop_sent_.insert({attempt.element, attempt.attempt}).second)
      stops[attempt.worker].elements.push_back(attempt.element);
  for (auto& [worker, stop] : stops) outbox_.send(worker, std::move(stop));
}

void Head::cancel_element(ElementId element, const std::string& who, Time now) {
  if (!has_begun_) begin_life(now);
  if (is_final(run_.state(element)) || graph_.is_gate(element)) return;
  if (const Party* const party = parties_.find(element)) {
    cancel_wanted_[element] = who;
    if (!party->has_started) return disband(element, now);
    return outbox_.send(party->leader(), StopAttempts{{element}});
  }
  if (leases_.is_held(element)) {  // it is said who asked once the worker has answered
    cancel_wanted_[element] = who;
    outbox_.send(leases_.holder_of(element), Revoke{{element}});
    outbox_.send(leases_.holder_of(element), StopAttempts{{element}});
    return;
  }
  record(wish_of(EventKind::cancel_element, element, who, now));
  settle_effects();
}

void Head::hold_element(ElementId element, const std::string& who, Time now) {
  if (!has_begun_) begin_life(now);
  const State state = run_.state(element);
  if (is_final(state) || is_live(state) || state == State::held || graph_.is_gate(element)) return;
  if (const Party* const party = parties_.find(element)) {  // what has started is not held
    hold_wanted_[element] = who;
    if (!party->has_started) disband(element, now);
    return;
  }
  if (leases_.is_held(element)) {  // it may have started there: then it runs
    hold_wanted_[element] = who;
    outbox_.send(leases_.holder_of(element), Revoke{{element}});
    return;
  }
  record(wish_of(EventKind::hold_element, element, who, now));
  ready_.take(element);
}

void Head::release_element(ElementId element, const std::string& who, Time now) {
  if (!has_begun_) begin_life(now);
  hold_wanted_.erase(element);
  if (run_.state(element) != State::held) return;
  record(wish_of(EventKind::release_element, element, who, now));
  settle_effects();
}

/// False when nothing runs, nothing will become due, and what is READY fits on no worker there is.
bool Head::can_still_progress() {
  const bool has_active = leases_.num_active() > 0 || !parties_.is_empty();
  if (workers_.num_unanswered() > 0 || (has_active && !only_services_run())) return true;
  if (is_stopping_ || is_winding_down_) return false;
  if (run_.num_ready_services() > 0) return !retries_.empty();  // what fits beside them has been granted
  auto& classes = ready_.classes();
  return !retries_.empty() || std::any_of(classes.begin(), classes.end(), [&](ReadyQueue::Class& cls) {
    const ElementId first = ready_.first_of(cls);
    return first.is_valid() && workers_.are_able(cls.request, cls.spread) &&
           tokens_.can_ever_start(graph_.task_id_of(first));
  });
}

/// Elements whose end is not what the user wanted.
std::uint64_t Head::num_bad() const {
  return run_.count(State::failed) - run_.num_ignored() - run_.num_tolerated() + run_.count(State::blocked) +
         run_.count(State::cancelled);
}

/// Linear: at the end of a life.
Head::Asked Head::look_at_what_was_asked() const {
  Asked asked;
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
    const ElementId e(i);
    const bool has_ended = is_final(run_.state(e));
    if (graph_.is_gate(e) || graph_.task_of(e).runs_finally) continue;
    if (is_left_out(e)) {
      asked.num_left_out += has_ended ? 0 : 1;
    } else {
      asked.is_complete = asked.is_complete && has_ended;
      asked.has_bad = asked.has_bad || (has_ended && !run_.counts_as_ok(e));
    }
  }
  return asked;
}

int Head::decide_exit_code() const {
  if (!options_.left_out.empty() && !run_.is_complete())
    if (const Asked asked = look_at_what_was_asked(); asked.is_complete)
      return static_cast<int>(asked.has_bad ? ExitCode::failed : ExitCode::ok);
  const bool is_complete = run_.is_complete();
  if (run_.stop_code() != 0 && !is_complete) return run_.stop_code();
  if (is_stalled_) return static_cast<int>(ExitCode::failed);
  if (!is_complete) return static_cast<int>(workers_.num_alive() == 0 ? ExitCode::environment : ExitCode::incomplete);
  // A cancelled run is complete too once everything was ended; the user's wish stays its outcome.
  if (num_bad() > 0 && run_.stop_code() != 0) return run_.stop_code();
  return static_cast<int>(num_bad() > 0 ? ExitCode::failed : ExitCode::ok);
}

/// As FORMAT.md section 8 has it, before `finally`.
const char* Head::state_of_run() const {
  if (run_.stop_code() == static_cast<int>(ExitCode::interrupted)) return "CANCELLED";
  if (run_.stop_code() == static_cast<int>(ExitCode::incomplete)) return "INCOMPLETE";
  if (num_bad() > 0 || run_.stop_code() != 0) return "FAILED";
  return run_.is_main_complete() ? "OK" : "INCOMPLETE";
}

/// What is complete, was cancelled or can not get on does not go on in another job.
bool Head::may_begin_finally() const {
  const bool is_preempted = run_.stop_code() == 0 || run_.stop_code() == static_cast<int>(ExitCode::incomplete);
  const bool goes_on_later = options_.skip_finally || !options_.left_out.empty();
  const bool is_skipped = goes_on_later && is_preempted && !is_stalled_ && !run_.is_main_complete();
  return run_.has_finally() && !is_skipped && !has_fault_ && workers_.num_alive() > 0;
}

/// Why the run ends though not all of it has, unless that was said.
void Head::say_what_is_left(Time now) {
  const bool is_complete = phase_ == Phase::main ? run_.is_main_complete() : run_.is_complete();
  if (!end_reason_.empty() || is_complete) return;
  if (!options_.left_out.empty())
    if (const Asked asked = look_at_what_was_asked(); asked.is_complete && asked.num_left_out > 0) {
      end_reason_ =
          fmt::format("what was selected has ended; {} not selected",
                      asked.num_left_out == 1 ? "1 element was" : fmt::format("{} elements were", asked.num_left_out));
      return;
    }
  WhatIsLeft left = find_what_is_left(run_, ready_, workers_, granter_, now);
  end_reason_ = std::move(left.why);
  is_stalled_ = left.is_stall;
}

/// The reserve is theirs; what was asked to stop is over, and can be asked again.
void Head::begin_finally(Time now) {
  phase_ = Phase::finally;
  is_stopping_ = false;
  is_winding_down_ = false;
  stop_kind_ = Engine::StopKind::drain;
  retries_ = {};
  undecided_.clear();
  ready_.clear();
  granter_.begin_finally(last_end(), state_of_run());
  Event began = event_of(EventKind::finally_began, now);
  began.text = state_of_run();
  record(std::move(began));
  settle_effects();
}

void Head::end_when_over(Time now) {
  if (phase_ != Phase::leaving) {
    const bool is_over = run_.is_complete() || (phase_ == Phase::main && run_.is_main_complete());
    if (!is_over && (can_still_progress() || must_end_services_first(now))) return;
    const bool is_too_early = workers_.num_alive() == 0 && workers_.num_unanswered() > 0;
    if (phase_ == Phase::main && run_.has_finally() && is_too_early) return;  // somebody may come who can run it
    say_what_is_left(now);
    if (phase_ == Phase::main && may_begin_finally()) return begin_finally(now);
    phase_ = Phase::leaving;
    for (const WorkerTable::Entry& entry : workers_.all())
      if (!entry.is_lost && !(entry.is_guest && !entry.has_answered)) outbox_.send(entry.info.worker, Shutdown{});
  }
  if (workers_.have_all_left()) finish(now);
}

void Head::finish(Time now) {
  exit_code_ = decide_exit_code();
  Event ended = event_of(EventKind::run_ended, now);
  ended.exit = exit_code_;
  ended.text = end_reason_;
  record(std::move(ended));
  flush_events(now);
  options_.store->flush();
  if (options_.store->fault())
    exit_code_ = static_cast<int>(options_.store->is_superseded() ? ExitCode::conflict : ExitCode::environment);
  is_done_ = true;
  infos_are_old_ = true;
  const HeadView last = view(now);
  for (Observer* observer : options_.observers) observer->on_end(last);
}

}  // namespace fugle::scheduler
