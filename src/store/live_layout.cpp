#include "store/live_layout.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "store/crc32c.hpp"
#include "store/file.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {
namespace {

using hdf5::Field;
using hdf5::type_of;

hdf5::Handle summary_type() {
  const hdf5::Handle counts = hdf5::array_type(type_of<std::uint64_t>(), scheduler::kNumStates);
  const hdf5::Handle host = hdf5::text_type(sizeof SummaryRow{}.host);
  const std::array fields{
      Field{"counts", offsetof(SummaryRow, counts), counts.id()},
      Field{"num_ignored", offsetof(SummaryRow, num_ignored), type_of<std::uint64_t>()},
      Field{"num_tolerated", offsetof(SummaryRow, num_tolerated), type_of<std::uint64_t>()},
      Field{"total", offsetof(SummaryRow, total), type_of<std::uint64_t>()},
      Field{"durable", offsetof(SummaryRow, durable), type_of<std::uint64_t>()},
      Field{"heartbeat_ns", offsetof(SummaryRow, heartbeat_ns), type_of<std::int64_t>()},
      Field{"life_started_ns", offsetof(SummaryRow, life_started_ns), type_of<std::int64_t>()},
      Field{"num_workers", offsetof(SummaryRow, num_workers), type_of<std::uint32_t>()},
      Field{"num_running", offsetof(SummaryRow, num_running), type_of<std::uint32_t>()},
      Field{"num_failed", offsetof(SummaryRow, num_failed), type_of<std::uint32_t>()},
      Field{"pid", offsetof(SummaryRow, pid), type_of<std::uint32_t>()},
      Field{"host", offsetof(SummaryRow, host), host.id()},
      Field{"ended", offsetof(SummaryRow, ended), type_of<std::uint32_t>()},
      Field{"in_finally", offsetof(SummaryRow, in_finally), type_of<std::uint32_t>()},
      Field{"reserved", offsetof(SummaryRow, reserved), type_of<std::uint32_t>()},
      Field{"crc", offsetof(SummaryRow, crc), type_of<std::uint32_t>()},
  };
  return hdf5::compound_type(sizeof(SummaryRow), fields);
}

hdf5::Handle worker_type() {
  const hdf5::Handle node = hdf5::text_type(sizeof WorkerRow{}.node);
  const std::array fields{
      Field{"worker", offsetof(WorkerRow, worker), type_of<std::uint32_t>()},
      Field{"cores", offsetof(WorkerRow, cores), type_of<std::uint32_t>()},
      Field{"cores_in_use", offsetof(WorkerRow, cores_in_use), type_of<std::uint32_t>()},
      Field{"alive", offsetof(WorkerRow, alive), type_of<std::uint32_t>()},
      Field{"num_ended", offsetof(WorkerRow, num_ended), type_of<std::uint64_t>()},
      Field{"node", offsetof(WorkerRow, node), node.id()},
  };
  return hdf5::compound_type(sizeof(WorkerRow), fields);
}

hdf5::Handle running_type() {
  const std::array fields{
      Field{"element", offsetof(RunningRow, element), type_of<std::uint32_t>()},
      Field{"worker", offsetof(RunningRow, worker), type_of<std::uint32_t>()},
      Field{"start_ns", offsetof(RunningRow, start_ns), type_of<std::int64_t>()},
      Field{"attempt", offsetof(RunningRow, attempt), type_of<std::uint32_t>()},
      Field{"service", offsetof(RunningRow, service), type_of<std::uint32_t>()},
  };
  return hdf5::compound_type(sizeof(RunningRow), fields);
}

std::uint64_t reserve(const hdf5::Handle& file, const char* name, hid_t type, std::uint64_t size) {
  const hdf5::Handle dataset = hdf5::create_dataset(file, name, type, size, hdf5::Storage::reserved);
  return size == 0 ? 0 : hdf5::offset_of(dataset);
}

LiveOffsets write_metadata(const std::string& path, std::uint32_t num_elements) {
  const hdf5::Session session;
  hdf5::CreateOptions options;
  options.userblock = kLiveUserBlock;
  hdf5::Handle file = hdf5::create_file(session, path, options);
  hdf5::write_attribute(file, "format", kLiveFormat);
  LiveOffsets at;
  at.directory.summary = reserve(file, "summary", summary_type().id(), 1);
  at.directory.workers = reserve(file, "workers", worker_type().id(), kMaxLiveWorkers);
  at.directory.running = reserve(file, "running", running_type().id(), kMaxLiveRunning);
  at.directory.failed = reserve(file, "failed", type_of<std::uint32_t>(), kMaxLiveFailed);
  at.state = reserve(file, "state", type_of<std::uint8_t>(), num_elements);
  at.attempt = reserve(file, "attempt", type_of<std::uint16_t>(), num_elements);
  hdf5::close_checked(std::move(file), path);
  return at;
}

}  // namespace

std::uint32_t crc_of(const SummaryRow& summary) { return crc32c(bytes_of(summary).first(offsetof(SummaryRow, crc))); }

LiveOffsets create_live_file(const std::string& run_dir, std::uint32_t num_elements) {
  const std::string path = live_path(run_dir);
  const ScopedTemporary temporary(path + ".tmp");
  const LiveOffsets at = write_metadata(temporary.path(), num_elements);
  File(temporary.path(), O_RDWR).write_at(0, bytes_of(at.directory));
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) throw_errno("cannot create", path, errno);
  return at;
}

}  // namespace fugle::store
