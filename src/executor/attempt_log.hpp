// Output of all attempts of one worker: logs/worker-<n>.log holds the bytes as they came, logs/worker-<n>.idx says
// whose they are: 32-byte rows, written by the spawner, readable while the run goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace fugle::executor {

/// Little endian, 32 bytes in the file, in this order.
struct LogChunk {
  std::uint64_t offset = 0;  ///< in the .log
  std::int64_t time_ns = 0;  ///< when it was read
  std::uint32_t length = 0;
  ElementId element;
  std::uint16_t attempt = 0;
  std::uint8_t stream = 1;  ///< 1 stdout or merged, 2 stderr
  std::uint8_t flags = 0;
  WorkerId worker;  ///< not in the file: from its name
};

/// Chunks of one element (or of all: invalid id), by time; attempt 0: all attempts.
[[nodiscard]] std::vector<LogChunk> find_chunks(const std::string& run_dir, ElementId element, std::uint16_t attempt);
[[nodiscard]] std::string read_chunk(const std::string& run_dir, const LogChunk& chunk);
/// The last `lines` lines of an attempt's output.
[[nodiscard]] std::string tail_of_attempt(const std::string& run_dir, ElementId element, std::uint16_t attempt,
                                          std::size_t lines);

}  // namespace fugle::executor
