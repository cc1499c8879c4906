// open_damaged_segment(): a segment as its writer lays it out, one page or a few of metadata, the rows, the texts; from
// its size follows its capacity, and that there is a whole row shows that the guess is right.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"
#include "store/segment.hpp"
#include "store/segment_reader.hpp"

namespace fugle::store {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBytesPerRow = sizeof(Row) + kTextBytesPerRow;
constexpr std::uint64_t kMaxHeaderPages = 8;
constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 30;
/// Superblock version 2 or 3: where HDF5 keeps the size that the file must have.
constexpr std::uint64_t kEndOfFileAt = 28;

std::uint64_t size_of(const File& file) {
  struct stat status {};
  return ::fstat(file.fd(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t size_in_superblock(const File& file) {
  std::uint64_t size = 0;
  file.read_at(kEndOfFileAt, std::as_writable_bytes(std::span(&size, 1)));
  return size;
}

std::optional<SegmentInfo> layout_of(std::uint32_t number, std::uint64_t size, std::uint64_t header) {
  if (size <= header || size > kMaxSize || (size - header) % kBytesPerRow != 0) return std::nullopt;
  const std::uint64_t capacity = (size - header) / kBytesPerRow;
  if (capacity < kMinCapacity || capacity % kRowsPerPage != 0) return std::nullopt;
  SegmentInfo info;
  info.number = number;
  info.capacity = static_cast<std::uint32_t>(capacity);
  info.text_capacity = capacity * kTextBytesPerRow;
  info.rows_offset = header;
  info.text_offset = header + capacity * sizeof(Row);
  return info;
}

}  // namespace

Segment open_damaged_segment(const std::string& run_dir, std::uint32_t number, Disk& disk) {
  const std::string path = segment_path(run_dir, number);
  const File file(path, O_RDONLY, disk);
  for (const std::uint64_t size : {size_of(file), size_in_superblock(file)}) {
    for (std::uint64_t pages = 1; pages <= kMaxHeaderPages; ++pages) {
      const auto info = layout_of(number, size, pages * kPage);
      if (!info) continue;
      if (!SegmentReader({*info, File(path, O_RDONLY, disk)}).find_all().empty()) {
        return {*info, File(path, O_RDONLY, disk)};
      }
    }
  }
  throw EnvironmentError(fmt::format("no row of '{}' is left", path));
}

}  // namespace fugle::store
