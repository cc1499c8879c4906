// Which processing units and GPUs of a node are free, and which of them suit a request best: together under the
// narrowest level that holds them, whole physical cores first, GPUs nearest to the cores. Counts nothing else (memory
// is the worker's business).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "topology/topology.hpp"

namespace fugle::topology {

struct Claim {
  std::uint32_t cores = 1;
  std::uint32_t gpus = 0;
  Level within = Level::core;  ///< cores are chosen inside one group of this level where they fit, else the next wider
};

/// What was given, by position in Node::pus and Node::gpus.
struct Holding {
  std::vector<std::uint32_t> pus;
  std::vector<std::uint32_t> gpus;
  Level level = Level::node;  ///< the narrowest that holds all of pus; wider than asked where it did not fit
};

class CpuAllocator {
 public:
  explicit CpuAllocator(const Node& node);

  /// Disjoint from all that is held; none when there are not enough. Among groups that fit the one with fewest free
  /// units is used up first; ties to the first.
  [[nodiscard]] std::optional<Holding> take(const Claim& claim);
  void give_back(const Holding& holding);
  [[nodiscard]] std::uint32_t num_free_cores() const;
  [[nodiscard]] std::uint32_t num_free_gpus() const;

 private:
  Node node_;
  std::vector<bool> pu_is_free_;
  std::vector<bool> gpu_is_free_;
};

}  // namespace fugle::topology
