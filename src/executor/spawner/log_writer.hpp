// Appends the output of all attempts to one log, and to its index whose bytes they are. Output gathers here during one
// round of the loop and is written at its end: two writes a round, however many attempts spoke. A disk that is full
// never blocks anyone: what can not be written is dropped and counted, and writing goes on when there is room again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "executor/log_row.hpp"
#include "executor/wire.hpp"

namespace fugle::spawner {

using executor::LogRow;
using executor::wire::AttemptKey;

class LogWriter {
 public:
  struct Drop {
    AttemptKey key;
    std::uint64_t bytes;
  };

  /// Opens folder/name.log and .idx and appends to what is there. Where one can not be opened, or is not a plain file
  /// (links are not followed), everything is dropped.
  LogWriter(const char* folder, const std::string& name);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// At most this much is added at once.
  static constexpr std::size_t kPieceBytes = 64 * 1024;
  /// Room for one piece, to be filled and then kept by add(). May write.
  [[nodiscard]] char* space();
  void add(std::size_t bytes, AttemptKey key, std::int64_t time_ns, std::uint8_t stream = executor::kStdout);
  /// Any amount; copies it.
  void add_text(std::string_view text, AttemptKey key, std::int64_t time_ns);
  /// After this, readers see all that was added.
  void flush();
  /// What was dropped since the last call.
  [[nodiscard]] std::vector<Drop> take_drops();

 private:
  void drop(const LogRow& row, std::uint64_t bytes);
  void write_rows();

  int log_ = -1;
  int index_ = -1;
  std::uint64_t log_end_ = 0;
  std::uint64_t index_end_ = 0;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::vector<LogRow> rows_;  ///< of the buffer; offsets within it
  std::vector<Drop> drops_;
  std::vector<AttemptKey> cut_;  ///< attempts whose next row must say that something is missing before it
};

}  // namespace fugle::spawner
