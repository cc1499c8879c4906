// Pools, `max_parallel` and `fail_fast` for random graphs, and what must be true of them at every moment of a run, said
// as naively as possible: what runs is known from the world, and all of it is counted again each time.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "run_model.hpp"

namespace fugle::sim {

enum class Tokens : std::uint8_t { none, some };

/// Three pools of a few tokens; of some tasks each element holds some of one or two of them. There is always so much
/// that what runs until others have ended (services) leaves enough for each of those.
inline void add_tokens(graph::GraphData& data, Random& random) {
  std::uint32_t num_services = 0;
  for (std::uint32_t t : data.task_of) num_services += data.tasks[t].service.is_given ? 1 : 0;
  const std::uint32_t most = 1 + static_cast<std::uint32_t>(random.below(4));
  for (const char* const name : {"a", "b", "c"}) data.limits.pools.emplace_back(name, most + num_services);
  if (random.chance(0.3)) data.limits.max_parallel = num_services + 1 + static_cast<std::uint32_t>(random.below(6));
  for (graph::Task& task : data.tasks) {
    if (is_gate(task.kind)) continue;
    const bool is_service = task.service.is_given;
    for (const auto& [name, tokens] : data.limits.pools)
      if (random.chance(0.25))
        task.pools.push_back({name, is_service ? 1 : 1 + static_cast<std::uint32_t>(random.below(most)), false});
    if (random.chance(0.2) && !is_service) task.max_parallel = 1 + static_cast<std::uint32_t>(random.below(4));
    if (random.chance(0.15) && !is_service) task.fail_fast = true;
  }
}

inline graph::Graph with_tokens(graph::Graph graph, Tokens tokens, Random& random) {
  if (tokens == Tokens::none) return graph;
  graph::GraphData data = graph.data();
  add_tokens(data, random);
  return graph::Graph(std::move(data));
}

class TokenModel {
 public:
  explicit TokenModel(const graph::Graph& graph) : graph_(graph), is_live_(graph.num_elements(), false) {}

  /// Throws BrokenRule.
  void on_start(ElementId e) {
    is_live_.resize(graph_.num_elements(), false);  // it may have grown
    is_live_[e.value()] = true;
    std::map<std::string, std::uint32_t> held, running;
    std::uint32_t all = 0;
    for (std::uint32_t i = 0; i < is_live_.size(); ++i) {
      if (!is_live_[i]) continue;
      const graph::Task& task = graph_.task_of(ElementId(i));
      for (const graph::PoolUse& use : task.pools) held[use.pool] += use.tokens;
      ++running[task.name];
      ++all;
    }
    for (const auto& [name, tokens] : graph_.limits().pools)
      if (held[name] > tokens) throw BrokenRule("more tokens are held than there are of " + name);
    const graph::Task& task = graph_.task_of(e);
    if (task.max_parallel > 0 && running[task.name] > task.max_parallel)
      throw BrokenRule("more elements of " + task.name + " run than max_parallel");
    const std::uint32_t limit = graph_.limits().max_parallel;
    if (limit > 0 && all > limit) throw BrokenRule("more elements run than limits.max_parallel");
  }
  void on_end(ElementId e) { is_live_[e.value()] = false; }
  void begin_life() { is_live_.assign(is_live_.size(), false); }

 private:
  const graph::Graph& graph_;
  std::vector<bool> is_live_;  ///< [element]
};

}  // namespace fugle::sim
