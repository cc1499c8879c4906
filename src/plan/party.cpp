#include "plan/party.hpp"

#include <algorithm>

namespace fugle::plan {

void PartyPicker::offer_leader(WorkerId worker, std::uint32_t node) {
  leader_ = worker;
  (void)offer(worker, node);
}

bool PartyPicker::offer(WorkerId worker, std::uint32_t number) {
  auto node = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& known) { return known.number == number; });
  if (node == nodes_.end()) node = nodes_.insert(node, Node{number, {}});
  if (std::find(node->workers.begin(), node->workers.end(), worker) != node->workers.end()) return true;
  node->workers.push_back(worker);
  ++num_offered_;
  if (spread_.nodes > 0) return spread_.nodes < spread_.workers || nodes_.size() < spread_.nodes;
  if (gather_ == Gather::together)
    return node->workers.size() < spread_.workers || (leader_.is_valid() && node != nodes_.begin());
  return gather_ == Gather::apart || num_offered_ < spread_.workers;
}

std::vector<WorkerId> PartyPicker::take() const {
  if (num_offered_ < spread_.workers) return {};
  return spread_.nodes > 0 ? on_nodes() : anywhere();
}

std::vector<WorkerId> PartyPicker::on_nodes() const {
  const std::uint32_t fewer = spread_.workers / spread_.nodes;
  std::uint32_t num_with_more = spread_.workers % spread_.nodes;
  std::uint32_t num_with_fewer = spread_.nodes - num_with_more;
  std::vector<WorkerId> party;
  std::vector<const Node*> rest;
  const auto take_from = [&](const Node& node, std::uint32_t count, std::uint32_t& wanted) {
    const bool is_taken = wanted > 0 && node.workers.size() >= count;
    if (is_taken) --wanted, party.insert(party.end(), node.workers.begin(), node.workers.begin() + count);
    return is_taken;
  };
  for (const Node& node : nodes_)
    if (!take_from(node, fewer + 1, num_with_more)) rest.push_back(&node);
  for (const Node* node : rest) (void)take_from(*node, fewer, num_with_fewer);
  return num_with_more + num_with_fewer == 0 ? party : std::vector<WorkerId>();
}

std::vector<WorkerId> PartyPicker::anywhere() const {
  std::vector<std::uint32_t> counts(nodes_.size());  // how many of each take part
  std::uint32_t wanted = spread_.workers;
  const auto take_from = [&](std::size_t node, std::size_t count) {
    counts[node] += static_cast<std::uint32_t>(count);
    wanted -= static_cast<std::uint32_t>(count);
  };
  std::vector<std::size_t> order(nodes_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto num_on = [&](std::size_t node) { return nodes_[node].workers.size(); };
  if (gather_ == Gather::together) {
    const auto whole =
        std::find_if(order.begin(), order.end(), [&](std::size_t node) { return num_on(node) >= wanted; });
    if (whole != order.end()) order = {*whole};
    std::stable_sort(order.begin() + (leader_.is_valid() ? 1 : 0), order.end(),
                     [&](std::size_t a, std::size_t b) { return num_on(a) > num_on(b); });
    for (const std::size_t node : order) take_from(node, std::min<std::size_t>(num_on(node), wanted));
  } else if (gather_ == Gather::apart) {
    for (std::size_t round = 0; wanted > 0; ++round)
      for (const std::size_t node : order)
        if (wanted > 0 && round < num_on(node)) take_from(node, 1);
  } else {
    for (const std::size_t node : order) take_from(node, std::min<std::size_t>(num_on(node), wanted));
  }
  std::vector<WorkerId> party;
  for (const std::size_t node : order) {
    const auto first = nodes_[node].workers.begin();
    party.insert(party.end(), first, first + counts[node]);
  }
  return party;
}

}  // namespace fugle::plan
