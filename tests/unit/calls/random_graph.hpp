// Graphs of calls whose values are known beforehand: for one process and for ranks.
#pragma once

#include <cstdint>
#include <fugle/calls.hpp>
#include <random>
#include <string>
#include <vector>

namespace fugle {

inline std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 31;
  x *= 0x9E3779B97F4A7C15ull;
  return x ^ (x >> 29);
}

/// What a node of the graph makes of those it needs.
inline std::uint64_t node_value(std::uint64_t node, const std::vector<std::uint64_t>& inputs) {
  std::uint64_t value = mix(node + 1);
  for (const std::uint64_t input : inputs) value = mix(value + input);
  return value;
}
inline std::uint64_t node_call(std::uint64_t node, const Inputs<std::uint64_t>& inputs) {
  return node_value(node, {inputs.begin(), inputs.end()});
}

/// Each node needs up to four of those before it.
inline std::vector<std::vector<std::uint64_t>> random_needs(std::uint64_t seed, std::size_t num_nodes) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<std::uint64_t>> needs(num_nodes);
  for (std::size_t i = 1; i < num_nodes; ++i)
    for (std::uint64_t k = random() % 5; k > 0; --k) needs[i].push_back(random() % i);
  return needs;
}
inline std::vector<std::uint64_t> expected_values(const std::vector<std::vector<std::uint64_t>>& needs) {
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    std::vector<std::uint64_t> inputs;
    for (const std::uint64_t need : needs[i]) inputs.push_back(values[need]);
    values.push_back(node_value(i, inputs));
  }
  return values;
}

/// A tree that grows while it runs; its shape depends on the seed alone.
inline std::uint64_t tree_value(std::uint64_t seed, int depth) {
  std::uint64_t value = mix(seed);
  if (depth == 0) return value;
  for (std::uint64_t i = 0; i < 1 + mix(seed + 5) % 3; ++i) value = mix(value + tree_value(mix(seed + i), depth - 1));
  return value;
}
inline std::uint64_t fold(std::uint64_t seed, const Inputs<std::uint64_t>& children) {
  std::uint64_t value = mix(seed);
  for (const std::uint64_t child : children) value = mix(value + child);
  return value;
}
inline Value<std::uint64_t> tree_call(Calls& calls, std::uint64_t seed, int depth) {
  std::vector<Value<std::uint64_t>> children;
  if (depth > 0)
    for (std::uint64_t i = 0; i < 1 + mix(seed + 5) % 3; ++i)
      children.push_back(calls.add(tree_call, mix(seed + i), depth - 1));
  return calls.add(fold, seed, children);
}

}  // namespace fugle
