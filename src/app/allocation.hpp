// Where a run would go: what `--alloc` describes, or this machine, as workers with their parts of the nodes. The one
// place that turns nodes into what planning and the scheduler count with. Knows nothing of the graph.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plan/problem.hpp"
#include "topology/topology.hpp"

namespace fugle::app {

/// What `--alloc` says.
struct Allocation {
  std::vector<std::uint32_t> node_counts;  ///< several: a range of sizes; never empty
  topology::Node node;                     ///< each of them
};

/// `nodes=N`, or `nodes=A..B` for A, 2A, 4A, ... and B; `cores=C`, `mem=SIZE`, `gpus=G` of each node;
/// `topology=FILE.xml` or an hwloc synthetic description, which comes last and may hold blanks and commas. What is not
/// said is as `here`. Throws UsageError.
[[nodiscard]] Allocation parse_allocation(std::string_view text, const topology::Node& here);

/// Workers with the parts of the machine that are theirs.
struct Workers {
  std::vector<topology::Node> parts;  ///< [worker] without PUs where nothing can be bound to them
  plan::Machine machine;
};

/// One worker for each of `num_nodes` nodes, called n1, n2, ...
[[nodiscard]] Workers described_workers(const Allocation& allocation, std::uint32_t num_nodes);
/// What one rank brings.
struct RankPart {
  std::uint32_t cores = 0;  ///< 0: it runs no tasks
  bool may_bind = true;     ///< false: ranks share PUs, or have fewer than `cores`
  topology::Node part;
};
[[nodiscard]] std::string encode(const RankPart& part);
/// Throws EnvironmentError on bytes that encode() did not make.
[[nodiscard]] RankPart decode_rank_part(std::string_view bytes);
/// The part of rank `local_index` of `num_local` on this node; `cores` 0: as many as its share has.
[[nodiscard]] RankPart part_of_rank(const topology::Node& here, std::uint32_t local_index, std::uint32_t num_local,
                                    std::uint32_t cores);
/// One worker per rank.
[[nodiscard]] Workers workers_of_ranks(const std::vector<RankPart>& ranks);
/// `num_ranks` workers that share this node; `cores_per_rank` 0: as many as each one's share has.
[[nodiscard]] Workers workers_here(const topology::Node& here, std::uint32_t num_ranks, std::uint32_t cores_per_rank);

}  // namespace fugle::app
