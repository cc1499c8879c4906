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
/// Of the reserve, for what a stop of `finally` itself takes.
constexpr int kLastPart = 5;

Event event_of(EventKind kind, Time now) {
  Event event;
  event.kind = kind;
  event.start = now;
  return event;
}

Event wish_of(EventKind kind, ElementId element, const std::string& who, Time now) {
  Event event = event_of(kind, now);
  event.element = element;
  event.text = who;
  return event;
}

Event cancellation(ElementId element, const std::string& who, Time now) {
  return wish_of(EventKind::cancel_element, element, who, now);
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
  workers_.at(from).info.last_heard = now;
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
  if (phase_ == Phase::leaving)
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
    hold_wanted_.erase(e);
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
  const FailureClass cls = event.cls;
  record(std::move(event));
  if (wanted && report.cls == FailureClass::cancelled) record(cancellation(e, wanted.mapped(), report.end));
  note_health(e, from, cls, report.end);
  settle_effects();
  note_failure(e);
}

/// A failure that no further attempt and no tolerance mends may be the end of more than the element.
void Head::note_failure(ElementId e) {
  if (run_.state(e) != State::failed || run_.counts_as_ok(e)) return;
  const std::uint32_t most = graph_.limits().max_failures;
  const std::uint64_t failed = run_.count(State::failed) - run_.num_ignored() - run_.num_tolerated();
  if (most > 0 && failed >= most)
    want_stop(Engine::StopKind::stop, fmt::format("{} elements failed (limits.max_failures is {})", failed, most));
  if (!run_.has_answered(e)) return;
  const graph::OnFailure policy = graph_.task_of(e).on_failure;
  if (options_.fail_fast || policy == graph::OnFailure::stop)
    want_stop(Engine::StopKind::stop,
              fmt::format("{} failed{}", graph_.id(e), options_.fail_fast ? "" : " (on_failure: stop)"));
  else if (policy == graph::OnFailure::drain)
    want_stop(Engine::StopKind::drain, fmt::format("{} failed (on_failure: drain)", graph_.id(e)));
}

/// A stop outdoes a drain; else the first reason is told.
void Head::want_stop(Engine::StopKind kind, std::string why) {
  const bool is_harder = wanted_stop_ && wanted_stop_->kind == Engine::StopKind::drain && kind != wanted_stop_->kind;
  if (!wanted_stop_ || is_harder) wanted_stop_ = WantedStop{kind, std::move(why)};
}

void Head::note_health(ElementId e, WorkerId worker, FailureClass cls, Time now) {
  const std::uint32_t node = workers_.at(worker).node;
  if (cls == FailureClass::none) {
    const bool was_suspect = health_.is_suspect(node);
    const auto blamed = health_.on_ok(node, e);
    if (was_suspect) workers_.set_suspect(node, false);
    if (blamed) suspect(*blamed, now);
  } else if (cls != FailureClass::cancelled && cls != FailureClass::preempted) {
    health_.on_failure(node, e, cls);
    if (!graph::is_infrastructure(cls)) return;
    if (!options_.plan.homes.empty()) options_.plan.homes[e.value()] = WorkerId();
    granter_.avoid(e, worker);
    suspect(node, now);
  }
}

/// The last good node is never drained: then it is not the node, or there is nothing better.
void Head::suspect(std::uint32_t node, Time now) {
  workers_.set_suspect(node, true);
  if (!health_.is_bad(node) || workers_.is_drained(node) || !workers_.has_good_node_besides(node)) return;
  infos_are_old_ = true;
  const WorkerId first = workers_.on_node(node).front();
  Event drained = event_of(EventKind::node_drained, now);
  drained.worker = first;
  drained.text = fmt::format("{}: {} failures in a row that were not the fault of what ran there",
                             workers_.at(first).info.node, NodeHealth::kMostStrikes);
  record(std::move(drained));
  for (const WorkerId worker : workers_.on_node(node)) {
    workers_.drain(worker);
    if (workers_.is_alive(worker)) revoke_what_waits(workers_.at(worker));
  }
}

