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

Event event_of(EventKind kind, Time now) {
  Event event;
  event.kind = kind;
  event.start = now;
  return event;
}

Event cancellation(ElementId element, const std::string& who, Time now) {
  Event event = event_of(EventKind::cancel_element, now);
  event.element = element;
  event.text = who;
  return event;
}

}  // namespace

Head::Head(HeadOptions options, Outbox& outbox, std::uint32_t num_ranks)
    : options_(std::move(options)),
      run_(*options_.run),
      graph_(run_.graph()),
      outbox_(outbox),
      workers_(num_ranks),
      ready_(run_, options_.plan, num_ranks),
      running_(graph_.num_elements()),
      leases_(run_, options_.plan, workers_),
      granter_(run_, options_, workers_, leases_, ready_, outbox_),
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
  effects_.ready.clear();
  effects_.retry_wait.clear();
  num_settled_ = effects_.changed.size();
  leases_.begin_life();
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
    const ElementId e(i);
    if (run_.state(e) == State::ready) ready_.push(e);
    if (run_.state(e) == State::retry_wait) retries_.emplace(run_.retry_at(e), e);
  }
}

void Head::record(Event event) {
  apply(run_, event, effects_);
  batch_.push_back(std::move(event));
}

void Head::on_message(WorkerId from, const Message& message, Time now) {
  if (!has_begun_) begin_life(now);
  if (const auto* hello = std::get_if<Hello>(&message))
    on_hello(from, *hello, now);
  else if (const auto* report = std::get_if<Report>(&message))
    on_report(from, *report, now);
  else
    FUGLE_CHECK_THAT(false, "the head got a message meant for a worker");
}

void Head::on_hello(WorkerId from, const Hello& hello, Time now) {
  workers_.join(from, hello);
  if (hello.cores == 0) return;
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
  if (is_ending_)
    workers_.say_goodbye(from);
  else
    on_lost(from, now, "left");  // unasked: it can start nothing any more
}

void Head::on_attempt(WorkerId from, const AttemptReport& report) {
  const ElementId e = report.element;
  FUGLE_EXPECT(leases_.holder_of(e) == from, "a report about an element that the worker does not hold");
  WorkerTable::Entry& worker = workers_.at(from);
  const graph::Request& request = graph_.task_of(e).request;
  const bool was_running = running_.find(e) != nullptr;
  if (!was_running) {
    workers_.mark_started(from, options_.plan.order[e.value()]);
    worker.info.cores_in_use += request.cores;
  }

  Event event;
  event.element = e;
  event.attempt = report.attempt;
  event.worker = from;
  event.start = report.start;
  if (report.kind == AttemptReport::Kind::started) {
    event.kind = EventKind::attempt_started;
    running_.add({e, report.attempt, from, report.start});
    return record(std::move(event));
  }
  event.kind = EventKind::attempt_ended;
  event.end = report.end;
  event.cls = report.cls;
  // A stop that will be resumed is no verdict about the element: it is READY again for the next life.
  const bool is_preempted = is_stopping_ && run_.stop_code() == static_cast<int>(ExitCode::incomplete);
  if (report.cls == FailureClass::cancelled && is_preempted && !cancel_wanted_.contains(e))
    event.cls = FailureClass::preempted;
  event.exit = report.exit;
  event.cpu_ms = report.cpu_ms;
  event.maxrss_kb = report.maxrss_kb;
  event.read_bytes = report.read_bytes;
  event.written_bytes = report.written_bytes;
  event.text = report.reason;

  running_.remove(e);
  worker.info.cores_in_use -= request.cores;
  ++worker.info.num_ended;
  const auto wanted = cancel_wanted_.extract(e);
  leases_.release(e);
  if (report.cls == FailureClass::none) {
    granter_.learn(e, from, report.end - report.start);
    sharpener_.learn(graph_.task_id_of(e), to_seconds(report.end - report.start));
  } else {
    leases_.release_dependents(e);
  }
  record(std::move(event));
  if (wanted && report.cls == FailureClass::cancelled) record(cancellation(e, wanted.mapped(), report.end));
  settle_effects();
  if (options_.fail_fast && run_.state(e) == State::failed && !run_.counts_as_ok(e))
    end_reason_ = fmt::format("{} failed", graph_.id(e));
}

void Head::on_returned(WorkerId from, ElementId element, Time now) {
  if (leases_.holder_of(element) != from) return;
  granter_.leave_lease(element);
  leases_.release(element);
  leases_.release_dependents(element);
  if (const auto wanted = cancel_wanted_.extract(element)) {
    record(cancellation(element, wanted.mapped(), now));
    settle_effects();
  } else if (run_.state(element) == State::ready) {
    ready_.push(element);
  }
}

