#include "scheduler/head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::scheduler {
namespace {

using namespace std::chrono_literals;

constexpr Duration kBusyTick = 100ms;
constexpr Duration kQuietTick = 1s;

}  // namespace

Head::Head(HeadOptions options, Outbox& outbox, std::uint32_t num_ranks)
    : options_(std::move(options)),
      run_(*options_.run),
      graph_(run_.graph()),
      outbox_(outbox),
      workers_(num_ranks),
      tokens_(graph_),
      ready_(run_, options_.plan, tokens_, num_ranks),
      running_(graph_.num_elements()),
      leases_(run_, options_.plan, workers_, tokens_),
      values_(run_),
      decisions_(graph_),
      granter_(run_, options_, workers_, leases_, ready_, tokens_, running_, parties_, decisions_, outbox_),
      sharpener_(graph_, std::move(options_.known_s)) {}

// ---- what came in

void Head::begin_life(Time now) {
  has_begun_ = true;
  life_started_ = now;
  Event started = event_of(EventKind::run_started, now);
  started.exit = static_cast<std::int32_t>(run_.num_lives());
  started.text = options_.life_text;
  record(std::move(started));
  if (options_.retry_failed && run_.num_lives() > 1) record(event_of(EventKind::retry_all, now));
  begin_values(now);
  effects_.ready.clear();
  effects_.retry_wait.clear();
  num_settled_ = effects_.changed.size();
  leases_.begin_life();
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
    const ElementId e(i);
    if (run_.state(e) == State::ready) queue(e);
    if (run_.state(e) == State::retry_wait && !is_left_out(e)) retries_.emplace(run_.retry_at(e), e);
    if (run_.services().is_unneeded(e)) unneeded_.push_back(e);
    note_failure(e);  // the last life may have died before it could act on it
  }
  beyond_tolerance_ = run_.tasks_beyond_tolerance();
  plan_checkpoints();
}

void Head::record(Event event) {
  apply(run_, event, effects_);
  batch_.push_back(std::move(event));
}

void Head::on_message(WorkerId from, const Message& message, Time now) {
  if (!has_begun_) begin_life(now);
  make_room_for(from);
  workers_.at(from).info.last_heard = now;
  if (const auto* hello = std::get_if<Hello>(&message))
    on_hello(from, *hello, now);
  else if (const auto* report = std::get_if<Report>(&message))
    on_report(from, *report, now);
  else if (const auto* tenure = std::get_if<Tenure>(&message))
    on_tenure(from, *tenure, now);
  else if (const auto* placed = std::get_if<Placed>(&message))
    on_placed(from, *placed);
  else if (const auto* carry = std::get_if<CarryWord>(&message))
    on_word(carry->word);
  else if (const auto* value = std::get_if<CarryValue>(&message))
    on_value_word(from, value->word, now);
  else
    FUGLE_CHECK_THAT(false, "the head got a message meant for a worker");
}

void Head::on_hello(WorkerId from, const Hello& hello, Time now) {
  workers_.join(from, hello);
  if (phase_ == Phase::leaving && workers_.at(from).is_guest) outbox_.send(from, Shutdown{});
  if (hello.cores == 0) return;
  if (workers_.at(from).last_end != kNever) departures_.emplace(workers_.at(from).last_end, from, TaskId());
  granter_.reconsider_what_was_put_aside();
  infos_are_old_ = true;
  Event joined = event_of(EventKind::worker_joined, now);
  joined.worker = from;
  joined.text = hello.node;
  joined.cpu_ms = hello.cores;
  joined.maxrss_kb = static_cast<std::uint32_t>(hello.mem_bytes >> 20);
  record(std::move(joined));
}

void Head::on_report(WorkerId from, const Report& report, Time now) {
  for (const AttemptReport& attempt : report.attempts) on_attempt(from, attempt);
  for (const ElementId e : report.returned) on_returned(from, e, now);
  // An empty answer can not come: a worker that has nothing to give back says so by its next report.
  if (!report.returned.empty() || !report.attempts.empty()) workers_.set_revoking(from, false);
  if (!report.goodbye) return;
  if (phase_ == Phase::leaving)
    workers_.say_goodbye(from);
  else
    on_lost(from, now, "left");  // unasked: it can start nothing any more
}

void Head::on_attempt(WorkerId from, const AttemptReport& report) {
  const ElementId e = report.element;
  if (report.kind == AttemptReport::Kind::ready) return on_ready(from, report);
  if (report.kind == AttemptReport::Kind::ended)
    return parties_.has(e) ? on_part_ended(from, report) : end_attempt(from, report, from);
  note_answer(e);
  note_start(from, e);
  Event event = event_of(EventKind::attempt_started, e, report.attempt, from, report.start);
  running_.add({e, report.attempt, from, report.start});
  const TaskId task = graph_.task_id_of(e);
  if (is_asked_.contains(task) || is_asked_there_.contains({from, task})) ask_for_checkpoint(*running_.find(e));
  record(std::move(event));
  settle_effects();  // some may have waited for the start
}

