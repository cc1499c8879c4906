// read_live(): without HDF5, because five reads must do (CON-48).
#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "base/error.hpp"
#include "store/file.hpp"
#include "store/live_file.hpp"
#include "store/live_layout.hpp"

namespace fugle::store {
namespace {

constexpr std::size_t kBeginning = 16384;  ///< user block, metadata and summary

bool is_whole(const SummaryRow& row) {
  return row.crc == crc_of(row) && row.num_workers <= kMaxLiveWorkers && row.num_running <= kMaxLiveRunning &&
         row.num_failed <= kMaxLiveFailed;
}

/// nullopt: not a live.h5 that this build knows.
std::optional<LiveDirectory> read_directory(std::span<const std::byte> beginning) {
  LiveDirectory directory;
  if (beginning.size() < sizeof directory) return std::nullopt;
  std::memcpy(&directory, beginning.data(), sizeof directory);
  const bool is_known = directory.magic == kLiveMagic && directory.format == kLiveFormat &&
                        directory.summary + sizeof(SummaryRow) <= beginning.size();
  return is_known ? std::optional(directory) : std::nullopt;
}

struct Head {
  LiveDirectory directory;
  SummaryRow summary;
};

/// Two tries: the first may have met the head while it wrote.
std::optional<Head> read_head(const File& file) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::vector<std::byte> beginning(kBeginning);
    beginning.resize(file.read_at(0, beginning));
    const auto directory = read_directory(beginning);
    if (!directory) return std::nullopt;
    Head head{*directory, {}};
    std::memcpy(&head.summary, beginning.data() + directory->summary, sizeof head.summary);
    if (is_whole(head.summary)) return head;
  }
  return std::nullopt;
}

template <class T>
std::vector<T> read_rows(const File& file, std::uint64_t offset, std::uint32_t count) {
  std::vector<T> rows(count);
  if (count > 0) file.read_at(offset, std::as_writable_bytes(std::span(rows)));
  return rows;
}

template <std::size_t size>
std::string text_of(const std::array<char, size>& field) {
  return {field.begin(), std::find(field.begin(), field.end(), '\0')};
}

LiveSummary to_summary(const File& file, const Head& head) {
  const SummaryRow& row = head.summary;
  LiveSummary live;
  live.counts = row.counts;
  live.num_ignored = row.num_ignored;
  live.num_tolerated = row.num_tolerated;
  live.in_finally = row.in_finally != 0;
  live.total = row.total;
  live.heartbeat = from_ns(row.heartbeat_ns);
  live.life_started = from_ns(row.life_started_ns);
  live.durable = row.durable;
  live.ended = row.ended != 0;
  for (const auto& w : read_rows<WorkerRow>(file, head.directory.workers, row.num_workers)) {
    live.workers.push_back({WorkerId(w.worker), text_of(w.node), w.cores, w.cores_in_use, w.num_ended,
                            static_cast<WorkerCondition>(w.alive)});
  }
  for (const auto& r : read_rows<RunningRow>(file, head.directory.running, row.num_running)) {
    live.running.push_back({ElementId(r.element), WorkerId(r.worker), static_cast<std::uint16_t>(r.attempt),
                            from_ns(r.start_ns), static_cast<scheduler::ServicePhase>(r.service)});
  }
  for (const auto e : read_rows<std::uint32_t>(file, head.directory.failed, row.num_failed)) {
    live.failed.push_back(ElementId(e));
  }
  return live;
}

}  // namespace

std::optional<LiveSummary> read_live(const std::string& run_dir) {
  try {
    const File file(live_path(run_dir), O_RDONLY);
    const auto head = read_head(file);
    if (!head) return std::nullopt;
    return to_summary(file, *head);
  } catch (const EnvironmentError&) {
    return std::nullopt;
  }
}

}  // namespace fugle::store
