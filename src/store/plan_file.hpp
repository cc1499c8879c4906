// plan.<k>.h5: the graph as immutable columns (FORMAT.md beside this file). Written to a temporary name, synced,
// renamed, directory synced.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "store/disk.hpp"

namespace fugle::store {

struct PlanFacts {
  std::string run;         ///< run id
  std::string workflow;    ///< workflow name
  std::uint64_t seed = 0;  ///< of retry jitter
};

/// Throws EnvironmentError (disk full, not writable).
void write_plan(const std::string& run_dir, const graph::Graph& graph, const PlanFacts& facts,
                Disk& disk = real_disk());

struct PlanFile {
  PlanFacts facts;
  graph::Graph graph;
};
/// Throws EnvironmentError saying which file is damaged, ConflictError (exit 5) when written by a newer format.
[[nodiscard]] PlanFile read_plan(const std::string& run_dir);

/// What elements are called and which tasks they are of, without their texts and edges.
struct ElementNames {
  graph::StringColumn ids;             ///< [element]
  std::vector<std::uint32_t> task_of;  ///< [element]
  graph::StringColumn tasks;           ///< names
};
/// Throws as read_plan().
[[nodiscard]] ElementNames read_element_names(const std::string& run_dir);

/// The ids of a few elements only, without reading the graph: for `status`.
[[nodiscard]] std::vector<std::string> read_element_ids(const std::string& run_dir,
                                                        const std::vector<ElementId>& elements);

}  // namespace fugle::store
