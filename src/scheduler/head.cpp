#include "scheduler/head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/assert.hpp"
#include "base/error.hpp"

namespace fugle::scheduler {
namespace {

using namespace std::chrono_literals;

/// Attempts shorter than this are worth a backlog, deep enough to bridge this much time.
constexpr double kShortAttempt = 0.020;
constexpr double kBridgedTime = 0.005;
constexpr std::uint32_t kMaxBacklogPerCore = 64;
/// Elements in one lease.
constexpr std::size_t kMaxLease = 1024;
/// How often the best READY element may be passed over, per core, before a worker is kept free for it.
constexpr std::uint32_t kMaxBypassedPerCore = 4;
constexpr Duration kBusyTick = 100ms;
constexpr Duration kQuietTick = 1s;

std::vector<std::uint32_t> first_elements_by_name(const Graph& graph) {
  std::map<std::string_view, std::uint32_t> first;
  std::vector<std::uint32_t> seen(graph.num_tasks(), ElementId::kInvalid);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const std::uint32_t t = graph.task_id_of(ElementId(e)).value();
    if (seen[t] == ElementId::kInvalid) seen[t] = first.try_emplace(graph.task(TaskId(t)).name, e).first->second;
  }
  return seen;
}

Event event_of(EventKind kind, Time now) {
  Event event;
  event.kind = kind;
  event.start = now;
  return event;
}

}  // namespace

Head::Head(HeadOptions options, Outbox& outbox, std::uint32_t num_ranks)
    : options_(std::move(options)),
      run_(*options_.run),
      graph_(run_.graph()),
      outbox_(outbox),
      workers_(num_ranks, graph_.num_tasks()),
      ready_(graph_, options_.order),
      holder_(graph_.num_elements()),
      first_of_name_(first_elements_by_name(graph_)),
      durations_(graph_.num_tasks()) {}

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
  workers_.at(from).has_answered = true;
  if (hello.cores == 0) return;
  workers_.join(from, hello);
  infos_are_old_ = true;
  Event joined = event_of(EventKind::worker_joined, now);
  joined.worker = from;
  joined.text = hello.node;
  joined.cpu_ms = hello.cores;
  joined.maxrss_kb = static_cast<std::uint32_t>(hello.mem_bytes >> 20);
  record(std::move(joined));
}

void Head::on_report(WorkerId from, const Report& report, Time now) {
  WorkerTable::Entry& worker = workers_.at(from);
  for (const AttemptReport& attempt : report.attempts) on_attempt(from, attempt);
  for (const ElementId e : report.returned) on_returned(from, e, now);
  // An empty answer can not come: a worker that has nothing to give back says so by its next report.
  if (!report.returned.empty() || !report.attempts.empty()) worker.is_revoking = false;
  worker.said_goodbye = worker.said_goodbye || report.goodbye;
}

