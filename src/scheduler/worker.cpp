#include "scheduler/worker.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/assert.hpp"
#include "plan/slot.hpp"
#include "scheduler/scaled_task.hpp"

namespace fugle::scheduler {
namespace {

constexpr WorkerId kHead(0);
constexpr std::uint32_t kMaxBypassed = 64;
/// Where cores are idle and nothing waits here for them, reports are this much more frequent.
constexpr int kIdleFactor = 2;
/// The longest interval, in intervals that the head asked for; and the part of an attempt it may take.
constexpr int kLongestInterval = 10;
constexpr double kPartOfAttempt = 0.5;
/// Weight of the newest attempt in the mean length.
constexpr double kNewest = 1.0 / 32;
/// Nobody knows exactly when a follower starts.
constexpr Duration kFollowerMargin = std::chrono::seconds(1);

}  // namespace

Worker::Worker(WorkerOffer offer, Outbox& outbox, Executor& executor)
    : offer_(std::move(offer)),
      outbox_(outbox),
      executor_(executor),
      free_cores_(offer_.cores),
      free_mem_(offer_.mem_bytes),
      free_gpus_(offer_.gpus) {
  if (!offer_.machine.pus.empty()) places_.emplace(offer_.machine);
  outbox_.send(kHead, Hello{offer_.node, offer_.pid, offer_.cores, offer_.mem_bytes, offer_.gpus});
}

void Worker::on_message(const Message& message) {
  if (const auto* grant = std::get_if<Grant>(&message))
    accept(*grant);
  else if (const auto* revoke = std::get_if<Revoke>(&message))
    give_back(*revoke);
  else if (const auto* released = std::get_if<Release>(&message))
    release(*released);
  else if (const auto* stop = std::get_if<StopAttempts>(&message)) {
    for (const ElementId e : stop->elements) executor_.stop(e, StopReason::cancelled);
  } else if (const auto* signal = std::get_if<SignalAttempts>(&message)) {
    for (const ElementId e : signal->elements) executor_.signal(e, signal->signal);
  } else if (const auto* start = std::get_if<StartParty>(&message)) {
    start_party(*start);
  } else if (const auto* end = std::get_if<EndParty>(&message)) {
    end_party(*end);
  } else if (const auto* word = std::get_if<PartyWord>(&message)) {
    hear(*word);
  } else if (const auto* value = std::get_if<ValueWord>(&message)) {
    executor_.hear_value(*value);
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
  report_interval_ = grant.report_interval;
  last_end_ = grant.last_end;
  run_state_ = grant.run_state;
  ++num_grants_;
  for (const auto& [id, task] : grant.tasks) tasks_[id.value()] = task;
  for (const LeasedElement& leased : grant.elements) {
    const auto [place, is_new] = held_.try_emplace(leased.element);
    FUGLE_EXPECT(is_new, "an element was granted twice");
    place->second.leased = leased;
    place->second.grant = num_grants_;
    if (leased.retries > 0) scale(place->second);
    if (leased.party != 0)
      parties_.push_back(leased.element);
    else if (leased.waits_for == 0)
      queue_.emplace(leased.order, leased.element);
  }
}

/// A worker that leaves does not begin: the head will hear that it has left.
void Worker::start_party(const StartParty& start) {
  const auto found = held_.find(start.element);
  if (is_shutting_down_ || found == held_.end() || found->second.leased.party != start.party) return;
  Launch launch = hand_over(found->second);
  launch.party = start.members;
  launch.position = start.position;
  launch.party_number = start.party;
  if (start.position == 0)
    executor_.start(launch);
  else
    executor_.host(launch);
}

void Worker::end_party(const EndParty& end) {
  const auto found = held_.find(end.element);
  if (found == held_.end() || found->second.leased.party != end.party) return;
  if (found->second.is_running) return executor_.dismiss(end.element);
  if (found->second.is_placed) give_up_place(found->second);
  std::erase(parties_, end.element);
  held_.erase(found);
}

/// For an executor that knows the attempt, and no other.
void Worker::hear(const PartyWord& word) {
  const auto found = held_.find(word.element);
  if (found == held_.end() || !found->second.is_running || found->second.leased.attempt != word.attempt) return;
  executor_.hear(word);
}

void Worker::give_back(const Revoke& revoke) {
  for (const ElementId e : revoke.elements) {
    const auto found = held_.find(e);
    if (found == held_.end() || found->second.is_running) continue;
    let_go(e);
  }
}

void Worker::let_go(ElementId element) {
  report_.returned.push_back(element);
  is_report_awaited_ = true;
  drop(element);
}

/// What is not here any more has left its lease in the meantime.
void Worker::release(const Release& release) {
  for (const ElementId e : release.elements) {
    const auto found = held_.find(e);
    if (found == held_.end()) continue;
    LeasedElement& leased = found->second.leased;
    if (--leased.waits_for == 0) queue_.emplace(leased.order, e);
  }
}

void Worker::drop(ElementId element) {
  const auto found = held_.find(element);
  if (found == held_.end()) return;
  FUGLE_EXPECT(!found->second.is_running);
  const Held held = std::move(found->second);
  queue_.erase({held.leased.order, element});
  held_.erase(found);
  drop_dependents(held);
}

/// None when it has left the lease, and perhaps came back by another.
Worker::Held* Worker::find_released(const Held& held, ElementId successor) {
  const auto found = held_.find(successor);
  return found != held_.end() && found->second.grant == held.grant ? &found->second : nullptr;
}

void Worker::drop_dependents(const Held& held) {
  for (const ElementId e : held.leased.releases)
    if (find_released(held, e) != nullptr) drop(e);
}

Time Worker::step(Time now) {
  take_reports();
  if (is_shutting_down_) {
    for (const auto& [element, held] : held_)
      if (held.is_running) executor_.stop(element, StopReason::shutdown);
    queue_.clear();
    parties_.clear();
  } else {
    give_back_what_is_late(now);
    start_what_fits(now);
    carry_words();  // what starts may want results from elsewhere
  }
  if (held_.empty())
    last_word_ = kNever;
  else if (last_word_ == kNever)
    last_word_ = now;
  const Time due = report_due_at();
  if (due > now) return due;
  send_report(now);
  for (Placed& placed : placed_) outbox_.send(kHead, std::move(placed));
  placed_.clear();
  return next_heartbeat();
}

void Worker::take_reports() {
  fresh_.clear();
  executor_.poll(fresh_);
  carry_words();
  for (AttemptReport& attempt : fresh_) {
    if (attempt.kind == AttemptReport::Kind::ended) end(attempt);
    if (attempt.kind == AttemptReport::Kind::ready) is_report_awaited_ = true;
    report_.attempts.push_back(std::move(attempt));
  }
}

void Worker::carry_words() {
  words_.clear();
  executor_.poll_words(words_);
  for (PartyWord& word : words_)
    if (has_head_) outbox_.send(kHead, CarryWord{std::move(word)});
  value_words_.clear();
  executor_.poll_value_words(value_words_);
  for (ValueWord& word : value_words_)
    if (has_head_) outbox_.send(kHead, CarryValue{std::move(word)});
}

void Worker::end(AttemptReport& attempt) {
  const auto found = held_.find(attempt.element);
  FUGLE_EXPECT(found != held_.end() && found->second.is_running, "an attempt ended that this worker does not run");
  give_up_place(found->second);
  const Held held = std::move(found->second);
  held_.erase(found);
  --num_running_;
  if (!held.remark.empty()) attempt.reason += (attempt.reason.empty() ? "" : "; ") + held.remark;
  const double length_s = to_seconds(attempt.end - attempt.start);
  if (!task_of(held).service.is_given)
    mean_length_s_ += (length_s - mean_length_s_) * (mean_length_s_ > 0 ? kNewest : 1);
  is_report_awaited_ =
      is_report_awaited_ || held.leased.is_awaited || held.leased.party != 0 || attempt.cls != FailureClass::none;
  if (attempt.cls != FailureClass::none) return drop_dependents(held);
  for (const ElementId e : held.leased.releases) {
    Held* const released = find_released(held, e);
    if (released != nullptr && --released->leased.waits_for == 0) queue_.emplace(released->leased.order, e);
  }
}

/// A retry asks for more, as far as this node has it beside the services that run here: these may stay for long.
void Worker::scale(Held& held) const {
  const graph::Task& task = task_of(held);
  if (!is_scaled(task.retries)) return;
  plan::Slot most{offer_.cores, offer_.mem_bytes, offer_.gpus};
  for (const auto& [element, other] : held_) {
    if (!other.is_running || !task_of(other).service.is_given) continue;
    most.cores -= std::min(most.cores, other.granted.cores);
    most.mem_bytes -= std::min(most.mem_bytes, other.granted.mem_bytes);
  }
  if (offer_.mem_bytes > 0) most.mem_bytes = std::max<std::uint64_t>(most.mem_bytes, 1);  // 0: not known
  ScaledTask scaled = scaled_task(task, held.leased.retries, most);
  held.remark = std::move(scaled.remark);
  held.scaled = std::make_shared<const graph::Task>(std::move(scaled.task));
}

graph::Request Worker::request_of(const Held& held) const {
  const graph::Request& request = task_of(held).request;
  const plan::Slot taken = plan::taken_on({offer_.cores, offer_.mem_bytes, offer_.gpus}, request);
  return {taken.cores, taken.mem_bytes, taken.gpus, request.whole_node};
}

bool Worker::is_free(const graph::Request& granted) const {
  return granted.cores <= free_cores_ && granted.mem_bytes <= free_mem_ && granted.gpus <= free_gpus_;
}

void Worker::take(const graph::Request& granted) {
  free_cores_ -= granted.cores;
  free_mem_ -= granted.mem_bytes;
  free_gpus_ -= granted.gpus;
}

/// Of MPI ranks each is bound to its own cores. `held.granted` is known.
bool Worker::needs_place(const Held& held) const {
  if (!places_) return false;
  const graph::Task& task = task_of(held);
  const bool is_bound = task.bind == graph::Bind::automatic ? held.granted.cores > 1 || task.shape.ranks > 0
                                                            : task.bind != graph::Bind::none;
  return is_bound || held.granted.gpus > 0;
}

topology::Level Worker::level_of(const graph::Task& task) const {
  switch (task.bind) {
    case graph::Bind::core: return topology::Level::core;
    case graph::Bind::l3: return topology::Level::l3;
    case graph::Bind::socket: return topology::Level::package;
    case graph::Bind::automatic:
    case graph::Bind::none:
    case graph::Bind::numa: return topology::Level::numa;
  }
  return topology::Level::numa;
}

void Worker::choose_place(Held& held) {
  if (!needs_place(held)) return;
  const auto holding = places_->take({held.granted.cores, held.granted.gpus, level_of(task_of(held))});
  FUGLE_CHECK_THAT(holding.has_value(), "cores are free by number but not by place");
  held.holding = *holding;
}

/// A follower may take it when it is left; nobody knows when a service leaves.
void Worker::offer_place(ElementId element) {
  if (task_of(held_.at(element)).service.is_given) return;
  unfollowed_.insert(element, [&](ElementId e) -> std::uint32_t& { return held_.at(e).unfollowed_at; });
}

void Worker::close_place(ElementId element) {
  unfollowed_.erase(element, [&](ElementId e) -> std::uint32_t& { return held_.at(e).unfollowed_at; });
}

/// Its cores are free, or its follower has them by now.
void Worker::give_up_place(Held& held) {
  const ElementId e = held.leased.element;
  if (held.predecessor.is_valid()) {  // stopped while it waited
    Held& predecessor = held_.at(held.predecessor);
    predecessor.follower = ElementId();
    offer_place(held.predecessor);
    followers_.erase(e);
    return;
  }
  free_cores_ += held.granted.cores;
  free_mem_ += held.granted.mem_bytes;
  free_gpus_ += held.granted.gpus;
  if (places_) places_->give_back(held.holding);
  close_place(e);
  if (!held.follower.is_valid()) return;
  Held& follower = held_.at(held.follower);
  follower.predecessor = ElementId();
  take(follower.granted);
  followers_.erase(held.follower);
  offer_place(held.follower);
}

/// Time has passed since the head thought that these could end in time.
void Worker::give_back_what_is_late(Time now) {
  if (last_end_ == kNever) return;
  std::vector<ElementId> late;
  for (const auto& [order, e] : queue_)
    if (now + from_seconds(held_.at(e).leased.expected_s) > last_end_) late.push_back(e);
  for (const ElementId e : late) let_go(e);
}

/// In the order in which they were granted; false when one waits, for which all that gets free is kept.
bool Worker::take_places_of_parties() {
  for (; !parties_.empty(); parties_.pop_front()) {
    Held& held = held_.at(parties_.front());
    held.granted = request_of(held);
    if (!is_free(held.granted)) return false;
    take(held.granted);
    choose_place(held);
    held.is_placed = true;
    const LeasedElement& leased = held.leased;
    placed_.push_back({leased.element, leased.party, needs_place(held) ? place_of(held) : Place{}});
    is_report_awaited_ = true;
  }
  return true;
}

void Worker::start_what_fits(Time now) {
  if (!take_places_of_parties()) return;
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
    choose_place(held);
    if (!needs_place(held)) offer_place(held.leased.element);
    executor_.start(hand_over(held));
  }
  promote_followers();
  start_followers(now);
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
    offer_place(held.predecessor);
    held.predecessor = ElementId();
    take(held.granted);
    executor_.start_now(*next);
    offer_place(*next);
    next = followers_.erase(next);
  }
}

