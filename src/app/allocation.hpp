// Where a run would go: what `--alloc` describes, or this machine, as workers with their parts of the nodes. The one
// place that turns nodes into what planning and the scheduler count with. Knows nothing of the graph.
#pragma once

#include <cstdint>
#include <optional>
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
/// What a job grants of this node, beside what can be seen of it.
struct Granted {
  std::uint32_t cores = 0;                 ///< to all its ranks here; 0: what is seen
  std::optional<std::uint64_t> mem_bytes;  ///< to all its ranks here; nothing: what is seen
  bool has_own_gpus = false;               ///< each rank sees its own GPUs
  std::uint32_t cpus_online = 0;           ///< of the machine, whoever may use them; 0: not known
};
/// part_of_rank() where a job grants less than is seen, more (a machine that is said to have more CPUs than it has), or
/// something else to each rank. Only what is surely ours is bound to: seen are the CPUs granted, or fewer.
[[nodiscard]] RankPart part_in_job(const topology::Node& here, const Granted& granted, std::uint32_t local_index,
                                   std::uint32_t num_local, std::uint32_t cores);
/// What the Slurm job or the task around this process grants; what is seen, where there is neither.
[[nodiscard]] Granted granted_here();

/// One worker per rank.
[[nodiscard]] Workers workers_of_ranks(const std::vector<RankPart>& ranks);
/// `num_ranks` workers that share this node; `cores_per_rank` 0: as many as each one's share has.
[[nodiscard]] Workers workers_here(const topology::Node& here, std::uint32_t num_ranks, std::uint32_t cores_per_rank);

}  // namespace fugle::app
