#include "store/paged_image.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace fugle::store {
namespace {
constexpr std::size_t kPage = 4096;
}

PagedImage::PagedImage(std::uint64_t offset, std::size_t size)
    : offset_(offset), bytes_(size), is_changed_((size + kPage - 1) / kPage) {}

void PagedImage::put(std::size_t at, std::span<const std::byte> bytes) {
  FUGLE_EXPECT(at + bytes.size() <= bytes_.size());
  while (!bytes.empty()) {
    const std::size_t page = at / kPage;
    const std::size_t count = std::min(bytes.size(), (page + 1) * kPage - at);
    if (std::memcmp(bytes_.data() + at, bytes.data(), count) != 0) {
      std::memcpy(bytes_.data() + at, bytes.data(), count);
      if (!is_changed_[page]) changed_.push_back(static_cast<std::uint32_t>(page));
      is_changed_[page] = true;
    }
    at += count;
    bytes = bytes.subspan(count);
  }
}

void PagedImage::write_changes(const File& file) {
  while (!changed_.empty()) {
    const std::size_t begin = changed_.back() * kPage;
    const std::size_t count = std::min(kPage, bytes_.size() - begin);
    file.write_at(offset_ + begin, std::span(bytes_).subspan(begin, count));
    is_changed_[changed_.back()] = false;
    changed_.pop_back();
  }
}

}  // namespace fugle::store
