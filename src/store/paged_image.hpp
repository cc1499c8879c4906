// A byte range of a file, kept in memory and written a page at a time: many small changes cost one write per page
// touched, however often they come. A page whose write failed stays changed and is tried again.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "store/file.hpp"

namespace fugle::store {

class PagedImage {
 public:
  /// `size` bytes at `offset` of a file in which they are all zero.
  PagedImage(std::uint64_t offset, std::size_t size);

  /// Bytes that do not differ from what is there change nothing.
  void put(std::size_t at, std::span<const std::byte> bytes);
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  /// Throws EnvironmentError.
  void write_changes(const File& file);

 private:
  std::uint64_t offset_;
  std::vector<std::byte> bytes_;
  std::vector<bool> is_changed_;        ///< [page]
  std::vector<std::uint32_t> changed_;  ///< pages, in the order in which they changed first
};

}  // namespace fugle::store
