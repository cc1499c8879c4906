// Follows the journal of a live or dead run without locks, for `status --watch`, `logs -f` and tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/segment_reader.hpp"

namespace fugle::store {

class JournalFollower {
 public:
  explicit JournalFollower(std::string run_dir) : run_dir_(std::move(run_dir)) {}

  /// The events that became readable since the last call, each once and in order; none while there is no journal.
  /// They may not be durable yet: after a power cut a later life may tell another end of the story than was seen here.
  /// Throws like read_journal().
  [[nodiscard]] std::vector<scheduler::Event> poll();

 private:
  [[nodiscard]] std::optional<SegmentReader> try_open(std::uint32_t number) const;
  void read_on(std::vector<scheduler::Event>& events, scheduler::Sequence end);

  std::string run_dir_;
  std::optional<SegmentReader> segment_;
  scheduler::Sequence returned_ = 0;  ///< sequence of the last event returned
};

}  // namespace fugle::store
