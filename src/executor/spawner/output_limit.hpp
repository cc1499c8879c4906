// How much of one attempt's output is kept: its beginning, and of what exceeds the limit the last 64 KiB, because that
// is where a program says why it ended. What lies between is read, so that the program does not hang, and dropped. A
// line in the log says so where it begins, another where it ends. Knows nothing of files: it is told of each piece and
// says what to write.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fugle::spawner {

class OutputLimit {
 public:
  static constexpr std::size_t kMostTail = 64 * 1024;

  /// Of what is kept, markers aside; 0: everything.
  void set_limit(std::uint64_t bytes) {
    limit_ = bytes;
    tail_bytes_ = static_cast<std::size_t>(std::min<std::uint64_t>(kMostTail, bytes / 2));
  }

  /// Of the next piece of output, how much of its beginning is to be written now; the rest is taken here.
  [[nodiscard]] std::size_t take(const char* bytes, std::size_t count) {
    std::size_t kept = count;
    if (limit_ > 0) kept = static_cast<std::size_t>(std::min<std::uint64_t>(count, limit_ - tail_bytes_ - written_));
    written_ += kept;
    if (kept > 0) ends_in_line_ = bytes[kept - 1] != '\n';
    if (kept < count) add_to_tail({bytes + kept, count - kept});
    return kept;
  }
  [[nodiscard]] std::uint64_t dropped_bytes() const { return dropped_; }

  /// What is to be written now that something is dropped for the first time; else empty.
  [[nodiscard]] std::string take_notice() {
    if (dropped_ == 0 || is_noticed_) return {};
    is_noticed_ = true;
    return marker("output of this attempt exceeds its limit of " + std::to_string(limit_) +
                  " bytes; of what follows the last " + std::to_string(tail_bytes_) + " bytes will be kept");
  }
  /// What is to be written at the end of the attempt: the tail, and before it how much is missing.
  [[nodiscard]] std::string take_rest() {
    std::string rest = take_notice();
    if (dropped_ > 0)
      rest += marker(std::to_string(written_) + " bytes of output were kept above, " + std::to_string(dropped_) +
                     " bytes were dropped here; the end of the output:");
    rest += tail_;
    tail_ = {};
    return rest;
  }

 private:
  void add_to_tail(std::string_view bytes) {
    tail_ += bytes;
    if (tail_.size() <= tail_bytes_) return;
    const std::size_t excess = tail_.size() - tail_bytes_;
    dropped_ += excess;
    tail_.erase(0, excess);
  }
  std::string marker(const std::string& text) {
    const std::string line = (ends_in_line_ ? "\n[fugle: " : "[fugle: ") + text + "]\n";
    ends_in_line_ = false;
    return line;
  }

  std::uint64_t limit_ = 0;
  std::size_t tail_bytes_ = 0;
  std::uint64_t written_ = 0;  ///< less than the limit without the tail, until that is reached
  std::uint64_t dropped_ = 0;
  bool ends_in_line_ = false;  ///< of what was written: in the middle of a line
  bool is_noticed_ = false;
  std::string tail_;
};

}  // namespace fugle::spawner
