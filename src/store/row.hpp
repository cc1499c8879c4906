// One event as the 64 bytes of a journal row (FORMAT.md beside this file), little endian, and back. The text of an
// event lies in the text area of the same segment; the checksum covers the row and its text.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "scheduler/event.hpp"

namespace fugle::store {

struct Row {
  std::uint64_t seq = 0;  ///< 0: never written
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::uint32_t element = 0;
  std::uint32_t worker = 0;
  std::int32_t exit = 0;
  std::uint32_t lag = 0;  ///< seq minus the last sequence known durable when this row was written
  std::uint32_t maxrss_kb = 0;
  std::uint32_t cpu_ms = 0;
  std::uint32_t text_off = 0;
  std::uint16_t text_len = 0;
  std::uint16_t attempt = 0;
  std::uint8_t kind = 0;
  std::uint8_t flags = 0;  ///< the FailureClass of attempt_ended; kCpuInSeconds
  std::uint16_t io = 0;    ///< io_code.hpp: bytes read in the low byte, bytes written in the high one
  std::uint32_t crc = 0;
};
/// In `flags`: `cpu_ms` holds seconds, because the milliseconds would not fit.
inline constexpr std::uint8_t kCpuInSeconds = 0x80;
static_assert(sizeof(Row) == 64 && std::is_trivially_copyable_v<Row>);

/// Without text, lag and crc: these are known when the row is committed.
[[nodiscard]] Row to_row(const scheduler::Event& event, scheduler::Sequence seq);
/// Throws ConflictError when the row is of a kind this build does not know.
[[nodiscard]] scheduler::Event to_event(const Row& row, std::string_view text);

/// Of bytes 0 to 59, then of the text.
[[nodiscard]] std::uint32_t crc_of(const Row& row, std::string_view text);
[[nodiscard]] bool is_blank(const Row& row);

}  // namespace fugle::store
