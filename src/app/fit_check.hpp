// Whether what the tasks ask for is there: what fits nowhere, elements of more nodes than there are, and levels of a
// binding that the machine does not have.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/allocation.hpp"
#include "graph/graph.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

/// Elements per task that are to run. `left_out` [element]; empty: none is.
[[nodiscard]] std::vector<std::uint32_t> elements_per_task(const graph::Graph& graph,
                                                           const std::vector<bool>& left_out = {});

/// What an element is that fits on no worker, or has more nodes than there are.
enum class Misfit : std::uint8_t {
  refused,   ///< E302: the machine was described with `--alloc`
  reported,  ///< W09: this machine or allocation is what there is; but GPUs where there are none at all are E302
  left_out,  ///< W09 in any case: the run has begun already
};

struct FitQuestion {
  const graph::Graph& graph;
  const workflow::Workflow* workflow;  ///< for places in the file; null: not at hand
  const Workers& workers;
  Misfit misfit = Misfit::refused;
  /// Bytes free at a scratch root, empty: the default one; nullopt: not known. None: of no root, as on other nodes.
  std::function<std::optional<std::uint64_t>(const std::string& root)> free_scratch{};
  std::uint32_t asked_nodes = 0;  ///< `slurm.nodes`; 0: it is not written
  /// Nodes that there are; 0: those that the workers are on. A worker may stand for many nodes like it.
  std::uint32_t num_nodes = 0;
};

/// On the file system of this machine; nullopt when there is no such directory.
[[nodiscard]] std::optional<std::uint64_t> free_scratch_here(const std::string& root);

/// E302 or W09 for each element of more nodes than there are or can hold it, for each request that fits on no worker,
/// or on no scratch disk where all workers share one, for tasks with `num_elements[task]` above 0, and W04 for a level
/// that is absent; for what finds no room beside the services it needs, too. A smaller allocation than `asked_nodes` is
/// one W09 for all elements that have too many nodes for it.
void check_fit(const FitQuestion& question, const std::vector<std::uint32_t>& num_elements,
               workflow::Diagnostics& diagnostics);

}  // namespace fugle::app
