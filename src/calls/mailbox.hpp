// Values on their way between send() and receive(): those that came before they were asked for, and records that wait.
// Also between parts of one process, without ranks.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "calls/message.hpp"

namespace fugle::calls {

class Mailbox {
 public:
  explicit Mailbox(Engine& engine) : engine_(engine) {}
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// A record with a reference for the handle. Throws CallMisuse when it is awaited already.
  Call* receive(const CallType& type, int from, std::uint64_t tag);
  /// `outcome`: How, and what follows it.
  void deliver(int from, std::uint64_t tag, std::span<const std::byte> outcome);
  /// Records that wait for what was never sent get a failure.
  void fail_unfulfilled();
  [[nodiscard]] std::int64_t num_unfulfilled() const { return num_unfulfilled_.load(std::memory_order_relaxed); }

 private:
  using Key = std::pair<int, std::uint64_t>;
  void finish(Call& call, std::span<const std::byte> outcome);

  Engine& engine_;
  std::mutex mutex_;  ///< guards the maps
  std::map<Key, Call*> awaited_;
  std::map<Key, std::vector<std::byte>> arrived_;
  std::atomic<std::int64_t> num_unfulfilled_{0};
};

/// The call behind send(): runs when the value is there, or cannot be made.
struct Sending {
  int rank;
  std::uint64_t tag;
};
const CallType& sending_type();

}  // namespace fugle::calls
