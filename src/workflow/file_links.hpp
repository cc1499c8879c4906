// Edges by files: who writes which path, and who reads it. A path is kept as 128 bits of hash, so that a million
// paths take 40 MB and not the texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.hpp"

namespace fugle::workflow {

/// An element as the writer or reader of a file; `port` is the number of the output or input.
struct FileUser {
  ElementId element;
  std::uint32_t task = 0;  ///< number in Workflow::tasks
  std::uint32_t port = 0;
};

class FileLinks {
 public:
  /// The earlier writer when the path, absolute, has one already; then nothing is changed.
  [[nodiscard]] std::optional<FileUser> add_writer(std::string_view path, FileUser writer);
  [[nodiscard]] std::optional<FileUser> writer_of(std::string_view path) const;
  void add_reader(std::string_view path, FileUser reader);

  /// Calls `link(writer, reader)` for each reader of a path that another task writes, in the order they were added.
  template <class Link>
  void for_each_link(Link&& link) const {
    for_each_link_from(*this, link);
  }
  /// The same with the readers of other links.
  template <class Link>
  void for_each_link_from(const FileLinks& others, Link&& link) const {
    for (const Entry& reader : others.readers_) {
      const auto writer = writer_of(reader.key);
      if (writer && writer->task != reader.user.task) link(*writer, reader.user);
    }
  }

 private:
  static constexpr std::uint32_t kFree = ElementId::kInvalid;
  struct Key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    FileUser user;
  };
  [[nodiscard]] static Key key_of(std::string_view path);
  [[nodiscard]] std::uint32_t slot_of(const Key& key) const;
  [[nodiscard]] std::optional<FileUser> writer_of(const Key& key) const;
  void grow();

  std::vector<Entry> writers_;
  std::vector<Entry> readers_;
  std::vector<std::uint32_t> slots_;  ///< open addressing over writers_; a power of two, at most half full
};

}  // namespace fugle::workflow
