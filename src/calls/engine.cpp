#include "calls/engine.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>

#include "calls/mailbox.hpp"
#include "calls/remote.hpp"

namespace fugle::calls {
namespace {

/// The worker of this thread whose engine was made or entered last. A thread can have several: that of the engine whose
/// call it runs, and those of engines that it made itself.
thread_local Worker* t_worker = nullptr;

constexpr unsigned kSpins = 64;     ///< turns without work before the thread lets others run
constexpr unsigned kYields = 2000;  ///< and then before it sleeps
constexpr auto kLongestRest = std::chrono::milliseconds(100);
constexpr auto kShortestRest = std::chrono::microseconds(50);
constexpr auto kLongestRestWithRanks = std::chrono::milliseconds(2);

}  // namespace

std::exception_ptr failure_of(Call& call) {
  Call& root = *call.root();
  return root.has(detail::kFailed) ? *static_cast<std::exception_ptr*>(root.outcome) : nullptr;
}

}  // namespace fugle::calls

namespace fugle::detail {

using calls::failure_of;
using calls::RecordPool;
using calls::Worker;

namespace {

/// Enough for a thread that is in a call of one engine and works for another.
class ScopedWorker {
 public:
  explicit ScopedWorker(Worker& worker) : before_(std::exchange(calls::t_worker, &worker)) {}
  ~ScopedWorker() { calls::t_worker = before_; }
  ScopedWorker(const ScopedWorker&) = delete;
  ScopedWorker& operator=(const ScopedWorker&) = delete;

 private:
  Worker* before_;
};

unsigned num_usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  return std::max(1u, std::thread::hardware_concurrency());
}

// Records without a reference are destroyed one after the other: each may give up the last reference of others.
struct DeadList {
  Call* first = nullptr;
  bool is_busy = false;
};
thread_local DeadList t_dead;

void destroy(Call& call) {
  auto& pool = RecordPool::of(&call);
  auto* engine = static_cast<Engine*>(pool.owner());
  Slot* slots = call.slots();
  for (std::uint32_t i = 0; i < call.num_slots; ++i)
    if (slots[i].producer != nullptr) release(*slots[i].producer);
  if (call.has(kHasPayload) && call.type->destroy_payload != nullptr) call.type->destroy_payload(call.payload());
  if (call.has(kHasValue) && call.type->value->destroy != nullptr) call.type->value->destroy(call.value_memory());
  if (call.has(kFailed)) delete static_cast<std::exception_ptr*>(call.outcome);
  if (call.has(kAlias)) release(*static_cast<Call*>(call.outcome));
  if (call.extra != nullptr) {
    if (engine != nullptr && call.extra->owns) engine->remote()->release_there(call.extra->place);
    delete call.extra;
  }
  const std::uint8_t size_class = call.size_class;
  call.~Call();
  Worker* worker = engine == nullptr ? nullptr : engine->find_worker_here();
  if (worker != nullptr)
    pool.take_back(worker->cache, &call, size_class);
  else
    pool.take_back_outside(&call, size_class);
}

}  // namespace

void retain(Call& call) { call.refs.fetch_add(1, std::memory_order_relaxed); }

