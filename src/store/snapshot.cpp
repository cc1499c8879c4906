#include "store/snapshot.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "store/column.hpp"
#include "store/file.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::EventKind;

namespace {

constexpr std::uint64_t kSnapshotFormat = 1;

/// The latest attempt of each element.
struct Columns {
  explicit Columns(std::size_t n)
      : cls(n),
        exit(n),
        start_ns(n),
        end_ns(n),
        worker(n, WorkerId::kInvalid),
        cpu_ms(n),
        maxrss_kb(n),
        read_bytes(n),
        written_bytes(n) {}

  void add(const Event& event) {
    if (event.kind != EventKind::attempt_started && event.kind != EventKind::attempt_ended) return;
    const std::uint32_t e = event.element.value();
    cls[e] = static_cast<std::uint8_t>(event.cls);
    exit[e] = event.exit;
    start_ns[e] = to_ns(event.start);
    end_ns[e] = to_ns(event.end);
    worker[e] = event.worker.value();
    cpu_ms[e] = event.cpu_ms;
    maxrss_kb[e] = event.maxrss_kb;
    read_bytes[e] = event.read_bytes;
    written_bytes[e] = event.written_bytes;
  }

  std::vector<std::uint8_t> cls;
  std::vector<std::int32_t> exit;
  std::vector<std::int64_t> start_ns;
  std::vector<std::int64_t> end_ns;
  std::vector<std::uint32_t> worker;
  std::vector<std::uint64_t> cpu_ms;
  std::vector<std::uint32_t> maxrss_kb;
  std::vector<std::uint64_t> read_bytes;
  std::vector<std::uint64_t> written_bytes;
};

void write_columns(const hdf5::Handle& file, const scheduler::RunState& run, const Columns& columns) {
  const hdf5::Handle group = hdf5::create_group(file, "elements");
  const std::span states(reinterpret_cast<const std::uint8_t*>(run.states().data()), run.states().size());
  write_column(group, "state", states, hdf5::Storage::compressed);
  write_column(group, "attempt", run.attempts(), hdf5::Storage::compressed);
  write_column(group, "class", columns.cls, hdf5::Storage::compressed);
  write_column(group, "exit", columns.exit, hdf5::Storage::compressed);
  write_column(group, "start_ns", columns.start_ns, hdf5::Storage::compressed);
  write_column(group, "end_ns", columns.end_ns, hdf5::Storage::compressed);
  write_column(group, "worker", columns.worker, hdf5::Storage::compressed);
  write_column(group, "cpu_ms", columns.cpu_ms, hdf5::Storage::compressed);
  write_column(group, "maxrss_kb", columns.maxrss_kb, hdf5::Storage::compressed);
  write_column(group, "read_bytes", columns.read_bytes, hdf5::Storage::compressed);
  write_column(group, "written_bytes", columns.written_bytes, hdf5::Storage::compressed);
}

}  // namespace

void write_snapshot(const std::string& run_dir, const scheduler::RunState& run, const std::vector<Event>& events,
                    Disk& disk) {
  Columns columns(run.graph().num_elements());
  for (const Event& event : events) columns.add(event);
  const std::string path = run_dir + "/snapshot.h5";
  const ScopedTemporary temporary(path + ".tmp", disk);
  {
    const hdf5::Session session;
    hdf5::Handle file = hdf5::create_file(session, temporary.path());
    hdf5::write_attribute(file, "format", kSnapshotFormat);
    hdf5::write_attribute(file, "events", events.size());
    write_columns(file, run, columns);
    hdf5::close_checked(std::move(file), path);
  }
  replace_durably(temporary.path(), path, disk);
}

void check_snapshot(const std::string& run_dir) {
  const std::string path = run_dir + "/snapshot.h5";
  const hdf5::Session session;
  const hdf5::Handle file = hdf5::open_file(session, path);
  if (hdf5::read_number(file, "format") > kSnapshotFormat) {
    throw ConflictError(fmt::format("'{}' was written by a newer version; upgrade fugle", path));
  }
  const hdf5::Handle group = hdf5::open_group(file, "elements");
  // Earlier versions have no others.
  for (const char* name :
       {"state", "attempt", "class", "exit", "start_ns", "end_ns", "worker", "cpu_ms", "maxrss_kb"}) {
    const hdf5::Handle dataset = hdf5::open_dataset(group, name);
    const hdf5::Handle type = hdf5::type_in(dataset);
    std::vector<std::byte> bytes(hdf5::size_of(dataset) * hdf5::size_of_type(type));
    read_column_bytes(dataset, type.id(), bytes);
  }
}

}  // namespace fugle::store
