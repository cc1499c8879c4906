// The rows of live.h5 as they lie in the file. The first 4 KiB are a user block, which HDF5 skips: there stands
// where each dataset begins, so that our own reader needs no HDF5 and only a handful of reads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "scheduler/run_state.hpp"

namespace fugle::store {

inline constexpr std::uint64_t kLiveFormat = 2;
inline constexpr std::uint64_t kLiveUserBlock = 4096;  ///< bytes, the alignment of datasets
inline constexpr std::uint32_t kMaxLiveWorkers = 16384;
inline constexpr std::uint32_t kMaxLiveRunning = 4096;
inline constexpr std::uint32_t kMaxLiveFailed = 1024;
inline constexpr std::array<char, 8> kLiveMagic{'F', 'U', 'G', 'L', 'I', 'V', 'E', '\0'};

/// In the user block. Offsets in bytes from the start of the file.
struct LiveDirectory {
  std::array<char, 8> magic = kLiveMagic;
  std::uint64_t format = kLiveFormat;
  std::uint64_t summary = 0;
  std::uint64_t workers = 0;
  std::uint64_t running = 0;
  std::uint64_t failed = 0;
};

struct SummaryRow {
  std::array<std::uint64_t, scheduler::kNumStates> counts{};
  std::uint64_t num_ignored = 0;
  std::uint64_t num_tolerated = 0;
  std::uint64_t total = 0;
  std::uint64_t durable = 0;
  std::int64_t heartbeat_ns = 0;
  std::int64_t life_started_ns = 0;
  std::uint32_t num_workers = 0;  ///< rows of `workers` in use; likewise the next two
  std::uint32_t num_running = 0;
  std::uint32_t num_failed = 0;
  std::uint32_t pid = 0;
  std::array<char, 64> host{};
  std::uint32_t ended = 0;
  std::uint32_t in_finally = 0;
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  ///< of all bytes before: a row read while it is written does not fit
};

struct WorkerRow {
  std::uint32_t worker = 0;
  std::uint32_t cores = 0;
  std::uint32_t cores_in_use = 0;
  std::uint32_t alive = 0;  ///< 0: lost, 1: alive, 2: drained, 3: silent
  std::uint64_t num_ended = 0;
  std::array<char, 64> node{};
};

struct RunningRow {
  std::uint32_t element = 0;
  std::uint32_t worker = 0;
  std::int64_t start_ns = 0;
  std::uint32_t attempt = 0;
  std::uint32_t service = 0;  ///< 0: it is none, 1: starting, 2: ready
};

static_assert(sizeof(LiveDirectory) <= kLiveUserBlock);
static_assert(sizeof(SummaryRow) == 256 && std::is_trivially_copyable_v<SummaryRow>);
static_assert(sizeof(WorkerRow) == 88 && std::is_trivially_copyable_v<WorkerRow>);
static_assert(sizeof(RunningRow) == 24 && std::is_trivially_copyable_v<RunningRow>);

[[nodiscard]] inline std::string live_path(const std::string& run_dir) { return run_dir + "/live.h5"; }
[[nodiscard]] std::uint32_t crc_of(const SummaryRow& summary);

/// Offsets in bytes from the start of live.h5.
struct LiveOffsets {
  LiveDirectory directory;
  std::uint64_t state = 0;
  std::uint64_t attempt = 0;
};
/// Makes live.h5 for so many elements with all rows zero, in place of an older one.
[[nodiscard]] LiveOffsets create_live_file(const std::string& run_dir, std::uint32_t num_elements);

}  // namespace fugle::store