void Head::note_start(WorkerId worker, ElementId e) {
  FUGLE_EXPECT(leases_.holder_of(e) == worker, "a report about an element that the worker does not hold");
  hold_wanted_.erase(e);
  workers_.mark_started(worker, options_.plan.order[e.value()]);
  use_cores(worker, e, 1);
}

/// `blamed`: where what went wrong did.
void Head::end_attempt(WorkerId from, const AttemptReport& report, WorkerId blamed) {
  const ElementId e = report.element;
  note_answer(e);
  if (must_recall_users(e, report.end)) {
    closings_[e].end = {from, report, blamed};
    return;
  }
  WorkerTable::Entry& worker = workers_.at(from);
  const bool is_there = worker.info.alive;  // else it led a party, and was lost after its own part had ended
  if (is_there && running_.find(e) == nullptr) note_start(from, e);
  FUGLE_EXPECT(!is_there || leases_.holder_of(e) == from, "a report about an element that the worker does not hold");
  hold_wanted_.erase(e);
  Event event = event_of(EventKind::attempt_ended, e, report.attempt, from, report.start);
  if (!report.measures.empty())
    for (Observer* const observer : options_.observers) observer->on_measures(e, report.attempt, report.measures);
  event.end = report.end;
  event.cls = report.cls;
  // A stop that will be resumed is no verdict about the element: it is READY again for the next life.
  const bool is_preempted = is_stopping_ && (run_.stop_code() == static_cast<int>(ExitCode::incomplete) ||
                                             run_.stop_code() == static_cast<int>(ExitCode::conflict));
  if (report.cls == FailureClass::cancelled && (is_preempted || worker.is_dismissed) && !cancel_wanted_.contains(e))
    event.cls = FailureClass::preempted;
  // It was asked to write a checkpoint and leave: however it left, it goes on in the next life.
  if (report.cls != FailureClass::none && report.cls != FailureClass::cancelled &&
      signalled_.contains({e, report.attempt}))
    event.cls = FailureClass::preempted;
  event.exit = report.exit;
  event.cpu_ms = report.cpu_ms;
  event.maxrss_kb = report.maxrss_kb;
  event.read_bytes = report.read_bytes;
  event.written_bytes = report.written_bytes;
  event.text = report.reason;
  const bool is_service = run_.services().is_service(e);
  if (is_service) judge_service(event);

  running_.remove(e);
  if (is_there) use_cores(from, e, -1);
  ++worker.info.num_ended;
  const auto wanted = cancel_wanted_.extract(e);
  if (is_there) leases_.release(e);
  std::vector<ElementId> left;  // the lease
  if (report.cls == FailureClass::none && !is_service) {
    granter_.learn(e, from, report.end - report.start);
    sharpener_.learn(graph_.task_id_of(e), to_seconds(report.end - report.start));
  } else {
    left = leases_.release_dependents(e);
  }
  const FailureClass cls = event.cls;
  if (cls == FailureClass::none) record_outputs(from, report);
  record(std::move(event));
  if (cls == FailureClass::none) note_value(e, from);
  if (wanted && (report.cls == FailureClass::cancelled || !is_final(run_.state(e))))
    record(wish_of(EventKind::cancel_element, e, wanted.mapped(), report.end));
  for (const ElementId other : left) take_up_again(other, report.end);
  if (workers_.is_alive(blamed))
    note_health(e, blamed, cls, report.end);
  else if (graph::is_infrastructure(cls))
    granter_.avoid(e, blamed);  // the loss of the worker counts already
  settle_effects();
  note_failure(e);
}

void Head::on_returned(WorkerId from, ElementId element, Time now) {
  if (leases_.holder_of(element) != from) return;
  note_answer(element);
  granter_.leave_lease(element);
  leases_.release(element);
  const std::vector<ElementId> left = leases_.release_dependents(element);
  take_up_again(element, now);
  for (const ElementId e : left) take_up_again(e, now);
  settle_effects();
}

/// No worker has it any more, and it did not start.
void Head::take_up_again(ElementId e, Time now) {
  if (const auto wanted = cancel_wanted_.extract(e))
    record(wish_of(EventKind::cancel_element, e, wanted.mapped(), now));
  else if (const auto held = hold_wanted_.extract(e))
    record(wish_of(EventKind::hold_element, e, held.mapped(), now));
  else if (run_.state(e) == State::ready)
    queue(e);
}

