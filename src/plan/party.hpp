// Which workers an element goes to that several run together: one rule for the plan, the head, and the checks before a
// run. Workers are offered in order of preference, each with its node. Knows nothing of what they have.
//
// - On so many nodes: on each as many as fall to it, the nodes that can have theirs first in the order of the offers.
// - Anywhere, together: the first node that has enough of them, as ranks of one node talk fastest; where none has, few
//   nodes, those with most first.
// - Anywhere, apart: from as many nodes as can be.
// - Anywhere, first: as they were offered.
//
// Workers of one node are neighbours in the party.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.hpp"
#include "graph/task.hpp"

namespace fugle::plan {

enum class Gather : std::uint8_t { together, apart, first };

class PartyPicker {
 public:
  PartyPicker(const graph::Spread& spread, Gather gather) : spread_(spread), gather_(gather) {}

  /// This one leads if anyone on its node takes part: to be offered before all others.
  void offer_leader(WorkerId worker, std::uint32_t node);
  /// False when it has enough. One that was offered already does not count again.
  bool offer(WorkerId worker, std::uint32_t node);
  /// The leader first; empty: there are not enough.
  [[nodiscard]] std::vector<WorkerId> take() const;

 private:
  struct Node {
    std::uint32_t number;
    std::vector<WorkerId> workers;
  };
  [[nodiscard]] std::vector<WorkerId> on_nodes() const;
  [[nodiscard]] std::vector<WorkerId> anywhere() const;

  graph::Spread spread_;
  Gather gather_;
  WorkerId leader_{};
  std::vector<Node> nodes_;  ///< in the order of their first offers
  std::uint32_t num_offered_ = 0;
};

}  // namespace fugle::plan
