// CRC-32C (Castagnoli), the checksum of journal rows and plan columns: a few nanoseconds per row with the instruction
// of the processor, a table elsewhere. Both give the same value; a value can be continued over several pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fugle::store {

/// Of `bytes`, or of what `previous` covers followed by `bytes`.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous = 0);

/// The same without the instruction; for processors that lack it.
[[nodiscard]] std::uint32_t crc32c_by_table(std::span<const std::byte> bytes, std::uint32_t previous = 0);

}  // namespace fugle::store