/// What apply() made READY or due later: a held element is its worker's business, the others are queued here.
void Head::settle_effects() {
  settle_changes();
  for (const ElementId e : effects_.ready) {
    if (run_.state(e) != State::ready) continue;
    if (leases_.is_held(e))
      leases_.activate(e);
    else
      ready_.push(e);
  }
  for (const ElementId e : effects_.retry_wait) retries_.emplace(run_.retry_at(e), e);
  effects_.ready.clear();
  effects_.retry_wait.clear();
}

/// Held elements elsewhere may wait for what counts as OK now; those that will never be READY are taken away.
void Head::settle_changes() {
  for (; num_settled_ < effects_.changed.size(); ++num_settled_) {
    const ElementId e = effects_.changed[num_settled_];
    if (run_.counts_as_ok(e)) {
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
  leases_.release_dependents(element);
}

void Head::on_lost(WorkerId worker, Time now, const std::string& why) {
  if (!has_begun_) begin_life(now);
  if (!workers_.is_alive(worker)) {
    workers_.lose(worker);
    return;
  }
  infos_are_old_ = true;
  Event lost = event_of(EventKind::worker_lost, now);
  lost.worker = worker;
  lost.text = fmt::format("worker {} on {} {}", worker.value(), workers_.at(worker).info.node, why);
  record(std::move(lost));
  std::vector<RunningAttempt> ran;
  for (const ElementId e : leases_.lose(worker)) {
    if (const RunningAttempt* attempt = running_.find(e))
      ran.push_back(*attempt);
    else if (run_.state(e) == State::ready)
      ready_.push(e);
  }
  for (const RunningAttempt& attempt : ran) {
    running_.remove(attempt.element);
    Event ended = event_of(EventKind::attempt_ended, attempt.start);
    ended.element = attempt.element;
    ended.attempt = attempt.attempt;
    ended.worker = worker;
    ended.end = now;
    ended.cls = is_stopping_ ? FailureClass::preempted : FailureClass::lost;
    ended.text = "its worker " + why;
    record(std::move(ended));
  }
  settle_effects();
}

// ---- what is done about it

Time Head::step(Time now) {
  if (!has_begun_) begin_life(now);
  if (is_done_) return kNever;
  make_retries_due(now);
  if (!end_reason_.empty() && !is_stopping_)
    request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::failed), end_reason_, now);
  if (const auto fault = options_.store->fault(); fault && !is_stopping_)
    request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::environment), *fault, now);
  stop_at_the_end_of_the_allocation(now);
  flush_events(now);
  if (is_stopping_) {
    stop_what_runs();
  } else {
    sharpen_order();
    for (auto& [worker, release] : releases_) outbox_.send(worker, std::move(release));
    granter_.grant_what_fits(now);
    granter_.take_back_for_idle_workers();
  }
  releases_.clear();
  end_when_over(now);
  notify(now);
  Time deadline = next_tick_;
  if (!is_stopping_) deadline = std::min(deadline, granter_.last_end());
  if (!retries_.empty() && !is_stopping_) deadline = std::min(deadline, retries_.top().first);
  return is_done_ ? kNever : deadline;
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

// ---- stopping and ending

void Head::request_stop(Engine::StopKind kind, int exit_code, const std::string& why, Time now) {
  if (!has_begun_) begin_life(now);
  if (is_stopping_ && (stop_kind_ == Engine::StopKind::stop || kind == Engine::StopKind::drain)) return;
  Event event = event_of(EventKind::stop_requested, now);
  event.exit = exit_code;
  event.text = why;
  record(std::move(event));
  is_stopping_ = true;
  stop_kind_ = kind;
  end_reason_ = why;
  for (const WorkerTable::Entry& entry : workers_.all()) {
    if (!entry.info.alive) continue;
    Revoke revoke;
    for (const ElementId e : entry.held)
      if (running_.find(e) == nullptr) revoke.elements.push_back(e);
    if (!revoke.elements.empty()) outbox_.send(entry.info.worker, std::move(revoke));
  }
}

void Head::stop_at_the_end_of_the_allocation(Time now) {
  if (now < granter_.last_end() || is_stopping_) return;
  request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::incomplete),
               fmt::format("the allocation ends{}", options_.reserve.count() > 0 ? ", its reserve begins" : ""), now);
}

/// Again at every step while stopping: something may have started before the worker heard of it.
void Head::stop_what_runs() {
  if (stop_kind_ != Engine::StopKind::stop || is_ending_) return;
  std::map<WorkerId, StopAttempts> stops;
  for (const RunningAttempt& attempt : running_.all())
    if (stop_sent_.insert({attempt.element, attempt.attempt}).second)
      stops[attempt.worker].elements.push_back(attempt.element);
  for (auto& [worker, stop] : stops) outbox_.send(worker, std::move(stop));
}

