// Calls and values between ranks. Who adds a call owns it: when it runs elsewhere, because it was placed there or an
// idle rank asked for work, its record stays and is told of the end (ship, done). A small value comes with the end; a
// large one stays where it was made, held there for the owner, until some rank needs it (get, data); a call that is
// shipped brings along where its values are, so that they go from rank to rank without passing the owner. The owner
// keeps the records of a shipped call's values until that call has ended, so one holder per record is enough (release).
//
// Any thread may post; one at a time sends and handles messages (progress), so that they are handled in order.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_set>
#include <vector>

#include "calls/engine.hpp"
#include "calls/link.hpp"
#include "calls/message.hpp"
#include "calls/quiet_search.hpp"

namespace fugle::calls {

class Remote {
 public:
  enum class Wish { stay, leave };

  Remote(Engine& engine, std::unique_ptr<detail::Link> link, bool shares);

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int num_ranks() const { return num_ranks_; }
  [[nodiscard]] bool is_for_any_thread() const { return link_->is_for_any_thread(); }

  /// A call whose values are all there: whether it goes to another rank or waits for values from there.
  bool divert(Call& call);
  /// Tells the owner of a shipped call.
  void reply(Call& call);
  /// Has the value of a record brought here.
  void fetch(Call& root);
  void release_there(const CallExtra::Place& place);
  void tell_cancelled();
  void post(int to, std::vector<std::byte>&& message, bool is_control = false);

  [[nodiscard]] bool has_outgoing() const { return has_outgoing_.load(std::memory_order_relaxed); }
  /// Sends and handles; asks for work when the worker has none. Whether a message came.
  bool progress(Worker& worker);
  /// One step towards knowing that nothing moves on any rank; called again and again while this one is passive. True
  /// when it is known: with `leave` only when all ranks want to leave.
  bool is_all_quiet(Wish wish);
  /// Failures on all ranks that the last quiet found, beyond those of the one before.
  [[nodiscard]] std::int64_t num_new_failures() const { return num_new_failures_; }
  /// No rank needs a record here any more.
  void let_go();

 private:
  void ship(Call& call, int target);
  bool can_travel(Call& call) const;
  void put_value(MessageWriter& message, Call& root);
  void flush();
  void handle(int from, std::span<const std::byte> frame);
  void handle_one(int from, MessageReader& message);
  void on_ship(int from, MessageReader& message);
  Call* take_shipped(int from, MessageReader& message);
  void take_values(Call& call, MessageReader& message);
  Call* take_value(MessageReader& message);
  void on_done(int from, MessageReader& message);
  void on_get(int from, MessageReader& message);
  void on_data(MessageReader& message);
  void on_release(Call& record);
  void on_steal(int thief);
  void on_answer(std::uint64_t num_stolen);
  void ask_for_work();
  void send_data(Call& root, const CallExtra::Place& asker);
  bool settle(const detail::Link::Sums& sums, Wish wish);

  Engine& engine_;
  const std::unique_ptr<detail::Link> link_;
  const int rank_;
  const int num_ranks_;
  const bool shares_;

  std::mutex outbox_mutex_;
  std::vector<std::vector<std::vector<std::byte>>> outbox_;  ///< frames for each rank
  std::atomic<bool> has_outgoing_{false};
  std::atomic<std::int64_t> num_sent_{0}, num_received_{0};                  ///< that move work
  std::atomic<std::int64_t> num_control_sent_{0}, num_control_received_{0};  ///< steal and its answer

  std::mutex progress_mutex_;  ///< guards the link and what follows
  bool is_wave_open_ = false;
  QuietSearch search_;
  std::int64_t num_failures_seen_ = 0, num_new_failures_ = 0;
  bool is_leaving_ = false;
  bool has_asked_ = false;
  int next_victim_ = 0;
  int num_refusals_ = 0;
  std::chrono::microseconds pause_{0};
  std::chrono::steady_clock::time_point ask_after_{};

  std::mutex place_mutex_;          ///< guards `fetchers` and `is_fetching` of all records, and:
  std::unordered_set<Call*> held_;  ///< for other ranks
};

}  // namespace fugle::calls
