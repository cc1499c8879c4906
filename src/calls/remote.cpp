#include "calls/remote.hpp"

#include <algorithm>
#include <string>

#include "calls/mailbox.hpp"

namespace fugle::calls {
namespace {

using detail::CallFlag;

constexpr std::size_t kFrameBytes = 4000;  ///< so many messages to one rank go as one; below the eager limit
constexpr std::size_t kSmallValue = 4096;  ///< bytes; larger ones stay where they were made
constexpr std::size_t kMostStolen = 16;    ///< calls for one question
constexpr std::chrono::microseconds kFirstPause{20}, kLongestPause{5000};

/// The numbers that a wave adds up.
enum Sum { sent, received, control_sent, control_received, failures, unfulfilled, leaving };

}  // namespace

Remote::Remote(Engine& engine, std::unique_ptr<detail::Link> link, bool shares)
    : engine_(engine),
      link_(std::move(link)),
      rank_(link_->rank()),
      num_ranks_(link_->num_ranks()),
      shares_(shares && num_ranks_ > 1),
      outbox_(static_cast<std::size_t>(num_ranks_)),
      next_victim_((rank_ + 1) % num_ranks_) {}

void Remote::post(int to, std::vector<std::byte>&& message, bool is_control) {
  (is_control ? num_control_sent_ : num_sent_).fetch_add(1, std::memory_order_seq_cst);
  const std::lock_guard lock(outbox_mutex_);
  auto& frames = outbox_[static_cast<std::size_t>(to)];
  if (!frames.empty() && frames.back().size() + message.size() <= kFrameBytes)
    frames.back().insert(frames.back().end(), message.begin(), message.end());
  else
    frames.push_back(std::move(message));
  has_outgoing_.store(true, std::memory_order_relaxed);
}

void Remote::flush() {
  if (!has_outgoing()) return;
  std::vector<std::pair<int, std::vector<std::byte>>> frames;
  {
    const std::lock_guard lock(outbox_mutex_);
    has_outgoing_.store(false, std::memory_order_relaxed);
    for (int to = 0; to < num_ranks_; ++to) {
      for (auto& frame : outbox_[static_cast<std::size_t>(to)]) frames.emplace_back(to, std::move(frame));
      outbox_[static_cast<std::size_t>(to)].clear();
    }
  }
  for (auto& [to, frame] : frames) link_->send(to, std::move(frame));
}

bool Remote::progress(Worker& worker) {
  if (worker.index != 0 && !is_for_any_thread()) return false;
  const std::unique_lock lock(progress_mutex_, std::try_to_lock);
  if (!lock) return false;
  flush();
  const bool came = link_->poll([&](int from, std::span<const std::byte> frame) { handle(from, frame); });
  if (!came && shares_ && worker.deque.size() == 0) ask_for_work();
  flush();
  return came;
}

// Out: calls that go to other ranks, and what comes back.

bool Remote::can_travel(Call& call) const {
  if (call.type->encode == nullptr || call.has(detail::kAtHome | detail::kForwards | detail::kPlaced)) return false;
  if (engine_.is_cancelled() || find_call_type(call.type->id) == nullptr) return false;
  for (std::uint32_t i = 0; i < call.num_slots; ++i) {
    Call& root = *call.slots()[i].producer->root();
    if (root.has(detail::kFailed) || root.type->value->encode == nullptr) return false;
  }
  return true;
}

bool Remote::divert(Call& call) {
  if (call.has(detail::kForwards)) return false;
  for (std::uint32_t i = 0; i < call.num_slots; ++i)
    if (call.slots()[i].producer->root()->has(detail::kFailed))
      return false;  // it will not run: its failure is made here
  if (call.has(detail::kPlaced)) {
    if (engine_.is_cancelled()) return false;
    ship(call, call.extra->target);
    return true;
  }
  bool waits = false;
  for (std::uint32_t i = 0; i < call.num_slots; ++i) waits |= call.slots()[i].producer->root()->has(detail::kElsewhere);
  if (!waits) return false;
  call.missing.store(1, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < call.num_slots; ++i) {
    Call& root = *call.slots()[i].producer->root();
    {
      const std::lock_guard lock(place_mutex_);
      if (!root.has(detail::kElsewhere)) continue;
      call.missing.fetch_add(1, std::memory_order_relaxed);
      root.extra->fetchers.push_back({&call, {}});
    }
    fetch(root);
  }
  return call.missing.fetch_sub(1, std::memory_order_acq_rel) != 1;
}

void Remote::fetch(Call& root) {
  {
    const std::lock_guard lock(place_mutex_);
    if (!root.has(detail::kElsewhere) || root.extra->is_fetching) return;
    root.extra->is_fetching = true;
  }
  detail::retain(root);
  engine_.worker_here().begin_one();
  MessageWriter message(Word::get);
  message.put(root.extra->place.record);
  message.put(&root);
  post(root.extra->place.rank, message.take());
}

void Remote::put_value(MessageWriter& message, Call& root) {
  message.put(root.type->value->id);
  const bool is_elsewhere = root.has(detail::kElsewhere);
  message.put(is_elsewhere ? How::elsewhere : How::inline_value);
  if (is_elsewhere) {
    message.put(static_cast<std::uint64_t>(root.extra->place.rank));
    message.put(root.extra->place.record);
  } else {
    message.put_encoded([&](std::vector<std::byte>& bytes) { root.type->value->encode(root.outcome, bytes); });
  }
}

void Remote::ship(Call& call, int target) {
  engine_.worker_here().begin_one();
  MessageWriter message(Word::ship);
  message.put(&call);
  message.put(call.type->id);
  message.put(std::uint64_t{call.has(detail::kPlaced) ? 1u : 0u});
  message.put(std::uint64_t{call.num_slots});
  message.put_encoded([&](std::vector<std::byte>& bytes) { call.type->encode(call.payload(), bytes); });
  for (std::uint32_t i = 0; i < call.num_slots; ++i) put_value(message, *call.slots()[i].producer->root());
  post(target, message.take());
}

void Remote::reply(Call& call) {
  const CallExtra::Place owner = call.extra->owner;
  Call& root = *call.root();
  MessageWriter message(Word::done);
  message.put(owner.record);
  const bool is_failed = root.has(detail::kFailed);
  if (!is_failed && (root.has(detail::kElsewhere) || root.type->value->measure(root.outcome) > kSmallValue)) {
    detail::retain(call);
    {
      const std::lock_guard lock(place_mutex_);
      held_.insert(&call);
    }
    message.put(How::elsewhere);
    message.put(&call);
  } else {
    put_outcome(message, root);
  }
  post(owner.rank, message.take());
}

void Remote::release_there(const CallExtra::Place& place) {
  MessageWriter message(Word::release);
  message.put(place.record);
  post(place.rank, message.take());
}

void Remote::tell_cancelled() {
  for (int rank = 0; rank < num_ranks_; ++rank)
    if (rank != rank_) post(rank, MessageWriter(Word::cancel).take());
}

// In.

void Remote::handle(int from, std::span<const std::byte> frame) {
  MessageReader messages(frame);
  while (!messages.is_at_end()) {
    MessageReader message(messages.message());
    handle_one(from, message);
  }
}

void Remote::handle_one(int from, MessageReader& message) {
  const Word word = message.word();
  switch (word) {
    case Word::ship: on_ship(from, message); break;
    case Word::done: on_done(from, message); break;
    case Word::get: on_get(from, message); break;
    case Word::data: on_data(message); break;
    case Word::release: on_release(*message.record()); break;
    case Word::value: {
      const std::uint64_t tag = message.number();
      engine_.mailbox().deliver(from, tag, message.rest());
      break;
    }
    case Word::cancel: engine_.cancel_here(); break;
    case Word::steal: on_steal(from); break;
    case Word::stolen: on_answer(message.number()); break;
  }
  const bool is_control = word == Word::steal || word == Word::stolen;
  (is_control ? num_control_received_ : num_received_).fetch_add(1, std::memory_order_seq_cst);
}

Call* Remote::take_value(MessageReader& message) {
  const std::uint64_t id = message.number();
  const How how = message.how();
  const CallType* type = find_plain_type(id);
  if (type == nullptr) throw CallError("a value of another rank is of a type that this rank does not know");
  if (how == How::inline_value) {
    Call* value = engine_.make(*type, 0);
    take_outcome(engine_, *value, how, message);
    engine_.complete(*value);
    detail::release(*value);
    return value;
  }
  const int place = static_cast<int>(message.number());
  Call* record = message.record();
  if (place == rank_) {
    detail::retain(*record);
    return record;
  }
  Call* value = engine_.make(*type, 0);
  value->extra = new CallExtra;
  value->extra->place = {place, record};
  value->set(detail::kElsewhere);
  engine_.complete(*value);
  detail::release(*value);
  return value;
}

void Remote::take_values(Call& call, MessageReader& message) {
  for (std::uint32_t i = 0; i < call.num_slots; ++i) call.slots()[i].producer = take_value(message);
}

Call* Remote::take_shipped(int from, MessageReader& message) {
  const CallExtra::Place owner{from, message.record()};
  const CallType* type = find_call_type(message.number());
  if (type == nullptr || type->decode == nullptr)
    throw CallError(
        "rank " + std::to_string(rank_) +
        " does not know a function that it was sent: all ranks must run the same program with the same libraries");
  const bool is_placed = message.number() != 0;
  const std::size_t num_slots = message.number();
  Call* call = engine_.make(*type, num_slots);
  call->refs.store(1, std::memory_order_relaxed);
  try {
    ValueReader payload(message.encoded());
    type->decode(payload, call->payload());
    call->set(detail::kHasPayload);
    take_values(*call, message);
  } catch (...) {
    detail::release(*call);
    throw;
  }
  call->extra = new CallExtra;
  call->extra->owner = owner;
  call->set(detail::kReplies | (is_placed ? detail::kAtHome : 0));
  return call;
}

void Remote::on_ship(int from, MessageReader& message) {
  MessageReader copy = message;
  try {
    engine_.submit(*take_shipped(from, message), -1);
  } catch (const std::exception& error) {
    MessageWriter answer(Word::done);
    answer.put(copy.record());
    answer.put(How::failed);
    answer.put(std::string_view(error.what()));
    post(from, answer.take());
    engine_.note_failure(std::current_exception());
  }
}

void Remote::on_done(int from, MessageReader& message) {
  Call& call = *message.record();
  const How how = message.how();
  if (how == How::elsewhere) {
    if (call.extra == nullptr) call.extra = new CallExtra;
    call.extra->place = {from, message.record()};
    call.extra->owns = true;
    call.set(detail::kElsewhere);
  } else {
    take_outcome(engine_, call, how, message);
  }
  engine_.end_shipped(call);
}

void Remote::on_get(int from, MessageReader& message) {
  Call& record = *message.record();
  const CallExtra::Place asker{from, message.record()};
  Call& root = *record.root();
  {
    const std::lock_guard lock(place_mutex_);
    if (root.has(detail::kElsewhere)) root.extra->fetchers.push_back({nullptr, asker});
  }
  if (root.has(detail::kElsewhere))
    fetch(root);
  else
    send_data(root, asker);
}

void Remote::send_data(Call& root, const CallExtra::Place& asker) {
  MessageWriter message(Word::data);
  message.put(asker.record);
  put_outcome(message, root);
  post(asker.rank, message.take());
}

void Remote::on_data(MessageReader& message) {
  Call& root = *message.record();
  const How how = message.how();
  take_outcome(engine_, root, how, message);
  std::vector<CallExtra::Fetcher> fetchers;
  {
    const std::lock_guard lock(place_mutex_);
    root.unset(detail::kElsewhere);
    fetchers.swap(root.extra->fetchers);
  }
  for (const auto& fetcher : fetchers) {
    if (fetcher.consumer == nullptr)
      send_data(root, fetcher.asker);
    else if (fetcher.consumer->missing.fetch_sub(1, std::memory_order_acq_rel) == 1)
      engine_.push(*fetcher.consumer);
  }
  detail::release(root);
  engine_.worker_here().end_one();
  engine_.wake_main();
}

void Remote::on_release(Call& record) {
  {
    const std::lock_guard lock(place_mutex_);
    held_.erase(&record);
  }
  detail::release(record);
}

void Remote::let_go() {
  for (Call* record : held_) detail::release(*record);
  held_.clear();
}

// Work for ranks that have none.

void Remote::ask_for_work() {
  if (has_asked_ || is_leaving_ || engine_.is_cancelled()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < ask_after_) return;
  if (num_refusals_ >= num_ranks_ - 1) {
    pause_ = std::clamp(2 * pause_, kFirstPause, kLongestPause);
    ask_after_ = now + pause_;
    num_refusals_ = 0;
    return;
  }
  post(next_victim_, MessageWriter(Word::steal).take(), true);
  has_asked_ = true;
  next_victim_ = (next_victim_ + 1) % num_ranks_;
  if (next_victim_ == rank_) next_victim_ = (next_victim_ + 1) % num_ranks_;
}

void Remote::on_answer(std::uint64_t num_stolen) {
  has_asked_ = false;
  if (num_stolen == 0) {
    ++num_refusals_;
    return;
  }
  num_refusals_ = 0;
  pause_ = {};
}

void Remote::on_steal(int thief) {
  std::size_t num_there = engine_.num_in_deques();
  // Each thread here keeps a call: two ranks could else pass their last calls to and fro without running them.
  const std::size_t num_spare = num_there - std::min<std::size_t>(num_there, engine_.num_threads());
  const std::size_t num_wanted = std::min(kMostStolen, (num_spare + 1) / 2);
  std::uint64_t num_shipped = 0;
  std::vector<Call*> kept;
  for (; num_there > 0 && num_shipped < num_wanted && kept.size() < kMostStolen; --num_there) {
    Call* call = engine_.steal_for_other_rank();
    if (call == nullptr) break;
    if (!can_travel(*call)) {
      kept.push_back(call);
      continue;
    }
    ship(*call, thief);
    engine_.worker_here().end_one();
    ++num_shipped;
  }
  for (Call* call : kept) engine_.put_back(*call);
  MessageWriter answer(Word::stolen);
  answer.put(num_shipped);
  post(thief, answer.take(), true);
}

// The end of all.

bool Remote::is_all_quiet(Wish wish) {
  const std::unique_lock lock(progress_mutex_, std::try_to_lock);
  if (!lock) return false;
  is_leaving_ = wish == Wish::leave;
  if (is_wave_open_) {
    const auto sums = link_->take_sums();
    if (!sums) return false;
    is_wave_open_ = false;
    if (settle(*sums, wish)) return true;
  }
  // Under the lock no message is handled; so a passive rank stays so while it counts.
  if (!engine_.is_passive() || has_outgoing()) return false;
  link_->start_sums({num_sent_.load(), num_received_.load(), num_control_sent_.load(), num_control_received_.load(),
                     engine_.num_failures(), engine_.mailbox().num_unfulfilled(), is_leaving_ ? 1 : 0});
  is_wave_open_ = true;
  return false;
}

bool Remote::settle(const detail::Link::Sums& sums, Wish wish) {
  if (!search_.look(sums[sent], sums[received])) return false;
  if (sums[unfulfilled] > 0) {
    engine_.mailbox().fail_unfulfilled();
    search_.begin_anew();
    return false;
  }
  num_new_failures_ = sums[failures] - num_failures_seen_;
  const bool all_leave = sums[leaving] == num_ranks_;
  if (all_leave) return sums[control_sent] == sums[control_received];
  search_.begin_anew();
  num_failures_seen_ = sums[failures];
  return wish == Wish::stay;
}

}  // namespace fugle::calls
