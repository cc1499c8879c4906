#include "scheduler/worker.hpp"

#include <unordered_set>

#include "base/assert.hpp"
#include "plan/slot.hpp"

namespace fugle::scheduler {
namespace {

constexpr WorkerId kHead(0);
constexpr std::uint32_t kMaxBypassed = 64;

}  // namespace

Worker::Worker(WorkerOffer offer, Outbox& outbox, Executor& executor)
    : offer_(std::move(offer)),
      outbox_(outbox),
      executor_(executor),
      free_cores_(offer_.cores),
      free_mem_(offer_.mem_bytes) {
  outbox_.send(kHead, Hello{offer_.node, offer_.pid, offer_.cores, offer_.mem_bytes});
}

void Worker::on_message(const Message& message) {
  if (const auto* grant = std::get_if<Grant>(&message))
    accept(*grant);
  else if (const auto* revoke = std::get_if<Revoke>(&message))
    give_back(*revoke);
  else if (const auto* stop = std::get_if<StopAttempts>(&message)) {
    for (const ElementId e : stop->elements) executor_.stop(e, StopReason::cancelled);
  } else if (std::holds_alternative<Shutdown>(message)) {
    is_shutting_down_ = true;
  } else {
    FUGLE_CHECK_THAT(false, "a worker got a message meant for the head");
  }
}

void Worker::on_head_lost() {
  has_head_ = false;
  is_shutting_down_ = true;
}

void Worker::accept(const Grant& grant) {
  for (const auto& [id, task] : grant.tasks) tasks_[id.value()] = task;
  for (const LeasedElement& leased : grant.elements) {
    const auto [place, is_new] = held_.try_emplace(leased.element);
    FUGLE_EXPECT(is_new, "an element was granted twice");
    place->second.leased = leased;
    if (leased.waits_for == 0) queue_.emplace(leased.order, leased.element);
  }
}

void Worker::give_back(const Revoke& revoke) {
  for (const ElementId e : revoke.elements) {
    const auto found = held_.find(e);
    if (found == held_.end() || found->second.is_running) continue;
    report_.returned.push_back(e);
    drop(e);
  }
}

void Worker::drop(ElementId element) {
  const auto found = held_.find(element);
  if (found == held_.end()) return;
  FUGLE_EXPECT(!found->second.is_running);
  const LeasedElement leased = std::move(found->second.leased);
  queue_.erase({leased.order, element});
  held_.erase(found);
  drop_dependents(leased);
}

void Worker::drop_dependents(const LeasedElement& leased) {
  for (const ElementId e : leased.releases) drop(e);
}

void Worker::step() {
  take_reports();
  if (is_shutting_down_) {
    for (const auto& [element, held] : held_)
      if (held.is_running) executor_.stop(element, StopReason::shutdown);
    queue_.clear();
  } else {
    start_what_fits();
  }
  send_report();
}

void Worker::take_reports() {
  fresh_.clear();
  executor_.poll(fresh_);
  for (AttemptReport& attempt : fresh_) {
    if (attempt.kind == AttemptReport::Kind::ended) end(attempt);
    report_.attempts.push_back(std::move(attempt));
  }
}

void Worker::end(const AttemptReport& attempt) {
  const auto found = held_.find(attempt.element);
  FUGLE_EXPECT(found != held_.end() && found->second.is_running, "an attempt ended that this worker does not run");
  give_up_place(found->second);
  const Held held = std::move(found->second);
  held_.erase(found);
  --num_running_;
  if (attempt.cls != FailureClass::none) return drop_dependents(held.leased);
  for (const ElementId e : held.leased.releases) {
    const auto released = held_.find(e);
    if (released == held_.end()) continue;
    LeasedElement& leased = released->second.leased;
    if (--leased.waits_for == 0) queue_.emplace(leased.order, e);
  }
}

graph::Request Worker::request_of(const Held& held) const {
  const graph::Request& request = tasks_.at(held.leased.task.value())->request;
  return {request.cores, plan::memory_on({offer_.cores, offer_.mem_bytes}, request)};
}

bool Worker::is_free(const graph::Request& granted) const {
  return granted.cores <= free_cores_ && granted.mem_bytes <= free_mem_;
}

void Worker::take(const graph::Request& granted) {
  free_cores_ -= granted.cores;
  free_mem_ -= granted.mem_bytes;
}

/// Its cores are free, or its follower has them by now.
void Worker::give_up_place(Held& held) {
  const ElementId e = held.leased.element;
  if (held.predecessor.is_valid()) {  // stopped while it waited
    Held& predecessor = held_.at(held.predecessor);
    predecessor.follower = ElementId();
    unfollowed_.insert(held.predecessor);
    followers_.erase(e);
    return;
  }
  free_cores_ += held.granted.cores;
  free_mem_ += held.granted.mem_bytes;
  unfollowed_.erase(e);
  if (!held.follower.is_valid()) return;
  Held& follower = held_.at(held.follower);
  follower.predecessor = ElementId();
  take(follower.granted);
  followers_.erase(held.follower);
  unfollowed_.insert(held.follower);
}

void Worker::start_what_fits() {
  for (auto next = queue_.begin(); next != queue_.end() && free_cores_ > 0;) {
    Held& held = held_.at(next->second);
    held.granted = request_of(held);
    if (!is_free(held.granted)) {
      // What is passed over too often gets the next free cores, or a stream of small elements would starve it.
      if (++held.num_bypassed > kMaxBypassed) return;
      ++next;
      continue;
    }
    next = queue_.erase(next);
    take(held.granted);
    unfollowed_.insert(held.leased.element);
    executor_.start(hand_over(held));
  }
  promote_followers();
  start_followers();
}

/// Nothing that waits in the queue fits, but perhaps something that waits for a place.
void Worker::promote_followers() {
  for (auto next = followers_.begin(); next != followers_.end() && free_cores_ > 0;) {
    Held& held = held_.at(*next);
    if (!is_free(held.granted)) {
      ++next;
      continue;
    }
    held_.at(held.predecessor).follower = ElementId();
    unfollowed_.insert(held.predecessor);
    held.predecessor = ElementId();
    take(held.granted);
    executor_.start_now(*next);
    unfollowed_.insert(*next);
    next = followers_.erase(next);
  }
}

void Worker::start_followers() {
  for (auto next = queue_.begin(); next != queue_.end() && !unfollowed_.empty();) {
    Held& held = held_.at(next->second);
    held.granted = request_of(held);
    Held* const place = find_place_for(held.granted);
    if (place == nullptr) return;  // in order: what comes later does not take the place of what needs more
    next = queue_.erase(next);
    held.predecessor = place->leased.element;
    place->follower = held.leased.element;
    unfollowed_.erase(held.predecessor);
    followers_.insert(held.leased.element);
    executor_.start_after(hand_over(held), held.predecessor);
  }
}

/// The running attempt with the lowest id that has at least as much and no follower yet.
Worker::Held* Worker::find_place_for(const graph::Request& granted) {
  for (const ElementId e : unfollowed_) {
    Held& running = held_.at(e);
    if (granted.cores <= running.granted.cores && granted.mem_bytes <= running.granted.mem_bytes) return &running;
  }
  return nullptr;
}

Launch Worker::hand_over(Held& held) {
  ++num_running_;
  held.is_running = true;
  const LeasedElement& leased = held.leased;
  return {leased.element, leased.attempt,     leased.id,    tasks_.at(leased.task.value()),
          leased.index,   leased.packed_text, held.granted, {}};
}

/// An attempt that began and ended since the last report is told by its end alone.
void Worker::send_report() {
  auto& attempts = report_.attempts;
  std::unordered_set<ElementId> ended;
  for (const AttemptReport& attempt : attempts)
    if (attempt.kind == AttemptReport::Kind::ended) ended.insert(attempt.element);
  std::erase_if(attempts, [&](const AttemptReport& attempt) {
    return attempt.kind == AttemptReport::Kind::started && ended.contains(attempt.element);
  });

  const bool is_leaving = is_shutting_down_ && num_running_ == 0 && !is_done_;
  if (attempts.empty() && report_.returned.empty() && !is_leaving) return;
  report_.goodbye = is_leaving;
  is_done_ = is_done_ || is_leaving;
  if (has_head_) outbox_.send(kHead, std::move(report_));
  report_ = {};
}

}  // namespace fugle::scheduler
