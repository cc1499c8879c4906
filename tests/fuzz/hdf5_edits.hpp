// Small changes to an HDF5 file that the library still believes: its metadata carries check sums, which random changes
// break, so that only the check of the sums would be tested. Knows of the format what carries a sum (HDF5 File Format
// Specification 3.0: superblock version 2 and 3, object headers version 2), nothing of what is inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace fugle::fuzz {

/// lookup3 (Bob Jenkins, public domain), as H5_checksum_lookup3 with an initial value of 0.
[[nodiscard]] inline std::uint32_t lookup3(std::string_view bytes) {
  const auto rotate = [](std::uint32_t x, int by) { return x << by | x >> (32 - by); };
  std::uint32_t a = 0xdeadbeef + static_cast<std::uint32_t>(bytes.size()), b = a, c = a;
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    if (at < bytes.size()) std::memcpy(&value, bytes.data() + at, std::min<std::size_t>(4, bytes.size() - at));
    return value;
  };
  for (; bytes.size() > 12; bytes.remove_prefix(12)) {
    a += word(0), b += word(4), c += word(8);
    a -= c, a ^= rotate(c, 4), c += b;
    b -= a, b ^= rotate(a, 6), a += c;
    c -= b, c ^= rotate(b, 8), b += a;
    a -= c, a ^= rotate(c, 16), c += b;
    b -= a, b ^= rotate(a, 19), a += c;
    c -= b, c ^= rotate(b, 4), b += a;
  }
  if (bytes.empty()) return c;
  a += word(0), b += word(4), c += word(8);
  c ^= b, c -= rotate(b, 14);
  a ^= c, a -= rotate(c, 11);
  b ^= a, b -= rotate(a, 25);
  c ^= b, c -= rotate(b, 16);
  a ^= c, a -= rotate(c, 4);
  b ^= a, b -= rotate(a, 14);
  c ^= b, c -= rotate(b, 24);
  return c;
}

inline void put_sum(std::string& file, std::size_t begin, std::size_t end) {
  if (end + 4 > file.size() || end < begin) return;
  const std::uint32_t sum = lookup3(std::string_view(file).substr(begin, end - begin));
  std::memcpy(file.data() + end, &sum, sizeof sum);
}

/// Where the sum of an object header at `at` is; 0: it says it is longer than the file.
[[nodiscard]] inline std::size_t end_of_header(const std::string& file, std::size_t at) {
  if (at + 16 > file.size()) return 0;
  const auto flags = static_cast<unsigned char>(file[at + 5]);
  const std::size_t width = std::size_t{1} << (flags & 3U);
  std::size_t prefix = 6 + ((flags & 0x20U) != 0 ? 16 : 0) + ((flags & 0x10U) != 0 ? 4 : 0);
  if (at + prefix + width > file.size()) return 0;
  std::uint64_t size = 0;
  std::memcpy(&size, file.data() + at + prefix, width);
  prefix += width;
  return size < file.size() && at + prefix + size < file.size() ? at + prefix + size : 0;
}

/// Makes the sums right of the superblock that may be at `superblock`, and of all object headers.
inline void correct_sums(std::string& file, std::size_t superblock) {
  put_sum(file, superblock, superblock + 44);
  for (std::size_t at = file.find("OHDR"); at != std::string::npos; at = file.find("OHDR", at + 4))
    if (const std::size_t end = end_of_header(file, at); end > 0) put_sum(file, at, end);
}

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