void release(Call& call) {
  if (call.refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  call.waiters.store(reinterpret_cast<Slot*>(t_dead.first), std::memory_order_relaxed);
  t_dead.first = &call;
  if (t_dead.is_busy) return;
  t_dead.is_busy = true;
  while (t_dead.first != nullptr) {
    Call& next = *t_dead.first;
    t_dead.first = reinterpret_cast<Call*>(next.waiters.load(std::memory_order_relaxed));
    destroy(next);
  }
  t_dead.is_busy = false;
}

Engine::Engine(Calls& calls, const CallsOptions& options, std::unique_ptr<Link> link)
    : calls_(calls),
      pool_(*new RecordPool(this)),
      mailbox_(std::make_unique<calls::Mailbox>(*this)),
      main_thread_(std::this_thread::get_id()),
      num_exceptions_at_start_(std::uncaught_exceptions()) {
  const unsigned num_threads = options.threads == 0 ? num_usable_cores() : options.threads;
  for (unsigned i = 0; i < num_threads; ++i) workers_.push_back(std::make_unique<Worker>(*this, i));
  if (link != nullptr) remote_ = std::make_unique<calls::Remote>(*this, std::move(link), options.share);
}

void Engine::start_threads() {
  try {
    for (unsigned i = 1; i < num_threads(); ++i) threads_.emplace_back([this, i] { work_until_stopped(*workers_[i]); });
  } catch (const std::system_error& error) {
    throw CallError("cannot start " + std::to_string(num_threads()) + " threads (" + error.what() +
                    "); ask for fewer in CallsOptions::threads");
  }
}

Engine::~Engine() {
  const ScopedWorker scope(*workers_[0]);
  if (!is_passive() || mailbox_->num_unfulfilled() > 0 || std::uncaught_exceptions() > num_exceptions_at_start_)
    cancel_everywhere();
  if (remote_)
    work_until([&] { return is_passive() && remote_->is_all_quiet(calls::Remote::Wish::leave); });
  else
    work_until([&] { return is_all_done(); });
  stop_threads();
  if (remote_) remote_->let_go();
  std::uint64_t num_live = 0;
  for (const auto& worker : workers_) num_live += worker->cache.num_given - worker->cache.num_back;
  remote_.reset();
  pool_.leave(num_live);
}

void Engine::stop_threads() {
  is_stopping_.store(true);
  {
    const std::lock_guard lock(rest_mutex_);
    work_came_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Worker* Engine::find_worker_here() {
  if (calls::t_worker != nullptr && &calls::t_worker->engine == this) return calls::t_worker;
  return std::this_thread::get_id() == main_thread_ ? workers_[0].get() : nullptr;
}

Worker& Engine::worker_here() {
  if (Worker* worker = find_worker_here()) return *worker;
  throw CallMisuse("this thread may not add calls: only the one that made the Calls, and calls themselves, may");
}

Call* Engine::make(const CallType& type, std::size_t num_slots) {
  Worker& worker = worker_here();
  const std::size_t bytes = type.payload_offset + type.payload_size + num_slots * sizeof(Slot);
  std::uint8_t size_class = 0;
  Call* call = new (pool_.give(worker.cache, bytes, size_class)) Call;
  call->type = &type;
  call->size_class = size_class;
  call->num_slots = static_cast<std::uint32_t>(num_slots);
  call->missing.store(static_cast<std::uint32_t>(num_slots) + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < num_slots; ++i) new (call->slots() + i) Slot;
  return call;
}

namespace {

/// Adds a slot to those who wait; false when the value is there already.
bool enlist(Slot& slot) {
  Call& producer = *slot.producer;
  Slot* first = producer.waiters.load(std::memory_order_acquire);
  do {
    if (first == Call::done_mark()) return false;
    slot.next = first;
  } while (!producer.waiters.compare_exchange_weak(first, &slot, std::memory_order_release, std::memory_order_acquire));
  return true;
}

}  // namespace

void Engine::submit(Call& call, int rank) {
  if (rank >= 0) {
    call.set(kAtHome);
    if (remote_ && rank != remote_->rank()) {
      call.extra = new CallExtra;
      call.extra->target = rank;
      call.set(kPlaced);
    }
  }
  call.set(kHasPayload);
  std::uint32_t num_there = 1;
  for (std::uint32_t i = 0; i < call.num_slots; ++i) {
    call.slots()[i].consumer = &call;
    if (!enlist(call.slots()[i])) ++num_there;
  }
  if (call.missing.fetch_sub(num_there, std::memory_order_acq_rel) == num_there) ready(call);
}

void Engine::submit_done(Call& call) {
  call.set(kHasValue);
  call.outcome = call.value_memory();
  complete(call);
  release(call);
}

void Engine::ready(Call& call) {
  if (remote_ && remote_->divert(call)) return;
  push(call);
}

void Engine::push(Call& call) {
  worker_here().begin_one();
  put_back(call);
}

void Engine::put_back(Call& call) {
  worker_here().deque.push(&call);
  if (num_resting_.load(std::memory_order_seq_cst) > 0) wake_one();
}

void Engine::end_shipped(Call& call) {
  drop_arguments(call);
  complete(call);
  release(call);
  worker_here().end_one();
}

void Engine::complete(Call& call) {
  if (call.has(kReplies)) remote_->reply(call);
  Slot* slot = call.waiters.exchange(Call::done_mark(), std::memory_order_seq_cst);
  while (slot != nullptr) {
    Slot* next = slot->next;  // its record may be gone afterwards
    Call& consumer = *slot->consumer;
    if (consumer.missing.fetch_sub(1, std::memory_order_acq_rel) == 1) ready(consumer);
    slot = next;
  }
  if (awaited_.load(std::memory_order_seq_cst) == &call) wake_main();
}

void Engine::fail(Call& call, std::exception_ptr failure) {
  call.outcome = new std::exception_ptr(std::move(failure));
  call.set(kFailed);
}

void Engine::note_failure(std::exception_ptr failure) {
  const std::lock_guard lock(failure_mutex_);
  num_failures_.fetch_add(1, std::memory_order_relaxed);
  if (!first_failure_) first_failure_ = std::move(failure);
}

void Engine::run_function(Worker& worker, Call& call) {
  Call* before = std::exchange(worker.running, &call);
  try {
    call.type->run(*this, call);
    if (!call.has(kForwards)) {
      call.outcome = call.value_memory();
      call.set(kHasValue);
    }
  } catch (...) {
    fail(call, std::current_exception());
    note_failure(std::current_exception());
  }
  worker.running = before;
}

void Engine::drop_arguments(Call& call) {
  if (call.type->destroy_payload != nullptr) call.type->destroy_payload(call.payload());
  call.unset(kHasPayload);
  Slot* slots = call.slots();
  for (std::uint32_t i = 0; i < call.num_slots; ++i) release(*std::exchange(slots[i].producer, nullptr));
}

void Engine::execute(Worker& worker, Call& call) {
  if (call.has(kForwards)) {
    take_over_value(call);
  } else {
    std::exception_ptr failure;
    for (std::uint32_t i = 0; i < call.num_slots && !failure; ++i) failure = failure_of(*call.slots()[i].producer);
    if (failure && !call.type->takes_failures)
      fail(call, failure);
    else if (is_cancelled() && !call.type->takes_failures)
      fail(call, std::make_exception_ptr(CallCancelled("a call was cancelled before it started")));
    else
      run_function(worker, call);
    drop_arguments(call);
    if (call.has(kForwards)) {
      await_inner(worker, call);
      return;
    }
  }
  complete(call);
  release(call);
  worker.end_one();
}

void Engine::await_inner(Worker& worker, Call& call) {
  if (call.extra == nullptr) call.extra = new CallExtra;
  Slot& slot = call.extra->forward;
  slot.producer = static_cast<Call*>(call.outcome);
  slot.consumer = &call;
  call.missing.store(1, std::memory_order_relaxed);
  if (!enlist(slot)) push(call);
  worker.end_one();
}

void Engine::take_over_value(Call& call) {
  Call& inner = *static_cast<Call*>(call.outcome);
  Call& root = *inner.root();
  call.unset(kForwards);
  if (const std::exception_ptr failure = failure_of(root)) {
    fail(call, failure);
  } else {
    retain(root);
    call.outcome = &root;
    call.set(kAlias);
  }
  release(inner);
}

Call* Engine::steal_near(Worker& thief) {
  const auto count = static_cast<unsigned>(workers_.size());
  if (count == 1) return nullptr;
  thief.random = thief.random * 1664525u + 1013904223u;
  const unsigned first = (thief.random >> 16) % count;
  for (unsigned i = 0; i < count; ++i) {
    Worker& victim = *workers_[(first + i) % count];
    if (&victim == &thief) continue;
    if (Call* call = victim.deque.steal()) return call;
  }
  return nullptr;
}

Call* Engine::steal_for_other_rank() {
  for (const auto& worker : workers_)
    if (Call* call = worker->deque.steal()) return call;
  return nullptr;
}

bool Engine::work_once(Worker& worker) {
  Call* call = worker.deque.take();
  if (call == nullptr) call = steal_near(worker);
  if (call == nullptr) return remote_ && remote_->progress(worker);
  execute(worker, *call);
  if (remote_ && (remote_->has_outgoing() || ++worker.num_turns % 4 == 0)) remote_->progress(worker);
  return true;
}

bool Engine::is_passive() const {
  // The ends first: what has ended had begun, so that equal sums mean that nothing was under way in between.
  std::uint64_t num_ended = 0, num_begun = 0;
  for (const auto& worker : workers_) num_ended += worker->num_ended.load(std::memory_order_seq_cst);
  for (const auto& worker : workers_) num_begun += worker->num_begun.load(std::memory_order_seq_cst);
  return num_ended == num_begun;
}

bool Engine::is_all_done() {
  if (!is_passive()) return false;
  if (mailbox_->num_unfulfilled() == 0) return true;
  mailbox_->fail_unfulfilled();
  return false;
}

std::size_t Engine::num_in_deques() const {
  std::size_t count = 0;
  for (const auto& worker : workers_) count += worker->deque.size();
  return count;
}

void Engine::wake_one() {
  const std::lock_guard lock(rest_mutex_);
  work_came_.notify_one();
  if (main_rests_.load(std::memory_order_relaxed)) main_wakes_.notify_one();
}

void Engine::wake_main() {
  const std::lock_guard lock(rest_mutex_);
  main_wakes_.notify_one();
}

void Engine::rest(unsigned num_idle_turns, bool is_main) {
  if (num_idle_turns < calls::kSpins) return;
  if (num_idle_turns < calls::kYields) {
    std::this_thread::yield();
    return;
  }
  std::chrono::microseconds longest = calls::kLongestRest;
  if (remote_ && (is_main || remote_->is_for_any_thread())) {
    // Messages ring no bell: the thread looks for them less and less often.
    const unsigned doublings = std::min((num_idle_turns - calls::kYields) / 8, 10u);
    longest =
        std::min<std::chrono::microseconds>(calls::kLongestRestWithRanks, calls::kShortestRest * (1u << doublings));
  }
  std::unique_lock lock(rest_mutex_);
  num_resting_.fetch_add(1, std::memory_order_seq_cst);
  if (is_main) main_rests_.store(true, std::memory_order_relaxed);
  const Call* awaited = awaited_.load(std::memory_order_seq_cst);
  const bool may_rest = num_in_deques() == 0 && !is_stopping_.load() && !(awaited != nullptr && awaited->is_done());
  // The last one to find nothing tells the one who waits for the end.
  if (!is_main && may_rest && is_passive()) main_wakes_.notify_one();
  if (may_rest && !(is_main && !remote_ && awaited == nullptr && is_passive()))
    (is_main ? main_wakes_ : work_came_).wait_for(lock, longest);
  if (is_main) main_rests_.store(false, std::memory_order_relaxed);
  num_resting_.fetch_sub(1, std::memory_order_seq_cst);
}

void Engine::work_until_stopped(Worker& worker) {
  const ScopedWorker scope(worker);
  unsigned num_idle_turns = 0;
  while (!is_stopping_.load(std::memory_order_relaxed)) {
    if (work_once(worker))
      num_idle_turns = 0;
    else
      rest(++num_idle_turns, false);
  }
}

template <class Condition>
void Engine::work_until(Condition is_met) {
  Worker& worker = worker_here();
  const ScopedWorker scope(worker);
  unsigned num_idle_turns = 0;
  while (!is_met()) {
    if (work_once(worker))
      num_idle_turns = 0;
    else
      rest(++num_idle_turns, true);
  }
}

void Engine::wait() {
  Worker& worker = worker_here();
  if (worker.running != nullptr)
    throw CallMisuse("wait() inside a call would wait for this call itself; return the Value of the last call instead");
  std::int64_t failures_elsewhere = 0;
  if (remote_) {
    work_until([&] { return is_passive() && remote_->is_all_quiet(calls::Remote::Wish::stay); });
    failures_elsewhere = remote_->num_new_failures();
  } else {
    work_until([&] { return is_all_done(); });
  }
  std::exception_ptr failure;
  {
    const std::lock_guard lock(failure_mutex_);
    failure = std::exchange(first_failure_, nullptr);
  }
  if (failure) std::rethrow_exception(failure);
  if (failures_elsewhere > 0) throw CallError("a call failed on another rank; its error says more");
}

bool is_here(Call& call) { return call.is_done() && !call.root()->has(kElsewhere); }

void Engine::bring_about(Call& call) {
  if (!is_here(call)) {
    Worker& worker = worker_here();
    if (worker.running != nullptr)
      throw CallMisuse(
          "get() inside a call, of a value that is not there: give the Value to another call as an argument, and "
          "return "
          "the Value of that one");
    awaited_.store(&call, std::memory_order_seq_cst);
    work_until([&] { return call.is_done(); });
    if (!is_here(call)) {
      remote_->fetch(*call.root());
      work_until([&] { return is_here(call); });
    }
    awaited_.store(nullptr, std::memory_order_seq_cst);
  }
  if (const std::exception_ptr failure = failure_of(call)) std::rethrow_exception(failure);
}

void Engine::cancel_here() {
  if (is_cancelled_.exchange(true)) return;
  note_failure(std::make_exception_ptr(CallCancelled("the calls were cancelled")));
}

void Engine::cancel_everywhere() {
  if (is_cancelled()) return;
  cancel_here();
  if (remote_) remote_->tell_cancelled();
}

// What templates need.

Calls& calls_of(Engine& engine) { return engine.calls(); }
void throw_not_copyable() {
  throw CallMisuse(
      "a function takes by value what cannot be copied, and others hold the value too; take it as const T&, or drop "
      "the "
      "handle");
}
Call* make_call(Engine& engine, const CallType& type, std::size_t num_slots) { return engine.make(type, num_slots); }
void discard_call(Call& call) {
  call.refs.store(1, std::memory_order_relaxed);
  release(call);
}
void connect(Call& consumer, std::size_t slot, Call& producer) {
  retain(producer);
  consumer.slots()[slot].producer = &producer;
}
void submit(Engine& engine, Call& call, int rank) { engine.submit(call, rank); }
void submit_done(Engine& engine, Call& call) { engine.submit_done(call); }
void forward_to(Engine&, Call& call, Call& inner) {
  call.outcome = &inner;
  call.set(kForwards);
}
void bring_about(Call& call) {
  auto* engine = static_cast<Engine*>(RecordPool::of(&call).owner());
  if (engine == nullptr && !is_here(call))
    throw CallMisuse("a Value was asked for after its Calls had ended without it");
  if (engine == nullptr) {
    if (const std::exception_ptr failure = failure_of(call)) std::rethrow_exception(failure);
    return;
  }
  engine->bring_about(call);
}

}  // namespace fugle::detail