/// What has a place of its own neither leaves it to a follower nor follows: its binding was chosen for it.
void Worker::start_followers(Time now) {
  for (auto next = queue_.begin(); next != queue_.end() && !unfollowed_.empty();) {
    Held& held = held_.at(next->second);
    held.granted = request_of(held);
    if (needs_place(held)) return;
    Held* const place = find_place_for(held.granted);
    if (place == nullptr) return;  // in order: what comes later does not take the place of what needs more
    if (!can_follow_in_time(held, *place, now)) return;
    next = queue_.erase(next);
    held.predecessor = place->leased.element;
    place->follower = held.leased.element;
    close_place(held.predecessor);
    followers_.insert(held.leased.element);
    executor_.start_after(hand_over(held), held.predecessor);
  }
}

bool Worker::can_follow_in_time(const Held& follower, const Held& running, Time now) const {
  if (last_end_ == kNever) return true;
  const double both_s = running.leased.expected_s + follower.leased.expected_s;
  return running.leased.expected_s > 0 && now + from_seconds(both_s) + kFollowerMargin <= last_end_;
}

/// A running attempt that has at least as much and no follower yet.
Worker::Held* Worker::find_place_for(const graph::Request& granted) {
  for (const ElementId e : unfollowed_) {
    Held& running = held_.at(e);
    const graph::Request& has = running.granted;
    if (granted.cores <= has.cores && granted.mem_bytes <= has.mem_bytes && granted.gpus <= has.gpus) return &running;
  }
  return nullptr;
}

