// All events of a journal that are still whole, whatever has happened to it: rows behind holes, segments behind missing
// ones, segments whose metadata can not be read. Only reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/event.hpp"
#include "store/disk.hpp"

namespace fugle::store {

struct Salvage {
  std::vector<scheduler::Event> events;  ///< in order, with holes
  std::uint64_t num_lost = 0;            ///< acknowledged ones that are not among them
  std::uint64_t epoch = 0;               ///< the largest that is known
  std::uint32_t capacity = 0;            ///< rows per segment; 0: not known
  std::vector<std::string> words;        ///< what is wrong, a sentence each
};

/// Throws ConflictError when something is of a newer format; EnvironmentError when the directory can not be listed.
[[nodiscard]] Salvage salvage_journal(const std::string& run_dir, Disk& disk = real_disk());

}  // namespace fugle::store