void Head::on_attempt(WorkerId from, const AttemptReport& report) {
  const ElementId e = report.element;
  FUGLE_EXPECT(holder_[e.value()] == from, "a report about an element that the worker does not hold");
  WorkerTable::Entry& worker = workers_.at(from);
  const graph::Request& request = graph_.task_of(e).request;
  const bool was_running = running_.find(e) != nullptr;
  if (!was_running) {
    worker.queued.erase(options_.order[e.value()]);
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
  event.text = report.reason;

  running_.remove(e);
  worker.info.cores_in_use -= request.cores;
  ++worker.info.num_ended;
  cancel_wanted_.erase(e);
  release(e);
  if (report.cls == FailureClass::none) {
    Mean& mean = durations_[graph_.task_id_of(e).value()];
    mean.count = std::min(mean.count + 1, 64u);
    mean.seconds += (to_seconds(report.end - report.start) - mean.seconds) / mean.count;
  } else {
    release_dependents(e);
  }
  record(std::move(event));
  settle_effects();
  if (options_.fail_fast && run_.state(e) == State::failed && !run_.counts_as_ok(e))
    end_reason_ = fmt::format("{} failed", graph_.id(e));
}

void Head::on_returned(WorkerId from, ElementId element, Time now) {
  if (holder_[element.value()] != from) return;
  release(element);
  release_dependents(element);
  if (cancel_wanted_.erase(element) > 0) {
    Event cancelled = event_of(EventKind::cancel_element, now);
    cancelled.element = element;
    record(std::move(cancelled));
    settle_effects();
  } else if (run_.state(element) == State::ready) {
    ready_.push(element);
  }
}

/// What apply() made READY or due later: a held element is its worker's business, the others are queued here.
void Head::settle_effects() {
  for (const ElementId e : effects_.ready) {
    if (run_.state(e) != State::ready) continue;
    if (is_held(e))
      activate(e);
    else
      ready_.push(e);
  }
  for (const ElementId e : effects_.retry_wait) retries_.emplace(run_.retry_at(e), e);
  effects_.ready.clear();
  effects_.retry_wait.clear();
}

void Head::on_lost(WorkerId worker, Time now) {
  if (!has_begun_) begin_life(now);
  workers_.at(worker).is_lost = true;
  if (!workers_.is_alive(worker)) return;
  infos_are_old_ = true;
  Event lost = event_of(EventKind::worker_lost, now);
  lost.worker = worker;
  lost.text = fmt::format("worker {} on {} died", worker.value(), workers_.at(worker).info.node);
  record(std::move(lost));
  std::vector<RunningAttempt> ran;
  for (const ElementId e : workers_.lose(worker)) {
    holder_[e.value()] = WorkerId();
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
    ended.text = "its worker died";
    record(std::move(ended));
  }
  settle_effects();
}

// ---- leases

void Head::hold(WorkerId worker, ElementId element) {
  holder_[element.value()] = worker;
  workers_.at(worker).held.insert(element);
  if (run_.state(element) == State::ready) activate(element);
}

void Head::activate(ElementId element) {
  const WorkerId worker = holder_[element.value()];
  workers_.activate(worker, graph_.task_of(element).request);
  workers_.at(worker).queued.insert(options_.order[element.value()]);
}

void Head::release(ElementId element) {
  const WorkerId worker = holder_[element.value()];
  WorkerTable::Entry& entry = workers_.at(worker);
  const State state = run_.state(element);
  if (state == State::ready || is_live(state)) workers_.deactivate(worker, graph_.task_of(element).request);
  entry.queued.erase(options_.order[element.value()]);
  entry.held.erase(element);
  holder_[element.value()] = WorkerId();
}

/// The worker's half of this rule is Worker::drop_dependents.
void Head::release_dependents(ElementId element) {
  for (const std::uint32_t s : graph_.successors(element)) {
    const ElementId below(s);
    if (!is_held(below)) continue;
    release(below);
    release_dependents(below);
  }
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
  flush_events(now);
  if (is_stopping_) {
    stop_what_runs();
  } else {
    grant_what_fits();
    steal_for_idle_workers();
    send_grants();
  }
  end_when_over(now);
  notify(now);
  Time deadline = next_tick_;
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

void Head::flush_events(Time now) {
  if (batch_.empty() && effects_.changed.empty()) return;
  has_news_ = true;
  if (!batch_.empty()) options_.store->append(batch_);
  std::swap(batch_effects_, effects_);
  effects_.clear();
  const HeadView current = view(now);
  for (Observer* observer : options_.observers) observer->on_events(current, batch_, batch_effects_);
  batch_.clear();
}

std::uint32_t Head::backlog_per_core(TaskId task) const {
  const Mean& mean = durations_[task.value()];
  if (mean.count == 0 || mean.seconds >= kShortAttempt) return 0;
  const double depth = std::ceil(kBridgedTime / std::max(mean.seconds, 1e-6));
  return static_cast<std::uint32_t>(std::min<double>(depth, kMaxBacklogPerCore));
}

/// Grants the best element that fits somewhere, again and again. Among requests, the one whose first element comes
/// first in order is tried first.
void Head::grant_what_fits() {
  std::set<WorkerId> reserved;
  std::vector<ReadyQueue::Class*> open;
  for (ReadyQueue::Class& cls : ready_.classes())
    if (!cls.heap.empty()) open.push_back(&cls);
  const auto is_later = [](const auto* a, const auto* b) { return a->heap.top() > b->heap.top(); };
  std::make_heap(open.begin(), open.end(), is_later);
  std::vector<ReadyQueue::Class*> passed_over;
  const std::uint32_t patience = kMaxBypassedPerCore * workers_.total_cores();
  while (!open.empty()) {
    std::pop_heap(open.begin(), open.end(), is_later);
    ReadyQueue::Class& cls = *open.back();
    const ElementId e = ready_.first_of(cls);
    if (run_.state(e) != State::ready || is_held(e)) {  // cancelled or granted since it was queued
      ready_.pop(cls);
    } else if (const auto worker = workers_.find_free(cls.request, backlog_per_core(graph_.task_id_of(e)), reserved)) {
      ready_.pop(cls);
      for (ReadyQueue::Class* other : passed_over) ++other->bypassed;
      grant(*worker, e);
    } else {
      if (cls.bypassed > patience)
        if (const auto kept = workers_.find_able(cls.request, reserved)) reserved.insert(*kept);
      passed_over.push_back(&cls);
      open.pop_back();
      continue;
    }
    if (cls.heap.empty())
      open.pop_back();
    else
      std::push_heap(open.begin(), open.end(), is_later);
  }
}

/// Whether `successor` needs nothing that has not ended but `last`.
bool Head::follows_only(ElementId successor, ElementId last) const {
  if (graph_.is_gate(successor) || is_held(successor) || run_.state(successor) != State::waiting) return false;
  const auto needs = graph_.needs(successor);
  return std::all_of(needs.begin(), needs.end(),
                     [&](std::uint32_t need) { return ElementId(need) == last || run_.counts_as_ok(ElementId(need)); });
}

void Head::grant(WorkerId worker, ElementId first) {
  auto found = std::find_if(grants_.begin(), grants_.end(), [&](const auto& entry) { return entry.first == worker; });
  if (found == grants_.end()) found = grants_.insert(grants_.end(), {worker, Grant{}});
  Grant& grant = found->second;
  const auto& able = workers_.at(worker).info;
  ElementId last = first;
  // A chain: each next one waits for the one before alone.
  for (std::size_t length = 1;; ++length) {
    hold(worker, last);
    const TaskId task = graph_.task_id_of(last);
    if (!workers_.at(worker).knows_task[task.value()]) {
      workers_.at(worker).knows_task[task.value()] = true;
      // The graph outlives every message: no copy, no owner besides it.
      grant.tasks.emplace_back(task, std::shared_ptr<const graph::Task>(std::shared_ptr<void>(), &graph_.task(task)));
    }
    grant.elements.push_back(leased(last, length == 1 ? 0 : 1));
    const auto successors = graph_.successors(last);
    if (length == kMaxLease || successors.size() != 1) return;
    const ElementId next(successors[0]);
    const graph::Request& request = graph_.task_of(next).request;
    if (request.cores > able.cores || request.mem_bytes > able.mem_bytes || !follows_only(next, last)) return;
    grant.elements.back().releases.push_back(next);
    last = next;
  }
}

LeasedElement Head::leased(ElementId element, std::uint32_t waits_for) {
  LeasedElement out;
  out.element = element;
  out.task = graph_.task_id_of(element);
  out.attempt = static_cast<std::uint16_t>(run_.attempt(element) + 1);
  out.index = element.value() - first_of_name_[out.task.value()];
  out.order = options_.order[element.value()];
  out.waits_for = waits_for;
  out.id = graph_.id(element);
  out.packed_text = graph_.packed_text(element);
  return out;
}

void Head::send_grants() {
  for (auto& [worker, grant] : grants_) outbox_.send(worker, std::move(grant));
  grants_.clear();
}

/// An idle worker and nothing READY here: half of the deepest backlog comes back, worst elements first.
void Head::steal_for_idle_workers() {
  if (ready_.size() > 0) return;
  const auto& all = workers_.all();
  const bool someone_is_idle = std::any_of(all.begin(), all.end(), [](const auto& entry) {
    return entry.info.alive && entry.active_cores < entry.info.cores;
  });
  if (!someone_is_idle) return;
  WorkerTable::Entry* victim = nullptr;
  std::uint32_t deepest = 0;
  for (WorkerTable::Entry& entry : workers_.all()) {
    if (!entry.info.alive || entry.is_revoking || entry.active_cores <= entry.info.cores) continue;
    const std::uint32_t surplus = entry.active_cores - entry.info.cores;
    if (surplus > deepest && entry.queued.size() > 1) victim = &entry, deepest = surplus;
  }
  if (victim == nullptr) return;
  Revoke revoke;
  std::size_t wanted = (victim->queued.size() + 1) / 2;
  for (auto worst = victim->queued.rbegin(); worst != victim->queued.rend() && wanted > 0; ++worst, --wanted)
    revoke.elements.push_back(ready_.element_at(*worst));
  victim->is_revoking = true;
  outbox_.send(victim->info.worker, std::move(revoke));
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
  for (WorkerTable::Entry& entry : workers_.all()) {
    if (!entry.info.alive) continue;
    Revoke revoke;
    for (const ElementId e : entry.held)
      if (running_.find(e) == nullptr) revoke.elements.push_back(e);
    if (!revoke.elements.empty()) outbox_.send(entry.info.worker, std::move(revoke));
  }
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
  if (is_held(element)) {
    cancel_wanted_.insert(element);
    outbox_.send(holder_[element.value()], Revoke{{element}});
    outbox_.send(holder_[element.value()], StopAttempts{{element}});
    return;
  }
  Event event = event_of(EventKind::cancel_element, now);
  event.element = element;
  event.text = who;
  record(std::move(event));
  settle_effects();
}

/// False when nothing runs, nothing will become due, and what is READY fits on no worker there is.
bool Head::can_still_progress() const {
  for (const auto& entry : workers_.all())
    if ((!entry.has_answered && !entry.is_lost) || !entry.held.empty()) return true;
  if (is_stopping_) return false;
  const auto& classes = ready_.classes();
  return !retries_.empty() || std::any_of(classes.begin(), classes.end(), [&](const ReadyQueue::Class& cls) {
    return !cls.heap.empty() && workers_.find_able(cls.request, {}).has_value();
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
  const auto& all = workers_.all();
  const bool all_left =
      std::all_of(all.begin(), all.end(), [](const auto& entry) { return entry.is_lost || entry.said_goodbye; });
  if (all_left) finish(now);
}

void Head::finish(Time now) {
  exit_code_ = decide_exit_code();
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