Launch Worker::hand_over(Held& held) {
  ++num_running_;
  held.is_running = true;
  const LeasedElement& leased = held.leased;
  Launch launch;
  launch.element = leased.element;
  launch.attempt = leased.attempt;
  launch.id = leased.id;
  launch.task = shared_task_of(held);
  launch.index = leased.index;
  launch.packed_text = leased.packed_text;
  launch.granted = held.granted;
  if (launch.task->runs_finally) launch.run_state = run_state_;
  if (needs_place(held)) launch.place = place_of(held);
  return launch;
}

Place Worker::place_of(const Held& held) const {
  topology::OsNumbers numbers = topology::os_numbers_of(offer_.machine, held.holding);
  Place place;
  place.is_real = offer_.machine.is_real;
  place.gpus = std::move(numbers.gpus);
  if (task_of(held).bind == graph::Bind::none) return place;
  place.cpus = std::move(numbers.cpus);
  place.numa_nodes = std::move(numbers.numa_nodes);
  return place;
}

/// Now, unless it can wait for more to tell.
Time Worker::report_due_at() const {
  const bool is_leaving = is_shutting_down_ && num_running_ == 0 && !is_done_;
  if (is_leaving || is_report_awaited_ || is_shutting_down_) return Time{};
  if (report_.attempts.empty()) return next_heartbeat();
  const bool wants_more = free_cores_ > 0 && held_.size() == num_running_;
  return last_report_ + (wants_more ? report_interval() / kIdleFactor : report_interval());
}