/// While `finally` runs nothing else starts any more. What was recalled will wait for its service.
void Head::queue(ElementId e) {
  if (is_recalled(e) || is_left_out(e)) return;
  if (run_.has_finally_begun() != graph_.task_of(e).runs_finally) return;
  if (decisions_.are_wanted_of(e) && !decisions_.has(e))
    undecided_.push_back(e);
  else
    ready_.push(e);
}

/// What apply() made READY or due later: a held element is its worker's business, the others are queued here.
void Head::settle_effects() {
  for (const ElementId e : effects_.closed) leases_.reopen(e);
  for (const ElementId e : effects_.withdrawn) ready_.take(e);
  unneeded_.insert(unneeded_.end(), effects_.unneeded.begin(), effects_.unneeded.end());
  settle_changes();
  for (const ElementId e : effects_.ready) {
    if (run_.state(e) != State::ready) continue;
    if (leases_.is_held(e)) {
      leases_.activate(e);
      const WorkerId holder = leases_.holder_of(e);
      const bool has_room =
          run_.services().is_service(e) || workers_.fits_beside_services(holder, graph_.task_of(e).request);
      if (!has_room) outbox_.send(holder, Revoke{{e}});
    } else {
      queue(e);
    }
  }
  for (const ElementId e : effects_.retry_wait)
    if (run_.state(e) == State::retry_wait) retries_.emplace(run_.retry_at(e), e);
  beyond_tolerance_.insert(beyond_tolerance_.end(), effects_.beyond_tolerance.begin(), effects_.beyond_tolerance.end());
  effects_.beyond_tolerance.clear();
  effects_.ready.clear();
  effects_.retry_wait.clear();
  effects_.closed.clear();
  effects_.withdrawn.clear();
  effects_.unneeded.clear();
}

/// Held elements elsewhere may wait for what counts as OK now; those that will never be READY are taken away.
void Head::settle_changes() {
  for (; num_settled_ < effects_.changed.size(); ++num_settled_) {
    const ElementId e = effects_.changed[num_settled_];
    if (is_final(run_.state(e))) {
      forget_values(e);
      decisions_.forget(e);
    }
    if (run_.lets_start(e)) {
      for (const ElementId released : leases_.answer(e))
        releases_[leases_.holder_of(released)].elements.push_back(released);
    } else if (is_final(run_.state(e)) && leases_.is_held(e)) {
      take_away(e);
    }
  }
}

void Head::take_away(ElementId element) {
  outbox_.send(leases_.holder_of(element), Revoke{{element}});
  leases_.release(element);
  for (const ElementId e : leases_.release_dependents(element))
    if (cancel_wanted_.contains(e) || hold_wanted_.contains(e)) left_with_wishes_.push_back(e);
}

void Head::on_lost(WorkerId worker, Time now, const std::string& why) {
  if (!has_begun_) begin_life(now);
  make_room_for(worker);
  if (!workers_.is_alive(worker)) {
    workers_.lose(worker);
    return;
  }
  infos_are_old_ = true;
  Event lost = event_of(EventKind::worker_lost, now);
  lost.worker = worker;
  lost.text = fmt::format("worker {} on {} {}", worker.value(), workers_.at(worker).info.node, why);
  record(std::move(lost));
  const bool is_dismissed = workers_.at(worker).is_dismissed;
  const std::vector<ElementId> parts = parties_.with_part_on(worker);
  std::vector<RunningAttempt> ran;
  for (const ElementId e : leases_.lose(worker)) {
    if (parties_.has(e)) continue;  // its other parts may still end it
    tokens_.give_back(e);
    note_answer(e);
    if (const RunningAttempt* attempt = running_.find(e))
      ran.push_back(*attempt);
    else
      take_up_again(e, now);
  }
  const FailureClass cls = is_stopping_ || is_dismissed ? FailureClass::preempted : FailureClass::lost;
  for (const RunningAttempt& attempt : ran) end_lost_attempt(attempt, worker, cls, "its worker " + why, now);
  for (const ElementId e : parts)  // the end of a service may have disbanded what gathered for its users
    if (parties_.has(e)) lose_part(e, worker, now, why);
  // Another allocation may end in many ways that say nothing about its nodes.
  if (!workers_.at(worker).is_guest) {
    health_.on_lost_worker(workers_.at(worker).node);
    suspect(workers_.at(worker).node, now);
  }
  lose_values_of(worker, now);
  settle_effects();
}

