#include "graph/pool_table.hpp"

#include <algorithm>

namespace fugle::graph {

PoolTable::PoolTable(const Graph& graph) : max_parallel_(graph.limits().max_parallel) {
  for (const auto& [name, tokens] : graph.limits().pools) (void)pool_named("pool " + name, tokens);
  grow(graph);
}

void PoolTable::grow(const Graph& graph) {
  for (auto t = static_cast<std::uint32_t>(shares_.size()); t < graph.num_tasks(); ++t)
    shares_.push_back(make_shares(graph.task(TaskId(t))));
}

bool PoolTable::can_ever_start(TaskId task) const {
  const auto shares = shares_of(task);
  return std::ranges::all_of(shares, [&](const PoolShare& share) { return share.tokens <= pools_[share.pool].tokens; });
}

/// A pool that nobody has declared has none.
std::vector<PoolShare> PoolTable::make_shares(const Task& task) {
  std::vector<PoolShare> shares;
  if (is_gate(task.kind) || task.kind == TaskKind::expansion) return shares;
  for (const PoolUse& use : task.pools)
    if (use.tokens > 0) shares.push_back({pool_named("pool " + use.pool, 0), use.tokens});
  if (task.max_parallel > 0) shares.push_back({limit_named("max_parallel of " + task.name, task.max_parallel), 1});
  if (max_parallel_ > 0) shares.push_back({limit_named("limits.max_parallel", max_parallel_), 1});
  std::ranges::sort(shares);
  return shares;
}

std::uint32_t PoolTable::pool_named(const std::string& name, std::uint32_t tokens) {
  const auto [place, is_new] = by_name_.try_emplace(name, static_cast<std::uint32_t>(pools_.size()));
  if (is_new) pools_.push_back({name, tokens, true});
  return place->second;
}

std::uint32_t PoolTable::limit_named(const std::string& name, std::uint32_t tokens) {
  const std::uint32_t pool = pool_named(name, tokens);
  pools_[pool].is_named = false;
  return pool;
}

}  // namespace fugle::graph