Time Worker::next_heartbeat() const { return last_word_ == kNever ? kNever : last_word_ + kHeartbeat; }

Duration Worker::report_interval() const {
  return std::clamp(from_seconds(mean_length_s_ * kPartOfAttempt), report_interval_,
                    report_interval_ * kLongestInterval);
}

/// An attempt that began and ended since the last report is told by its end alone.
void Worker::send_report(Time now) {
  auto& attempts = report_.attempts;
  std::unordered_set<ElementId> ended;
  for (const AttemptReport& attempt : attempts)
    if (attempt.kind == AttemptReport::Kind::ended) ended.insert(attempt.element);
  std::erase_if(attempts, [&](const AttemptReport& attempt) {
    return attempt.kind != AttemptReport::Kind::ended && ended.contains(attempt.element);
  });

  const bool is_leaving = is_shutting_down_ && num_running_ == 0 && !is_done_;
  const bool is_heartbeat = now >= next_heartbeat();
  if (attempts.empty() && report_.returned.empty() && !is_leaving && !is_heartbeat) return;
  report_.goodbye = is_leaving;
  is_done_ = is_done_ || is_leaving;
  if (has_head_) outbox_.send(kHead, std::move(report_));
  report_ = {};
  is_report_awaited_ = false;
  last_report_ = now;
  if (last_word_ != kNever) last_word_ = now;
}

}  // namespace fugle::scheduler