void Head::on_returned(WorkerId from, ElementId element, Time now) {
  if (leases_.holder_of(element) != from) return;
  granter_.leave_lease(element);
  leases_.release(element);
  leases_.release_dependents(element);
  if (const auto wanted = cancel_wanted_.extract(element)) {
    record(cancellation(element, wanted.mapped(), now));
    settle_effects();
  } else if (const auto held = hold_wanted_.extract(element)) {
    record(wish_of(EventKind::hold_element, element, held.mapped(), now));
  } else if (run_.state(element) == State::ready) {
    queue(element);
  }
}

/// While `finally` runs nothing else starts any more.
void Head::queue(ElementId e) {
  if (run_.has_finally_begun() == graph_.task_of(e).runs_finally) ready_.push(e);
}

/// What apply() made READY or due later: a held element is its worker's business, the others are queued here.
void Head::settle_effects() {
  settle_changes();
  for (const ElementId e : effects_.ready) {
    if (run_.state(e) != State::ready) continue;
    if (leases_.is_held(e))
      leases_.activate(e);
    else
      queue(e);
  }
  for (const ElementId e : effects_.retry_wait)
    if (run_.state(e) == State::retry_wait) retries_.emplace(run_.retry_at(e), e);
  beyond_tolerance_.insert(beyond_tolerance_.end(), effects_.beyond_tolerance.begin(), effects_.beyond_tolerance.end());
  effects_.beyond_tolerance.clear();
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
    else if (const auto held = hold_wanted_.extract(e))
      record(wish_of(EventKind::hold_element, e, held.mapped(), now));
    else if (run_.state(e) == State::ready)
      queue(e);
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
    granter_.avoid(attempt.element, worker);
    if (!options_.plan.homes.empty()) options_.plan.homes[attempt.element.value()] = WorkerId();
    record(std::move(ended));
  }
  health_.on_lost_worker(workers_.at(worker).node);
  suspect(workers_.at(worker).node, now);
  settle_effects();
}

// ---- what is done about it

