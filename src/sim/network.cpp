#include "sim/network.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace fugle::sim {

using namespace scheduler;

namespace {

constexpr std::uint32_t kLoss = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Network::Network(std::uint32_t num_ranks, std::uint32_t num_tasks, Latency latency, Places places, std::uint64_t seed,
                 Carrying carrying)
    : latency_(latency),
      places_(std::move(places)),
      random_(seed),
      carrying_(carrying),
      sizes_(num_tasks),
      inboxes_(num_ranks),
      last_from_head_(num_ranks),
      last_to_head_(num_ranks),
      is_closed_(num_ranks, false) {}

Duration Network::up_to(Duration most) {
  return Duration(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

Duration Network::delay(std::uint32_t from, std::uint32_t to) {
  const auto node = [&](std::uint32_t rank) { return places_.node_of.empty() ? rank : places_.node_of[rank]; };
  const auto leaf = [&](std::uint32_t rank) { return places_.switch_of.empty() ? 0 : places_.switch_of[node(rank)]; };
  const Duration base = node(from) == node(to)   ? latency_.same_node
                        : leaf(from) == leaf(to) ? latency_.same_switch
                                                 : latency_.other_switch;
  Duration delay = base;
  if (latency_.spread.count() > 0) delay += up_to(latency_.spread);
  if (latency_.slow_part > 0 && random_.chance(latency_.slow_part)) delay += up_to(latency_.slow_by);
  return delay;
}

Time Network::post(std::uint32_t from, std::uint32_t to, Message message, Time leaves) {
  if (is_closed_[from] || is_closed_[to]) return kNever;
  if (carrying_ == Carrying::bytes) {
    const std::string bytes = encode(message);
    bytes_sent_ += bytes.size();
    message = decode(bytes);
  } else {
    bytes_sent_ += sizes_.of(message);
  }
  std::uint32_t place = static_cast<std::uint32_t>(messages_.size());
  if (free_.empty()) {
    messages_.push_back(std::move(message));
  } else {
    place = free_.back();
    free_.pop_back();
    messages_[place] = std::move(message);
  }
  return enqueue(from, to, place, leaves);
}

Time Network::post_loss(std::uint32_t dead, std::uint32_t to, Time leaves) {
  return is_closed_[to] ? kNever : enqueue(dead, to, kLoss, leaves);
}

Time& Network::last_arrival(std::uint32_t from, std::uint32_t to) {
  if (from == 0) return last_from_head_[to];
  return to == 0 ? last_to_head_[from] : last_of_others_[std::uint64_t{from} << 32 | to];
}

Time Network::enqueue(std::uint32_t from, std::uint32_t to, std::uint32_t message, Time leaves) {
  Time& last = last_arrival(from, to);
  last = std::max(leaves + delay(from, to), last + Duration(1));
  auto& inbox = inboxes_[to];
  inbox.push_back({last, num_sent_++, from, message});
  std::push_heap(inbox.begin(), inbox.end(), std::greater<>());
  return last;
}

Message Network::take(std::uint32_t message) {
  free_.push_back(message);
  return std::exchange(messages_[message], Shutdown{});
}

void Network::collect(std::uint32_t rank, Time now, Transport::Incoming& incoming) {
  auto& inbox = inboxes_[rank];
  while (!inbox.empty() && inbox.front().at <= now) {
    const Letter letter = inbox.front();
    std::pop_heap(inbox.begin(), inbox.end(), std::greater<>());
    inbox.pop_back();
    ++num_delivered_;
    if (letter.message == kLoss)
      incoming.lost.emplace_back(letter.from);
    else
      incoming.messages.emplace_back(WorkerId(letter.from), take(letter.message));
  }
}

std::uint64_t Network::count_arrived(std::uint32_t rank, Time now) const {
  const auto& inbox = inboxes_[rank];
  return static_cast<std::uint64_t>(
      std::count_if(inbox.begin(), inbox.end(), [&](const Letter& letter) { return letter.at <= now; }));
}

Time Network::next_arrival(std::uint32_t rank) const {
  return inboxes_[rank].empty() ? kNever : inboxes_[rank].front().at;
}

void Network::close(std::uint32_t rank) {
  is_closed_[rank] = true;
  for (const Letter& letter : inboxes_[rank])
    if (letter.message != kLoss) (void)take(letter.message);
  inboxes_[rank].clear();
}

void Network::lose_latest(std::uint32_t from, std::uint32_t to, std::uint32_t count) {
  auto& inbox = inboxes_[to];
  std::vector<std::uint64_t> sequences;
  for (const Letter& letter : inbox)
    if (letter.from == from && letter.message != kLoss) sequences.push_back(letter.sequence);
  std::sort(sequences.begin(), sequences.end(), std::greater<>());
  if (sequences.empty() || count == 0) return;
  const std::uint64_t first_lost = sequences[std::min<std::size_t>(sequences.size(), count) - 1];
  const auto is_lost = [&](const Letter& letter) {
    return letter.from == from && letter.message != kLoss && letter.sequence >= first_lost;
  };
  for (const Letter& letter : inbox)
    if (is_lost(letter)) (void)take(letter.message);
  std::erase_if(inbox, is_lost);
  std::make_heap(inbox.begin(), inbox.end(), std::greater<>());
}

}  // namespace fugle::sim
