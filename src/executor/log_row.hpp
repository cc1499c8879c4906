// One row of logs/worker-<n>.idx: whose the bytes at `offset` of the .log beside it are. 32 bytes, little endian,
// written by the spawner, read by attempt_log.cpp. The last four bytes check the others, so that a torn row, or the
// zeros a power cut leaves, are told from a real one. Needs nothing but the language.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace fugle::executor {

inline constexpr std::uint8_t kStdout = 1, kStderr = 2;

struct LogRow {
  std::uint64_t offset = 0;   ///< in the .log
  std::int64_t time_ns = 0;   ///< when it was read, Unix
  std::uint32_t length = 0;   ///< bytes
  std::uint32_t element = 0;  ///< ElementId
  std::uint16_t attempt = 0;
  std::uint8_t stream = kStdout;  ///< of both, where they are in one pipe
  std::uint8_t flags = 0;         ///< kOutputLostBefore
  std::uint32_t check = 0;        ///< check_of() the fields above
  bool operator==(const LogRow&) const = default;
};
static_assert(sizeof(LogRow) == 32 && std::endian::native == std::endian::little);

/// Output of this attempt just before the row could not be written (disk full).
inline constexpr std::uint8_t kOutputLostBefore = 1;

/// FNV-1a, 32 bits, of everything before `check`.
[[nodiscard]] inline std::uint32_t check_of(const LogRow& row) {
  unsigned char bytes[offsetof(LogRow, check)];
  std::memcpy(bytes, &row, sizeof bytes);
  std::uint32_t hash = 0x811c9dc5u;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x01000193u;
  return hash;
}

[[nodiscard]] inline std::optional<LogRow> decode_log_row(const char* bytes) {
  LogRow row;
  std::memcpy(&row, bytes, sizeof row);
  if (row.check != check_of(row)) return std::nullopt;
  return row;
}

}  // namespace fugle::executor
