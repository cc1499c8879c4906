#include "executor/attempt_log.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/regular_file.hpp"
#include "executor/log_row.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTailBytes = 1 << 20;
constexpr std::uint64_t kLongestChunk = 64 << 20;  ///< the spawner writes much shorter ones

/// Fewer bytes than there is room for at the end of the file only.
std::size_t read_at(const RegularFile& file, off_t offset, std::span<char> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file.fd(), bytes.data() + done, bytes.size() - done, offset + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

/// The n of "worker-<n>.idx"; invalid for other names.
WorkerId worker_of(std::string_view name) {
  constexpr std::string_view kBefore = "worker-";
  constexpr std::string_view kAfter = ".idx";
  if (!name.starts_with(kBefore) || !name.ends_with(kAfter)) return {};
  const char* const end = name.data() + name.size() - kAfter.size();
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(name.data() + kBefore.size(), end, number);
  return error == std::errc{} && stop == end ? WorkerId(number) : WorkerId();
}

LogChunk to_chunk(const LogRow& row, WorkerId worker) {
  return {row.offset, row.time_ns, row.length, ElementId(row.element), row.attempt, row.stream, row.flags, worker};
}

/// A file may claim to be endless and hold nothing: rows are only where something was written.
off_t skip_hole(const RegularFile& file, off_t at) {
  const off_t data = ::lseek(file.fd(), at, SEEK_DATA);
  if (data < 0) return errno == ENXIO ? std::numeric_limits<off_t>::max() / 2 : at;
  const auto row = static_cast<off_t>(sizeof(LogRow));
  return std::max(at, data / row * row);
}

void read_index(const RegularFile& file, WorkerId worker, ElementId element, std::uint16_t attempt,
                std::vector<LogChunk>& chunks) {
  std::array<char, 1024 * sizeof(LogRow)> rows;
  off_t at = 0;
  for (std::size_t count = 1; count > 0; at += static_cast<off_t>(count * sizeof(LogRow))) {
    at = skip_hole(file, at);
    count = read_at(file, at, rows) / sizeof(LogRow);
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = decode_log_row(rows.data() + i * sizeof(LogRow));
      if (row && (!element.is_valid() || row->element == element.value()) && (attempt == 0 || row->attempt == attempt))
        chunks.push_back(to_chunk(*row, worker));
    }
  }
}

/// Where the last `lines` lines of the text begin.
std::size_t begin_of_tail(std::string_view text, std::size_t lines) {
  std::size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') --at;
  for (; lines > 0; --lines) {
    const std::size_t line_end = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    if (line_end == std::string_view::npos) return 0;
    at = line_end;
  }
  return std::min(at + 1, text.size());
}

}  // namespace

std::vector<LogChunk> find_chunks(const std::string& run_dir, ElementId element, std::uint16_t attempt) {
  std::vector<LogChunk> chunks;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(run_dir) / "logs", error), end; !error && at != end; at.increment(error)) {
    const WorkerId worker = worker_of(at->path().filename().string());
    if (!worker.is_valid()) continue;
    const RegularFile file = open_regular(run_dir, "logs/" + at->path().filename().string());
    if (file.is_open()) read_index(file, worker, element, attempt, chunks);
  }
  std::sort(chunks.begin(), chunks.end(), [](const LogChunk& a, const LogChunk& b) {
    return std::tuple(a.time_ns, a.worker, a.offset) < std::tuple(b.time_ns, b.worker, b.offset);
  });
  return chunks;
}

std::string read_chunk(const std::string& run_dir, const LogChunk& chunk) {
  const RegularFile file = open_regular(run_dir, fmt::format("logs/worker-{}.log", chunk.worker.value()));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.fd(), &status) != 0) return {};
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (chunk.offset >= size) return {};
  // No more than there is: a row may claim anything.
  std::string bytes(std::min<std::uint64_t>({chunk.length, size - chunk.offset, kLongestChunk}), '\0');
  bytes.resize(read_at(file, static_cast<off_t>(chunk.offset), bytes));
  return bytes;
}

std::string tail_of_attempt(const std::string& run_dir, ElementId element, std::uint16_t attempt, std::size_t lines) {
  const std::vector<LogChunk> chunks = find_chunks(run_dir, element, attempt);
  std::string text;
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend() && text.size() < kMostTailBytes; ++chunk) {
    text.insert(0, read_chunk(run_dir, *chunk));
    if (begin_of_tail(text, lines) > 0) break;
  }
  return lines == 0 ? std::string() : text.substr(begin_of_tail(text, lines));
}

}  // namespace fugle::executor
