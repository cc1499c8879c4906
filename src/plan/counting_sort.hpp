// Numbers ordered by small keys in linear time. Stable, so that sorts by several keys can follow each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fugle::plan {

/// `items` (indices into `keys`) by ascending key; keys are below `num_keys`. Stable.
[[nodiscard]] inline std::vector<std::uint32_t> counting_sort(std::span<const std::uint32_t> items,
                                                              std::span<const std::uint32_t> keys,
                                                              std::uint32_t num_keys) {
  std::vector<std::uint32_t> next(std::size_t{num_keys} + 1, 0);
  for (const std::uint32_t item : items) ++next[keys[item] + 1];
  for (std::size_t key = 1; key <= num_keys; ++key) next[key] += next[key - 1];
  std::vector<std::uint32_t> sorted(items.size());
  for (const std::uint32_t item : items) sorted[next[keys[item]]++] = item;
  return sorted;
}

/// 0 .. keys.size()-1 by ascending key.
[[nodiscard]] inline std::vector<std::uint32_t> counting_sort(std::span<const std::uint32_t> keys,
                                                              std::uint32_t num_keys) {
  std::vector<std::uint32_t> all(keys.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  return counting_sort(all, keys, num_keys);
}

}  // namespace fugle::plan
