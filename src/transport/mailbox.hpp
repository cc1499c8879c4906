// One direction of a conversation between two processes that share nothing but a folder: a file to which one side
// appends frames and which the other reads at an offset of its own. Each look opens the file anew and writers close it
// after each write, which is what network file systems ask for (close-to-open consistency, open(2), nfs(5)): no mmap,
// no locks, no renames. A frame counts once its checksum does: of a write that is seen in part, or as zeros, the rest
// is waited for. Of a long conversation little is kept: files of about 1 MiB follow each other, and the reader removes
// those it has read.
//
// Knows nothing of what frames mean, of who talks, or of time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::transport {

struct Frame {
  std::uint8_t kind = 0;
  std::uint64_t ack = 0;  ///< number of the newest frame that its writer had read from the other side
  std::string bytes;
  std::uint64_t number = 0;  ///< 1, 2, ... in this direction; set by the writer
  bool operator==(const Frame&) const = default;
};

class MailboxWriter {
 public:
  /// Files are `path`.0, `path`.1, ...
  explicit MailboxWriter(std::string path) : path_(std::move(path)) {}

  /// Returns the number of the frame.
  std::uint64_t put(std::uint8_t kind, std::uint64_t ack, std::string_view bytes);
  /// Writes what was put. False: not all could be written, which the next call tries again.
  bool flush();
  [[nodiscard]] bool has_unwritten() const { return !unwritten_.empty(); }
  /// Number of the latest frame.
  [[nodiscard]] std::uint64_t last() const { return last_; }

 private:
  struct Piece {
    std::string bytes;
    bool is_last_of_file = false;
  };

  std::string path_;
  std::uint64_t last_ = 0;
  std::vector<Piece> unwritten_;    ///< a piece for each file
  std::uint64_t file_ = 0;          ///< that is written to
  std::uint64_t offset_ = 0;        ///< in it
  std::uint64_t size_planned_ = 0;  ///< of the file of the latest frame, once all is written
};

class MailboxReader {
 public:
  explicit MailboxReader(std::string path) : path_(std::move(path)) {}

  /// Appends the frames that have come. Never waits.
  void read(std::vector<Frame>& frames);
  /// Number of the latest frame.
  [[nodiscard]] std::uint64_t last() const { return last_; }

 private:
  [[nodiscard]] bool read_file(std::vector<Frame>& frames);

  std::string path_;
  std::uint64_t last_ = 0;
  std::uint64_t file_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace fugle::transport
