// A damaged journal made sound again, for `fugle resume --repair`. All rows that are still whole are kept, also those
// behind a hole and those of segments whose HDF5 metadata can not be read. Nothing is made up for what is lost: an
// event that says something about an element whose earlier events are lost is dropped too, so the element, and all that
// was done on top of it, simply runs again.
//
// What is kept is written as a fresh chain of segments with numbers, sequences and identity of its own; the old ones
// are moved to a folder beside it. A crash at any moment leaves either the old journal, or a repair that the next call
// completes. Knows nothing of locks, logs or outputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "store/disk.hpp"

namespace fugle::store {

struct Repair {
  std::uint64_t num_kept = 0;      ///< events of the journal from now on
  std::uint64_t num_lost = 0;      ///< events whose rows are damaged or missing
  std::uint64_t num_dropped = 0;   ///< whole rows that make no sense without the lost ones
  std::vector<ElementId> again;    ///< elements with an OK end that is not counted any more: they run again
  std::string set_aside;           ///< folder in the run directory with the damaged files; empty: not moved yet
  std::vector<std::string> words;  ///< what is wrong and what was kept, a sentence each, for the user
  bool operator==(const Repair&) const = default;
};

/// nullopt: the journal is sound, nothing was changed; afterwards read_journal() succeeds. The caller holds the
/// RunLock. Throws EnvironmentError when the repaired journal can not be written (the old one is still there then),
/// ConflictError for a newer format.
[[nodiscard]] std::optional<Repair> repair_journal(const std::string& run_dir, const graph::Graph& graph,
                                                   std::uint64_t seed, Disk& disk = real_disk());

/// What repair_journal() would do; changes nothing and needs no lock.
[[nodiscard]] std::optional<Repair> preview_repair(const std::string& run_dir, const graph::Graph& graph,
                                                   std::uint64_t seed);

}  // namespace fugle::store
