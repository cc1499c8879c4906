// Messages on their way between ranks: how long each takes by the distance of its ends, in order per pair, and the
// inboxes they wait in. A message is a value that moves through; its bytes are counted, not made. Knows nothing of what
// messages mean, nor of who steps when: post() says when something will arrive.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "scheduler/ports.hpp"
#include "sim/message_size.hpp"

namespace fugle::sim {

/// From the send to when the receiver can take it. Defaults: two ranks of one host over shared memory take 8 us, hosts
/// of one switch 20 us, beyond it 30 us (bench/transport_latency; what networks of clusters add).
struct Latency {
  Duration same_node = std::chrono::microseconds(10);
  Duration same_switch = std::chrono::microseconds(20);
  Duration other_switch = std::chrono::microseconds(30);
  Duration spread{0};  ///< up to this much longer, by chance
  /// Of all messages this part takes up to so much longer: retransmission, a busy switch.
  double slow_part = 0;
  Duration slow_by{0};
};

/// Where the ranks are.
struct Places {
  std::vector<std::uint32_t> node_of;    ///< [rank]; empty: each rank has a node of its own
  std::vector<std::uint32_t> switch_of;  ///< [node]; empty: one switch
};

class Network {
 public:
  enum class Carrying : std::uint8_t { values, bytes };  ///< `bytes`: encoded and decoded again, as over MPI

  /// `num_tasks`: of the graph that the messages are about.
  Network(std::uint32_t num_ranks, std::uint32_t num_tasks, Latency latency, Places places, std::uint64_t seed,
          Carrying carrying);

  /// The message leaves now or later and arrives at the time returned.
  Time post(std::uint32_t from, std::uint32_t to, scheduler::Message message, Time leaves);
  /// `to` learns that `dead` has died, after the last message of it.
  Time post_loss(std::uint32_t dead, std::uint32_t to, Time leaves);
  /// What has arrived by `now`, by arrival.
  void collect(std::uint32_t rank, Time now, scheduler::Transport::Incoming& incoming);
  /// How many collect() would give.
  [[nodiscard]] std::uint64_t count_arrived(std::uint32_t rank, Time now) const;
  /// kNever: nothing is on its way.
  [[nodiscard]] Time next_arrival(std::uint32_t rank) const;
  /// The rank is gone with what waits for it.
  void close(std::uint32_t rank);
  /// The last messages on their way from one to the other never arrive, at most so many.
  void lose_latest(std::uint32_t from, std::uint32_t to, std::uint32_t count);

  [[nodiscard]] std::uint64_t num_sent() const { return num_sent_; }
  [[nodiscard]] std::uint64_t num_delivered() const { return num_delivered_; }
  /// Of all messages sent, encoded.
  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Letter {
    Time at;
    std::uint64_t sequence;
    std::uint32_t from;
    std::uint32_t message;  ///< in messages_; kLoss: `from` died
    bool operator>(const Letter& other) const { return std::pair(at, sequence) > std::pair(other.at, other.sequence); }
  };
  [[nodiscard]] Duration delay(std::uint32_t from, std::uint32_t to);
  [[nodiscard]] Duration up_to(Duration most);
  [[nodiscard]] Time& last_arrival(std::uint32_t from, std::uint32_t to);
  Time enqueue(std::uint32_t from, std::uint32_t to, std::uint32_t message, Time leaves);
  [[nodiscard]] scheduler::Message take(std::uint32_t message);

  Latency latency_;
  Places places_;
  Random random_;
  Carrying carrying_;
  MessageSizes sizes_;
  std::vector<std::vector<Letter>> inboxes_;  ///< [rank] heap
  std::vector<scheduler::Message> messages_;  ///< on their way
  std::vector<std::uint32_t> free_;           ///< of messages_
  // By pair of ranks, so that they stay in order. Nearly all messages are between the head and a worker.
  std::vector<Time> last_from_head_;                        ///< [to]
  std::vector<Time> last_to_head_;                          ///< [from]
  std::unordered_map<std::uint64_t, Time> last_of_others_;  ///< looked up only
  std::vector<bool> is_closed_;                             ///< [rank]
  std::uint64_t num_sent_ = 0;
  std::uint64_t num_delivered_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace fugle::sim
