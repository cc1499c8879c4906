#include "executor/spawner/log_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace fugle::spawner {
namespace {

constexpr std::size_t kBufferBytes = 4 * LogWriter::kPieceBytes;

/// -1 when it can not be opened or is no plain file; a link is not followed, as it might lead out of the run directory.
int open_for_append(int folder, const std::string& name, std::uint64_t& end) {
  const int fd = ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  struct stat status {};
  if (fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    end = static_cast<std::uint64_t>(status.st_size);
    return fd;
  }
  if (fd >= 0) ::close(fd);
  return -1;
}

/// How many bytes were written; fewer when the file takes no more.
std::size_t write_at(int fd, const char* bytes, std::size_t count, std::uint64_t offset) {
  std::size_t written = 0;
  while (written < count) {
    const ssize_t n = ::pwrite(fd, bytes + written, count - written, static_cast<off_t>(offset + written));
    if (n > 0)
      written += static_cast<std::size_t>(n);
    else if (n == 0 || errno != EINTR)
      break;
  }
  return written;
}

}  // namespace

LogWriter::LogWriter(const char* folder, const std::string& name) : buffer_(kBufferBytes) {
  const int logs = ::open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  log_ = open_for_append(logs, name + ".log", log_end_);
  index_ = open_for_append(logs, name + ".idx", index_end_);
  index_end_ -= index_end_ % sizeof(LogRow);  // a torn last row is overwritten
  if (logs >= 0) ::close(logs);
}

LogWriter::~LogWriter() {
  if (log_ >= 0) ::close(log_);
  if (index_ >= 0) ::close(index_);
}

char* LogWriter::space() {
  if (buffer_.size() - used_ < kPieceBytes) flush();
  return buffer_.data() + used_;
}

void LogWriter::add(std::size_t bytes, AttemptKey key, std::int64_t time_ns, std::uint8_t stream) {
  LogRow row;
  row.offset = used_;
  row.time_ns = time_ns;
  row.length = static_cast<std::uint32_t>(bytes);
  row.stream = stream;
  row.element = key.element;
  row.attempt = static_cast<std::uint16_t>(key.attempt);
  rows_.push_back(row);
  used_ += bytes;
}

void LogWriter::add_text(std::string_view text, AttemptKey key, std::int64_t time_ns) {
  while (!text.empty()) {
    const std::size_t piece = std::min(text.size(), kPieceBytes);
    std::memcpy(space(), text.data(), piece);
    add(piece, key, time_ns);
    text.remove_prefix(piece);
  }
}

void LogWriter::flush() {
  if (rows_.empty()) return;
  const std::size_t written = write_at(log_, buffer_.data(), used_, log_end_);
  std::erase_if(rows_, [&](LogRow& row) {
    const std::size_t kept = std::min<std::size_t>(row.length, written > row.offset ? written - row.offset : 0);
    if (kept < row.length) drop(row, row.length - kept);
    row.length = static_cast<std::uint32_t>(kept);
    row.offset += log_end_;
    return kept == 0;
  });
  write_rows();
  log_end_ += written;
  used_ = 0;
  rows_.clear();
}

void LogWriter::write_rows() {
  for (LogRow& row : rows_) {
    const AttemptKey key{row.element, row.attempt};
    if (std::erase(cut_, key) > 0) row.flags |= executor::kOutputLostBefore;
    row.check = check_of(row);
  }
  const auto* bytes = reinterpret_cast<const char*>(rows_.data());
  const std::size_t written = write_at(index_, bytes, rows_.size() * sizeof(LogRow), index_end_) / sizeof(LogRow);
  for (std::size_t i = written; i < rows_.size(); ++i) drop(rows_[i], rows_[i].length);
  index_end_ += written * sizeof(LogRow);
}

void LogWriter::drop(const LogRow& row, std::uint64_t bytes) {
  const AttemptKey key{row.element, row.attempt};
  drops_.push_back({key, bytes});
  if (std::find(cut_.begin(), cut_.end(), key) == cut_.end()) cut_.push_back(key);
}

std::vector<LogWriter::Drop> LogWriter::take_drops() { return std::exchange(drops_, {}); }

}  // namespace fugle::spawner
