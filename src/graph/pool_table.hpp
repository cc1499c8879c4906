// The pools of tokens that elements hold while they run, and how many each task's elements hold of which. Besides those
// that the file names there is one for each `max_parallel` of a task, and one for that of all (`limits.max_parallel`).
// Tasks of one name are one task of the workflow. Knows nothing of who holds what.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::graph {

struct Pool {
  std::string name;  ///< as people read it: "pool dtn", "max_parallel of train", "limits.max_parallel"
  std::uint32_t tokens = 0;
  bool is_named = false;  ///< by the file; else a limit, of which each element has one
};

/// What an element holds of one pool.
struct PoolShare {
  std::uint32_t pool = 0;
  std::uint32_t tokens = 0;
  auto operator<=>(const PoolShare&) const = default;
};

class PoolTable {
 public:
  explicit PoolTable(const Graph& graph);
  /// The graph has grown: there are more tasks.
  void grow(const Graph& graph);

  [[nodiscard]] const std::vector<Pool>& pools() const { return pools_; }
  /// Ascending by pool; of gates, and of what stands for others, none.
  [[nodiscard]] std::span<const PoolShare> shares_of(TaskId task) const {
    return shares_.empty() ? std::span<const PoolShare>() : shares_[task.value()];
  }
  /// False: an element of the task holds more of a pool than that has, and can never start.
  [[nodiscard]] bool can_ever_start(TaskId task) const;

 private:
  [[nodiscard]] std::vector<PoolShare> make_shares(const Task& task);
  [[nodiscard]] std::uint32_t pool_named(const std::string& name, std::uint32_t tokens);
  [[nodiscard]] std::uint32_t limit_named(const std::string& name, std::uint32_t tokens);

  std::uint32_t max_parallel_ = 0;  ///< of the run
  std::vector<Pool> pools_;
  std::map<std::string, std::uint32_t> by_name_;
  std::vector<std::vector<PoolShare>> shares_;  ///< [task]
};

}  // namespace fugle::graph
