// What every Transport promises, as one test body that all ranks run together: each rank calls keeps_the_contract()
// with its own mailbox.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::testing {

/// The ranks this one may talk to: the workers on the head, the head on a worker.
inline std::vector<WorkerId> peers_of(const scheduler::Transport& transport) {
  if (transport.self() != WorkerId(0)) return {WorkerId(0)};
  std::vector<WorkerId> peers;
  for (std::uint32_t rank = 1; rank < transport.num_ranks(); ++rank) peers.push_back(WorkerId(rank));
  return peers;
}

/// A message that a test can recognize.
inline scheduler::Hello numbered(std::uint32_t number, std::string content = {}) {
  return {.node = std::move(content), .pid = number, .cores = 0, .mem_bytes = 0};
}

/// Keeps what arrives by sender, so that a test never takes what belongs to the next one.
class Mailbox {
 public:
  /// `sleep` returns when poll() may have something. It fails the test fatally when that takes too long.
  Mailbox(scheduler::Transport& transport, std::function<void()> sleep)
      : transport_(transport), sleep_(std::move(sleep)) {}

  [[nodiscard]] scheduler::Transport& transport() { return transport_; }

  /// The next message of `from`, waited for. Once the test has failed fatally: an empty one.
  scheduler::Message next(WorkerId from) {
    auto& messages = messages_[from];
    wait_until([&] { return !messages.empty(); });
    if (messages.empty()) return {};
    scheduler::Message first = std::move(messages.front());
    messages.pop_front();
    return first;
  }
  /// The next message of `from`, which is a numbered() one.
  scheduler::Hello next_numbered(WorkerId from) {
    const scheduler::Message message = next(from);
    const auto* hello = std::get_if<scheduler::Hello>(&message);
    EXPECT_NE(hello, nullptr);
    return hello == nullptr ? scheduler::Hello{} : *hello;
  }
  /// Messages of `from` that have arrived and were not taken.
  [[nodiscard]] std::size_t num_waiting(WorkerId from) { return messages_[from].size(); }
  [[nodiscard]] const std::vector<WorkerId>& lost() const { return lost_; }
  void wait_for_loss() {
    wait_until([&] { return !lost_.empty(); });
  }

 private:
  template <class IsEnough>
  void wait_until(IsEnough is_enough) {
    while (!is_enough() && !::testing::Test::HasFatalFailure()) {
      scheduler::Transport::Incoming incoming;
      transport_.poll(incoming);
      for (auto& [from, message] : incoming.messages) messages_[from].push_back(std::move(message));
      lost_.insert(lost_.end(), incoming.lost.begin(), incoming.lost.end());
      if (!is_enough() && !transport_.is_sending()) sleep_();
    }
  }

  scheduler::Transport& transport_;
  std::function<void()> sleep_;
  std::map<WorkerId, std::deque<scheduler::Message>> messages_;
  std::vector<WorkerId> lost_;
};

/// Half a barrier: the head knows that all workers of `peers` have come.
inline void report_to_head(Mailbox& mailbox, const std::vector<WorkerId>& peers) {
  scheduler::Transport& transport = mailbox.transport();
  if (transport.self() != WorkerId(0)) return transport.send(WorkerId(0), scheduler::Shutdown{});
  for (const WorkerId peer : peers) ASSERT_TRUE(std::holds_alternative<scheduler::Shutdown>(mailbox.next(peer)));
}

/// The other half: no worker goes on before the head does.
inline void follow_the_head(Mailbox& mailbox, const std::vector<WorkerId>& peers) {
  scheduler::Transport& transport = mailbox.transport();
  if (transport.self() == WorkerId(0)) {
    for (const WorkerId peer : peers) transport.send(peer, scheduler::Shutdown{});
  } else {
    ASSERT_TRUE(std::holds_alternative<scheduler::Shutdown>(mailbox.next(WorkerId(0))));
  }
}

inline void delivers_messages_to_oneself_at_the_next_poll(scheduler::Transport& transport) {
  transport.send(transport.self(), scheduler::Revoke{{ElementId(1)}});
  transport.send(transport.self(), scheduler::Revoke{{ElementId(2)}});
  EXPECT_TRUE(transport.is_sending()) << "the loop must not sleep";
  scheduler::Transport::Incoming incoming;
  transport.poll(incoming);
  ASSERT_EQ(incoming.messages.size(), 2u);
  for (std::uint32_t at = 0; at < 2; ++at) {
    EXPECT_EQ(incoming.messages[at].first, transport.self());
    EXPECT_EQ(std::get<scheduler::Revoke>(incoming.messages[at].second), scheduler::Revoke{{ElementId(at + 1)}});
  }
}

inline void appends_to_what_the_caller_has_not_taken_yet(scheduler::Transport& transport) {
  scheduler::Transport::Incoming incoming;
  for (std::size_t round = 1; round <= 2; ++round) {
    transport.send(transport.self(), scheduler::Shutdown{});
    transport.poll(incoming);
    EXPECT_EQ(incoming.messages.size(), round);
  }
}

inline void keeps_every_kind_of_value(scheduler::Transport& transport) {
  const scheduler::Hello hello{.node = "node", .pid = 7, .cores = 4, .mem_bytes = 1ull << 40};
  const scheduler::StopAttempts stop{{ElementId(0), ElementId(4'000'000'000u)}};
  transport.send(transport.self(), hello);
  transport.send(transport.self(), stop);
  scheduler::Transport::Incoming incoming;
  transport.poll(incoming);
  ASSERT_EQ(incoming.messages.size(), 2u);
  EXPECT_EQ(std::get<scheduler::Hello>(incoming.messages[0].second), hello);
  EXPECT_EQ(std::get<scheduler::StopAttempts>(incoming.messages[1].second), stop);
}

/// Everybody sends a numbered series to each peer, and gets each peer's series in order and whole.
inline void keeps_the_order_of_each_pair(Mailbox& mailbox) {
  constexpr std::uint32_t kSeries = 500;
  const std::vector<WorkerId> peers = peers_of(mailbox.transport());
  for (std::uint32_t number = 0; number < kSeries; ++number) {
    for (const WorkerId peer : peers) mailbox.transport().send(peer, numbered(number));
  }
  for (const WorkerId peer : peers) {
    for (std::uint32_t number = 0; number < kSeries; ++number) ASSERT_EQ(mailbox.next_numbered(peer).pid, number);
  }
}

inline void carries_messages_to_oneself(scheduler::Transport& transport) {
  delivers_messages_to_oneself_at_the_next_poll(transport);
  appends_to_what_the_caller_has_not_taken_yet(transport);
  keeps_every_kind_of_value(transport);
}

inline void keeps_the_contract(Mailbox& mailbox) {
  scheduler::Transport& transport = mailbox.transport();
  EXPECT_LT(transport.self().value(), transport.num_ranks());
  keeps_the_order_of_each_pair(mailbox);
  // Each rank talks to itself while nobody sends to it.
  if (transport.self() != WorkerId(0)) carries_messages_to_oneself(transport);
  report_to_head(mailbox, peers_of(transport));
  if (transport.self() == WorkerId(0)) carries_messages_to_oneself(transport);
  follow_the_head(mailbox, peers_of(transport));
  EXPECT_TRUE(mailbox.lost().empty());
}

}  // namespace fugle::testing
