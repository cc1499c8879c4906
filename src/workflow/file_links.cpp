#include "workflow/file_links.hpp"

#include "base/text.hpp"

namespace fugle::workflow {

FileLinks::Key FileLinks::key_of(std::string_view path) {
  constexpr std::uint64_t kOtherSeed = 0x9E3779B97F4A7C15u;
  return {hash_text(path), hash_text(path, kOtherSeed)};
}

std::uint32_t FileLinks::slot_of(const Key& key) const {
  if (slots_.empty()) return 0;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (key.low ^ key.low >> 32) & mask;
  while (slots_[slot] != kFree && writers_[slots_[slot]].key != key) slot = (slot + 1) & mask;
  return static_cast<std::uint32_t>(slot);
}

void FileLinks::grow() {
  constexpr std::size_t kSmallest = 64;
  slots_.assign(slots_.empty() ? kSmallest : 2 * slots_.size(), kFree);
  for (std::uint32_t i = 0; i < writers_.size(); ++i) slots_[slot_of(writers_[i].key)] = i;
}

std::optional<FileUser> FileLinks::add_writer(std::string_view path, FileUser writer) {
  if (2 * (writers_.size() + 1) > slots_.size()) grow();
  const Key key = key_of(path);
  const std::uint32_t slot = slot_of(key);
  if (slots_[slot] != kFree) return writers_[slots_[slot]].user;
  slots_[slot] = static_cast<std::uint32_t>(writers_.size());
  writers_.push_back({key, writer});
  return std::nullopt;
}

std::optional<FileUser> FileLinks::writer_of(const Key& key) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t slot = slots_[slot_of(key)];
  return slot == kFree ? std::nullopt : std::optional(writers_[slot].user);
}

std::optional<FileUser> FileLinks::writer_of(std::string_view path) const { return writer_of(key_of(path)); }

void FileLinks::add_reader(std::string_view path, FileUser reader) { readers_.push_back({key_of(path), reader}); }

}  // namespace fugle::workflow