void Head::cancel_element(ElementId element, const std::string& who, Time now) {
  if (!has_begun_) begin_life(now);
  if (is_final(run_.state(element)) || graph_.is_gate(element)) return;
  if (leases_.is_held(element)) {  // it is said who asked once the worker has answered
    cancel_wanted_[element] = who;
    outbox_.send(leases_.holder_of(element), Revoke{{element}});
    outbox_.send(leases_.holder_of(element), StopAttempts{{element}});
    return;
  }
  record(cancellation(element, who, now));
  settle_effects();
}

/// False when nothing runs, nothing will become due, and what is READY fits on no worker there is.
bool Head::can_still_progress() {
  if (workers_.num_unanswered() > 0 || !leases_.holds_nothing()) return true;
  if (is_stopping_) return false;
  auto& classes = ready_.classes();
  return !retries_.empty() || std::any_of(classes.begin(), classes.end(), [&](ReadyQueue::Class& cls) {
    return ready_.first_of(cls).is_valid() && workers_.is_anyone_able(cls.request);
  });
}

int Head::decide_exit_code() const {
  const bool is_complete = run_.is_complete();
  if (run_.stop_code() != 0 && !is_complete) return run_.stop_code();
  if (!is_complete) return static_cast<int>(workers_.num_alive() == 0 ? ExitCode::environment : ExitCode::incomplete);
  const std::uint64_t bad =
      run_.count(State::failed) - run_.num_ignored() + run_.count(State::blocked) + run_.count(State::cancelled);
  // A cancelled run is complete too once everything was ended; the user's wish stays its outcome.
  if (bad > 0 && run_.stop_code() != 0) return run_.stop_code();
  return static_cast<int>(bad > 0 ? ExitCode::failed : ExitCode::ok);
}

void Head::end_when_over(Time now) {
  if (!is_ending_) {
    if (!run_.is_complete() && can_still_progress()) return;
    is_ending_ = true;
    for (const WorkerTable::Entry& entry : workers_.all())
      if (!entry.is_lost) outbox_.send(entry.info.worker, Shutdown{});
  }
  if (workers_.have_all_left()) finish(now);
}

/// Empty when everything READY fits somewhere.
std::string Head::describe_what_fits_nowhere() {
  std::size_t count = 0;
  ElementId first;
  for (ReadyQueue::Class& cls : ready_.classes()) {
    const ElementId e = ready_.first_of(cls);
    if (!e.is_valid() || workers_.is_anyone_able(cls.request)) continue;
    count += cls.size;
    if (!first.is_valid()) first = e;
  }
  if (count == 0) return {};
  plan::Slot largest{0, 0, 0};
  for (const WorkerTable::Entry& entry : workers_.all()) {
    if (!entry.info.alive) continue;
    largest.cores = std::max(largest.cores, entry.info.cores);
    largest.mem_bytes = std::max(largest.mem_bytes, entry.info.mem_bytes);
    largest.gpus = std::max(largest.gpus, entry.info.gpus);
  }
  const graph::Request& request = graph_.task_of(first).request;
  std::string wants = format_bytes(request.mem_bytes) + " of memory";
  std::string has = format_bytes(largest.mem_bytes);
  if (request.cores > largest.cores) {
    wants = fmt::format("{} cores", request.cores);
    has = std::to_string(largest.cores);
  } else if (request.gpus > largest.gpus) {
    wants = fmt::format("{} GPUs", request.gpus);
    has = std::to_string(largest.gpus);
  }
  return fmt::format("{} on no worker: {} needs {}, the largest worker has {}",
                     count == 1 ? "1 element fits" : fmt::format("{} elements fit", count), graph_.id(first), wants,
                     has);
}

/// Empty when nothing was put aside.
std::string Head::describe_what_is_late(Time now) const {
  const auto late = granter_.put_aside();
  if (late.empty()) return {};
  const double left_s = std::max(0.0, to_seconds(granter_.last_end() - now));
  return fmt::format("{} not fit in {:.0f}s, the time left: {}{}",
                     late.size() == 1 ? "1 element does" : fmt::format("{} elements do", late.size()), left_s,
                     graph_.id(late.front()), late.size() == 1 ? "" : ", ...");
}

void Head::finish(Time now) {
  exit_code_ = decide_exit_code();
  if (end_reason_.empty() && !run_.is_complete()) end_reason_ = describe_what_is_late(now);
  if (end_reason_.empty() && !run_.is_complete()) end_reason_ = describe_what_fits_nowhere();
  Event ended = event_of(EventKind::run_ended, now);
  ended.exit = exit_code_;
  ended.text = end_reason_;
  record(std::move(ended));
  flush_events(now);
  options_.store->flush();
  if (options_.store->fault()) exit_code_ = static_cast<int>(ExitCode::environment);
  is_done_ = true;
  infos_are_old_ = true;
  const HeadView last = view(now);
  for (Observer* observer : options_.observers) observer->on_end(last);
}

HeadView Head::view(Time now) {
  if (infos_are_old_) {
    infos_.clear();
    for (const WorkerTable::Entry& entry : workers_.all())
      if (entry.info.cores > 0) infos_.push_back(entry.info);
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
