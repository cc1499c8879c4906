#include "executor/attempt_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "executor/log_row.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTailBytes = 1 << 20;

std::string log_path(const std::string& run_dir, WorkerId worker) {
  return fmt::format("{}/logs/worker-{}.log", run_dir, worker.value());
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

void read_index(const fs::path& path, WorkerId worker, ElementId element, std::uint16_t attempt,
                std::vector<LogChunk>& chunks) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1024 * sizeof(LogRow)> rows;
  while (file) {
    file.read(rows.data(), rows.size());
    const std::size_t count = static_cast<std::size_t>(file.gcount()) / sizeof(LogRow);
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
    if (worker.is_valid()) read_index(at->path(), worker, element, attempt, chunks);
  }
  std::sort(chunks.begin(), chunks.end(), [](const LogChunk& a, const LogChunk& b) {
    return std::tuple(a.time_ns, a.worker, a.offset) < std::tuple(b.time_ns, b.worker, b.offset);
  });
  return chunks;
}

std::string read_chunk(const std::string& run_dir, const LogChunk& chunk) {
  std::ifstream file(log_path(run_dir, chunk.worker), std::ios::binary);
  std::string bytes(chunk.length, '\0');
  file.seekg(static_cast<std::streamoff>(chunk.offset));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
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