Time Head::step(Time now) {
  if (!has_begun_) begin_life(now);
  if (is_done_) return kNever;
  make_retries_due(now);
  cancel_beyond_tolerance(now);
  stop_when_wanted(now);
  stop_at_the_end_of_the_allocation(now);
  flush_events(now);
  if (is_stopping_ || phase_ == Phase::leaving) {
    stop_what_runs();
  } else {
    sharpen_order();
    for (auto& [worker, release] : releases_) outbox_.send(worker, std::move(release));
    granter_.grant_what_fits(now);
    granter_.take_back_for_idle_workers();
  }
  releases_.clear();
  const Phase before = phase_;
  end_when_over(now);
  if (phase_ != before && phase_ == Phase::finally) return now;
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

/// The rest of a task of which more failed than it tolerates is not worth its time.
void Head::cancel_beyond_tolerance(Time now) {
  if (beyond_tolerance_.empty()) return;
  const std::set<TaskId> beyond(beyond_tolerance_.begin(), beyond_tolerance_.end());
  beyond_tolerance_.clear();
  for (std::uint32_t i = 0; i < graph_.num_elements(); ++i) {
    const TaskId task = graph_.task_id_of(ElementId(i));
    if (beyond.contains(task)) cancel_element(ElementId(i), "the tolerance of " + graph_.task(task).name, now);
  }
}

void Head::stop_when_wanted(Time now) {
  if (const auto wanted = std::exchange(wanted_stop_, {}))
    request_stop(wanted->kind, static_cast<int>(ExitCode::failed), wanted->why, now);
  if (const auto fault = options_.store->fault(); fault && !has_fault_) {
    has_fault_ = true;
    const ExitCode code = options_.store->is_superseded() ? ExitCode::conflict : ExitCode::environment;
    request_stop(Engine::StopKind::stop, static_cast<int>(code), *fault, now);
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
  if (phase_ == Phase::leaving) return;
  if (is_stopping_ && (stop_kind_ == Engine::StopKind::stop || kind == Engine::StopKind::drain)) return;
  Event event = event_of(EventKind::stop_requested, now);
  event.exit = exit_code;
  event.text = why;
  record(std::move(event));
  is_stopping_ = true;
  stop_kind_ = kind;
  end_reason_ = why;
  for (const WorkerTable::Entry& entry : workers_.all())
    if (entry.info.alive) revoke_what_waits(entry);
}

void Head::revoke_what_waits(const WorkerTable::Entry& entry) {
  Revoke revoke;
  for (const ElementId e : entry.held)
    if (running_.find(e) == nullptr) revoke.elements.push_back(e);
  if (!revoke.elements.empty()) outbox_.send(entry.info.worker, std::move(revoke));
}

void Head::stop_at_the_end_of_the_allocation(Time now) {
  if (now < granter_.last_end() || is_stopping_) return;
  const bool has_reserve = phase_ == Phase::main && options_.reserve.count() > 0;
  request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::incomplete),
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
  if (leases_.is_held(element)) {  // it is said who asked once the worker has answered
    cancel_wanted_[element] = who;
    outbox_.send(leases_.holder_of(element), Revoke{{element}});
    outbox_.send(leases_.holder_of(element), StopAttempts{{element}});
    return;
  }
  record(cancellation(element, who, now));
  settle_effects();
}

void Head::hold_element(ElementId element, const std::string& who, Time now) {
  if (!has_begun_) begin_life(now);
  const State state = run_.state(element);
  if (is_final(state) || is_live(state) || state == State::held || graph_.is_gate(element)) return;
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
  if (workers_.num_unanswered() > 0 || !leases_.holds_nothing()) return true;
  if (is_stopping_) return false;
  auto& classes = ready_.classes();
  return !retries_.empty() || std::any_of(classes.begin(), classes.end(), [&](ReadyQueue::Class& cls) {
    return ready_.first_of(cls).is_valid() && workers_.is_anyone_able(cls.request);
  });
}

/// Elements whose end is not what the user wanted.
std::uint64_t Head::num_bad() const {
  return run_.count(State::failed) - run_.num_ignored() - run_.num_tolerated() + run_.count(State::blocked) +
         run_.count(State::cancelled);
}

int Head::decide_exit_code() const {
  const bool is_complete = run_.is_complete();
  if (run_.stop_code() != 0 && !is_complete) return run_.stop_code();
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

bool Head::may_begin_finally() const {
  return run_.has_finally() && !options_.skip_finally && !has_fault_ && workers_.num_alive() > 0;
}

/// The reserve is theirs; what was asked to stop is over, and can be asked again.
void Head::begin_finally(Time now) {
  if (end_reason_.empty() && !run_.is_main_complete()) end_reason_ = describe_what_is_left(now);
  phase_ = Phase::finally;
  is_stopping_ = false;
  stop_kind_ = Engine::StopKind::drain;
  retries_ = {};
  ready_.clear();
  const bool has_end = options_.end_of_allocation != kNever;
  granter_.begin_finally(has_end ? options_.end_of_allocation - options_.reserve / kLastPart : kNever, state_of_run());
  Event began = event_of(EventKind::finally_began, now);
  began.text = state_of_run();
  record(std::move(began));
  settle_effects();
}

void Head::end_when_over(Time now) {
  if (phase_ != Phase::leaving) {
    const bool is_over = run_.is_complete() || (phase_ == Phase::main && run_.is_main_complete());
    if (!is_over && can_still_progress()) return;
    if (phase_ == Phase::main && may_begin_finally()) return begin_finally(now);
    phase_ = Phase::leaving;
    for (const WorkerTable::Entry& entry : workers_.all())
      if (!entry.is_lost) outbox_.send(entry.info.worker, Shutdown{});
  }
  if (workers_.have_all_left()) finish(now);
}

std::string Head::describe_what_is_left(Time now) {
  std::string text = describe_what_is_late(now);
  if (text.empty()) text = describe_what_fits_nowhere();
  if (text.empty()) text = describe_what_is_held();
  return text;
}

std::string Head::describe_what_is_held() const {
  const std::uint64_t held = run_.count(State::held);
  if (held == 0) return {};
  return fmt::format("{} held (fugle release RUN ELEMENT lets {} start)",
                     held == 1 ? "1 element is" : fmt::format("{} elements are", held), held == 1 ? "it" : "them");
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
  if (end_reason_.empty() && !run_.is_complete()) end_reason_ = describe_what_is_left(now);
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
