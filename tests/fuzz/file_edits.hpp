// Small changes to a good file, as a fuzzer can make them. The check sums of HDF5's metadata are left as they are: with
// sums made right the library crashes on some edits (README.md), which says nothing about us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fugle::fuzz {

/// The input is a list of edits, each five bytes: three of an offset, one that says how, one of a value. `file` is what
/// they are applied to.
inline void apply_edits(std::string_view edits, std::string& file) {
  for (; edits.size() >= 5 && !file.empty(); edits.remove_prefix(5)) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(edits[i])); };
    const std::size_t at = (byte(0) | byte(1) << 8 | byte(2) << 16) % file.size();
    const auto value = static_cast<char>(byte(4));
    switch (byte(3) % 5) {
      case 0: file[at] = value; break;
      case 1: file[at] = static_cast<char>(file[at] ^ value); break;
      case 2: file[at] = static_cast<char>(file[at] + value); break;
      case 3:  // a number grown or shrunk beyond all measure
        for (std::size_t i = at; i < file.size() && i < at + 8; ++i) file[i] = value;
        break;
      case 4: file.resize(at + 1); break;
    }
  }
}

}  // namespace fugle::fuzz
