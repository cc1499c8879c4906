// Which nodes seem to be bad. A node gets a strike for each infrastructure failure there, and for each element that
// failed there and then ended OK on another node. An attempt that ends OK there clears it: only failures in a row
// count. Knows nothing of workers; the caller decides what to do about a bad node.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "graph/task.hpp"

namespace fugle::scheduler {

class NodeHealth {
 public:
  /// Strikes after which a node is bad.
  static constexpr std::uint32_t kMostStrikes = 3;

  /// An attempt failed there (not: was cancelled or preempted).
  void on_failure(std::uint32_t node, ElementId element, graph::FailureClass cls);
  /// An attempt ended OK there. Returns the other node where the element failed before, if any.
  std::optional<std::uint32_t> on_ok(std::uint32_t node, ElementId element);
  /// A worker on the node died.
  void on_lost_worker(std::uint32_t node) { ++strikes(node); }

  [[nodiscard]] bool is_suspect(std::uint32_t node) const { return node < strikes_.size() && strikes_[node] > 0; }
  [[nodiscard]] bool is_bad(std::uint32_t node) const {
    return node < strikes_.size() && strikes_[node] >= kMostStrikes;
  }

 private:
  std::uint32_t& strikes(std::uint32_t node);

  std::vector<std::uint32_t> strikes_;            ///< [node]
  std::map<ElementId, std::uint32_t> failed_on_;  ///< where its latest attempt failed by its own fault, it seemed
};

}  // namespace fugle::scheduler
