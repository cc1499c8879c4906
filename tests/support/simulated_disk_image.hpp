// What a power cut may leave of a DiskHistory, as files in a directory. What was synced is certain. Of the rest of a
// file each page of 4 KiB takes, by itself, any of its versions since the last sync, or mixes two of them by sectors of
// 512 bytes; the size is that of any version; the last write may be cut at a sector. Of the names given and removed
// since the last sync of a directory a random prefix counts (a sync of one directory makes all earlier names durable,
// as journalling file systems do).
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "support/simulated_disk.hpp"

namespace fugle::testing {

/// A disk after the first changes of a history.
class DiskModel {
 public:
  using Kind = DiskChange::Kind;

  void apply(const DiskChange& change) {
    switch (change.kind) {
      case Kind::create:
        files_[change.file];
        pending_names_.push_back(change);
        break;
      case Kind::write:
      case Kind::truncate: files_[change.file].pending.push_back(change); break;
      case Kind::sync: {
        File& file = files_[change.file];
        for (const DiskChange& done : file.pending) change_bytes(file.synced, done);
        file.pending.clear();
        break;
      }
      case Kind::name:
      case Kind::remove: pending_names_.push_back(change); break;
      case Kind::sync_directory:
        for (const DiskChange& done : pending_names_) change_names(names_, done);
        pending_names_.clear();
        break;
      case Kind::note: break;
    }
  }

  /// By name; `in_flight`: a write that may have happened in part.
  [[nodiscard]] std::map<std::string, std::string> crash(Random& random, const DiskChange* in_flight) const {
    auto names = names_;
    const std::size_t num_names = random.below(pending_names_.size() + 1);
    for (std::size_t i = 0; i < num_names; ++i) change_names(names, pending_names_[i]);
    std::map<std::string, std::string> image;
    for (const auto& [name, number] : names) {
      const File& file = files_.at(number);
      const bool is_hit = in_flight != nullptr && in_flight->kind == Kind::write && in_flight->file == number;
      image[name] = crash_file(file, is_hit ? in_flight : nullptr, random);
    }
    return image;
  }

 private:
  struct File {
    std::string synced;
    std::vector<DiskChange> pending;
  };
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kSector = 512;

  static void change_bytes(std::string& bytes, const DiskChange& change) {
    if (change.kind == Kind::truncate) return bytes.resize(change.offset, '\0');
    const std::size_t end = change.offset + change.bytes.size();
    if (bytes.size() < end) bytes.resize(end, '\0');
    std::copy(change.bytes.begin(), change.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
  }

  static void change_names(std::map<std::string, int>& names, const DiskChange& change) {
    if (change.kind == Kind::remove) {
      names.erase(change.name);
      return;
    }
    if (!change.from.empty()) names.erase(change.from);
    names[change.name] = change.file;
  }

  static DiskChange cut(const DiskChange& write, Random& random) {
    DiskChange part = write;
    const std::size_t end = write.offset + write.bytes.size();
    const std::size_t first = write.offset / kSector;
    const std::size_t stop = (first + random.below(end / kSector - first + 1)) * kSector;
    part.bytes.resize(stop > write.offset ? stop - write.offset : 0);
    return part;
  }

  static std::string crash_file(const File& file, const DiskChange* in_flight, Random& random) {
    if (file.pending.empty() && in_flight == nullptr) return file.synced;
    std::vector<std::string> versions{file.synced};
    for (const DiskChange& change : file.pending) change_bytes(versions.emplace_back(versions.back()), change);
    if (in_flight != nullptr) change_bytes(versions.emplace_back(versions.back()), cut(*in_flight, random));
    std::size_t longest = 0;
    for (const std::string& version : versions) longest = std::max(longest, version.size());
    const std::size_t size = versions[random.below(versions.size())].size();
    for (std::string& version : versions) version.resize(longest, '\0');
    std::string bytes(longest, '\0');
    for (std::size_t page = 0; page < longest; page += kPage) {
      const std::string& one = versions[random.below(versions.size())];
      const std::string& other = random.chance(0.5) ? one : versions[random.below(versions.size())];
      for (std::size_t sector = page; sector < std::min(page + kPage, longest); sector += kSector) {
        const std::string& from = random.chance(0.5) ? one : other;
        bytes.replace(sector, kSector, from, sector, kSector);
      }
    }
    bytes.resize(size);
    return bytes;
  }

  std::map<int, File> files_;
  std::map<std::string, int> names_;
  std::vector<DiskChange> pending_names_;
};

/// Keeps a directory equal to the latest image, writing only what differs.
class ImageDirectory {
 public:
  explicit ImageDirectory(std::string path) : path_(std::move(path)) {}

  /// Afterwards the directory holds exactly these files. `keeps_changes`: others have written to it since.
  void become(const std::map<std::string, std::string>& image) {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (!image.contains(entry.path().filename())) std::filesystem::remove_all(entry.path());
    }
    for (const auto& [name, bytes] : image) {
      const std::string path = path_ + "/" + name;
      if (content_of(path) == bytes) continue;
      std::filesystem::remove(path);
      std::ofstream(path, std::ios::binary) << bytes;
    }
  }

 private:
  static std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string path_;
};

}  // namespace fugle::testing
