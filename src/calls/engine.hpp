// Runs the calls of one process: one Worker per thread with a deque of its own, of which the first belongs to the
// thread that made the engine and works while that thread waits. A call comes into a deque when the last value it waits
// for is there (ready), is taken by its owner or stolen by another worker, runs, and sets off those that wait for it
// (complete). Everything that could be long goes through the deques and not through the stack: chains of calls, of
// failures, and of values that stand for other values. What concerns other ranks is Remote's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <fugle/calls.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "calls/link.hpp"
#include "calls/record_pool.hpp"
#include "calls/work_deque.hpp"

namespace fugle::detail {

/// What few records need. `place` and `fetchers` are guarded by Remote.
struct CallExtra {
  struct Place {
    int rank = -1;
    Call* record = nullptr;  ///< an address there
  };
  int target = -1;
  Slot forward;       ///< waits for the call whose value this one returns
  Place owner;        ///< who is told of the end
  Place place;        ///< where the value is
  bool owns = false;  ///< the record at `place` is held for us until we release it
  struct Fetcher {
    Call* consumer = nullptr;  ///< here; or
    Place asker;               ///< another rank that asked for the value
  };
  std::vector<Fetcher> fetchers;
  bool is_fetching = false;
};

}  // namespace fugle::detail

namespace fugle::calls {

using detail::Call;
using detail::CallExtra;
using detail::CallType;
using detail::Engine;
using detail::Slot;
class Mailbox;
class Remote;

/// Null when it is not known, or two have this id.
const CallType* find_call_type(std::uint64_t id);
const CallType* find_plain_type(std::uint64_t value_id);

struct alignas(128) Worker {
  Worker(Engine& e, unsigned i) : engine(e), index(i), random(i * 2654435761u + 1) {}
  Engine& engine;
  unsigned index;
  std::uint32_t random;
  std::uint32_t num_turns = 0;
  Call* running = nullptr;
  WorkDeque<Call> deque;
  RecordPool::Cache cache;
  // Written by this worker, read by all: work is left where they differ.
  alignas(64) std::atomic<std::uint64_t> num_begun{0};
  std::atomic<std::uint64_t> num_ended{0};

  void begin_one() { num_begun.store(num_begun.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst); }
  void end_one() { num_ended.store(num_ended.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst); }
};

/// The values of a call that has failed, or was cancelled.
std::exception_ptr failure_of(Call& call);

}  // namespace fugle::calls

namespace fugle::detail {

class Engine {
 public:
  Engine(Calls& calls, const CallsOptions& options, std::unique_ptr<Link> link);
  ~Engine();
  /// Once the Calls can be used: calls of other ranks may come at once.
  void start_threads();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] Calls& calls() { return calls_; }
  [[nodiscard]] unsigned num_threads() const { return static_cast<unsigned>(workers_.size()); }
  /// Null without ranks.
  [[nodiscard]] calls::Remote* remote() { return remote_.get(); }
  [[nodiscard]] calls::Mailbox& mailbox() { return *mailbox_; }
  [[nodiscard]] bool is_cancelled() const { return is_cancelled_.load(std::memory_order_relaxed); }
  [[nodiscard]] calls::RecordPool& pool() { return pool_; }

  /// The worker of this thread. Throws CallMisuse when it has none.
  calls::Worker& worker_here();
  /// Null when it has none.
  calls::Worker* find_worker_here();

  Call* make(const CallType& type, std::size_t num_slots);
  void submit(Call& call, int rank);
  void submit_done(Call& call);
  /// All values it waits for are there, or have failed.
  void ready(Call& call);
  /// To a deque, whatever it is.
  void push(Call& call);
  /// As push(), of a call that was in a deque before.
  void put_back(Call& call);
  /// Its outcome and flags are set.
  void complete(Call& call);
  /// The same, of a call that another rank ran.
  void end_shipped(Call& call);
  void fail(Call& call, std::exception_ptr failure);
  /// Remembers the first one for wait().
  void note_failure(std::exception_ptr failure);
  [[nodiscard]] std::int64_t num_failures() const { return num_failures_.load(std::memory_order_relaxed); }

  void wait();
  void bring_about(Call& call);
  void cancel_here();
  void cancel_everywhere();
  /// Nothing runs or could run without a message.
  [[nodiscard]] bool is_passive() const;

  /// A guess.
  [[nodiscard]] std::size_t num_in_deques() const;
  Call* steal_for_other_rank();
  void wake_main();

 private:
  void work_until_stopped(calls::Worker& worker);
  bool work_once(calls::Worker& worker);
  Call* steal_near(calls::Worker& thief);
  void execute(calls::Worker& worker, Call& call);
  void run_function(calls::Worker& worker, Call& call);
  void drop_arguments(Call& call);
  void await_inner(calls::Worker& worker, Call& call);
  void take_over_value(Call& call);
  void wake_one();
  template <class Condition>
  void work_until(Condition is_met);
  void rest(unsigned num_idle_turns, bool is_main);
  bool is_all_done();
  void stop_threads();

  Calls& calls_;
  calls::RecordPool& pool_;
  std::unique_ptr<calls::Mailbox> mailbox_;
  std::unique_ptr<calls::Remote> remote_;
  std::thread::id main_thread_;
  int num_exceptions_at_start_;
  std::vector<std::unique_ptr<calls::Worker>> workers_;
  std::vector<std::thread> threads_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_cancelled_{false};
  std::atomic<Call*> awaited_{nullptr};
  std::atomic<int> num_resting_{0};
  std::atomic<bool> main_rests_{false};
  std::mutex rest_mutex_;
  std::condition_variable work_came_;
  std::condition_variable main_wakes_;
  std::mutex failure_mutex_;
  std::exception_ptr first_failure_;
  std::atomic<std::int64_t> num_failures_{0};
};

}  // namespace fugle::detail
