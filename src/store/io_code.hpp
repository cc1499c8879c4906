// A number of bytes in eight bits, as rows of the journal keep it: 0 is none, else code c stands for
// 4096 x 2^((c - 1) x 38 / 254) bytes: from one page to 2^50, each code 10.9 % above the one before, so that a number
// comes back with an error of at most 5.4 %. Fewer bytes than a page count as one page.
#pragma once

#include <cstdint>

namespace fugle::store {

[[nodiscard]] std::uint8_t io_code_of(std::uint64_t bytes);
[[nodiscard]] std::uint64_t bytes_of_io_code(std::uint8_t code);

}  // namespace fugle::store