void Head::end_lost_attempt(const RunningAttempt& attempt, WorkerId lost, FailureClass cls, const std::string& why,
                            Time now) {
  const ElementId e = attempt.element;
  closings_.erase(e);
  if (must_recall_users(e, now)) {
    closings_[e].loss = {attempt, lost, cls, why, now};
    return;
  }
  Event ended = event_of(EventKind::attempt_ended, e, attempt.attempt, attempt.worker, attempt.start);
  ended.end = now;
  ended.cls = cls;
  ended.text = why;
  if (run_.services().is_service(e)) judge_service(ended);
  running_.remove(e);
  if (!workers_.at(lost).is_dismissed) granter_.avoid(e, lost);
  if (!options_.plan.homes.empty()) options_.plan.homes[e.value()] = WorkerId();
  record(std::move(ended));
  if (const auto wanted = cancel_wanted_.extract(e))
    record(wish_of(EventKind::cancel_element, e, wanted.mapped(), now));
  note_failure(e);
}

// ---- what is done about it: parties in head_parties.cpp, failures in head_failures.cpp, stops and ends in
// head_ends.cpp

Time Head::step(Time now) {
  if (!has_begun_) begin_life(now);
  if (is_done_) return kNever;
  make_retries_due(now);
  for (const ElementId e : std::exchange(left_with_wishes_, {})) {
    if (const auto cancel = cancel_wanted_.extract(e))
      cancel_element(e, cancel.mapped(), now);
    else if (const auto hold = hold_wanted_.extract(e))
      hold_element(e, hold.mapped(), now);
  }
  go_on_with_closings();
  cancel_siblings(now);
  stop_unneeded_services(now);
  stop_when_wanted(now);
  ask_for_checkpoints(now);
  see_off(now);
  stop_at_the_end_of_the_allocation(now);
  decide_what_is_ready(now);
  flush_events(now);
  if (is_stopping_ || is_winding_down_ || phase_ == Phase::leaving) {
    stop_what_runs();
  } else {
    sharpen_order();
    for (auto& [worker, release] : releases_) outbox_.send(worker, std::move(release));
    start_gathered_parties(now);
    granter_.grant_what_fits(now);
    granter_.take_back_for_idle_workers(now);
  }
  releases_.clear();
  const Phase before = phase_;
  end_when_over(now);
  if (phase_ != before && phase_ == Phase::finally) return now;
  if (!is_done_ && must_settle_services()) return now;
  notify(now);
  Time deadline = next_tick_;
  if (is_done_) return kNever;
  if (!checkpoints_.empty()) deadline = std::min(deadline, checkpoints_.back().first);
  deadline = std::min(deadline, next_departure());
  if (phase_ == Phase::leaving) return deadline;
  if (!is_stopping_ && !retries_.empty()) deadline = std::min(deadline, retries_.top().first);
  return is_stopping_hard() ? deadline : std::min(deadline, granter_.last_end());
}

void Head::make_retries_due(Time now) {
  while (!retries_.empty() && retries_.top().first <= now) {
    const ElementId e = retries_.top().second;
    retries_.pop();
    // It may have been cancelled, or wait for a later time by now.
    if (run_.state(e) != State::retry_wait || run_.retry_at(e) > now) continue;
    make_due(run_, e, effects_);
    settle_effects();
  }
}

/// What is held keeps the order it was granted with; the workers have sorted it.
void Head::sharpen_order() {
  auto order = sharpener_.new_order(options_.plan);
  if (!order) return;
  workers_.reorder(options_.plan.order, *order);
  options_.plan.order = std::move(*order);
  ready_.reorder();
}

void Head::flush_events(Time now) {
  if (batch_.empty() && effects_.changed.empty()) return;
  has_news_ = true;
  next_tick_ = std::min(next_tick_, now + kBusyTick);
  if (!batch_.empty()) options_.store->append(batch_);
  std::swap(batch_effects_, effects_);
  effects_.clear();
  num_settled_ = 0;
  const HeadView current = view(now);
  for (Observer* observer : options_.observers) observer->on_events(current, batch_, batch_effects_);
  batch_.clear();
}

HeadView Head::view(Time now) {
  if (infos_are_old_) {
    infos_.clear();
    for (const WorkerTable::Entry& entry : workers_.all())
      if (entry.info.cores > 0) infos_.emplace_back(entry.info).holds_elements = !entry.held.empty();
    infos_are_old_ = false;
  }
  return {run_, infos_, running_.all(), now, life_started_, options_.store->appended(), options_.store->durable()};
}

void Head::notify(Time now) {
  if (is_done_ || now < next_tick_) return;
  next_tick_ = now + (has_news_ ? kBusyTick : kQuietTick);
  has_news_ = false;
  infos_are_old_ = true;
  const HeadView current = view(now);
  for (Observer* observer : options_.observers) observer->on_tick(current);
}

}  // namespace fugle::scheduler
