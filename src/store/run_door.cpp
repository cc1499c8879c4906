#include "store/run_door.hpp"

#include <array>

#include "base/error.hpp"
#include "graph/task.hpp"
#include "scheduler/event.hpp"
#include "scheduler/run_state.hpp"
#include "store/event_type.hpp"
#include "store/file.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {
namespace {

constexpr std::uint64_t kDoorFormat = 1;

/// Names by value, 0 to `last`.
template <class Enum>
std::vector<std::string> names_up_to(Enum last) {
  std::vector<std::string> names;
  for (unsigned value = 0; value <= static_cast<unsigned>(last); ++value) {
    names.emplace_back(name_of(static_cast<Enum>(value)));
  }
  return names;
}

/// One virtual dataset over as many segments as there are whenever it is opened.
void create_events(const hdf5::Handle& file, std::uint32_t capacity) {
  const hsize_t rows = capacity;
  const hsize_t none = 0;
  const hsize_t unlimited = H5S_UNLIMITED;
  const hsize_t first = 0;
  const hdf5::Handle all = hdf5::own(H5Screate_simple(1, &none, &unlimited), H5Sclose, "H5Screate_simple", "events");
  const hdf5::Handle one = hdf5::own(H5Screate_simple(1, &rows, nullptr), H5Sclose, "H5Screate_simple", "events");
  hdf5::check(H5Sselect_hyperslab(all.id(), H5S_SELECT_SET, &first, &rows, &unlimited, &rows) >= 0,
              "H5Sselect_hyperslab", "events");
  const hdf5::Handle creation = hdf5::own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "H5Pcreate", "events");
  hdf5::check(H5Pset_virtual(creation.id(), all.id(), "journal.%b.h5", "/events", one.id()) >= 0, "H5Pset_virtual",
              "events");
  const hdf5::Handle type = event_row_type();
  const hdf5::Handle dataset =
      hdf5::own(H5Dcreate2(file.id(), "events", type.id(), all.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT), H5Dclose,
                "H5Dcreate2", "events");
}

void link(const hdf5::Handle& file, const char* name, const char* target) {
  hdf5::check(H5Lcreate_external(target, "/", file.id(), name, H5P_DEFAULT, H5P_DEFAULT) >= 0, "H5Lcreate_external",
              name);
}

}  // namespace

void write_run_door(const std::string& run_dir, std::uint32_t segment_capacity, Disk& disk) {
  const std::string path = run_dir + "/run.h5";
  const ScopedTemporary temporary(path + ".tmp", disk);
  {
    const hdf5::Session session;
    hdf5::CreateOptions options;
    options.high = H5F_LIBVER_V110;  // virtual datasets came with 1.10
    hdf5::Handle file = hdf5::create_file(session, temporary.path(), options);
    hdf5::write_attribute(file, "format", kDoorFormat);
    hdf5::write_attribute(file, "kinds", names_up_to(scheduler::kLastEventKind));
    hdf5::write_attribute(file, "states", names_up_to(scheduler::State::cancelled));
    hdf5::write_attribute(file, "classes", names_up_to(graph::FailureClass::cancelled));
    create_events(file, segment_capacity);
    link(file, "plan", "plan.0.h5");
    link(file, "live", "live.h5");
    link(file, "snapshot", "snapshot.h5");
    hdf5::close_checked(std::move(file), path);
  }
  replace_durably(temporary.path(), path, disk);
}

namespace {

/// Names of kinds of events that it has: those there were when it was made. 0: it is not sound.
std::size_t num_kinds_of_door(const std::string& run_dir) {
  const std::string path = run_dir + "/run.h5";
  if (!file_exists(path)) return 0;
  const hdf5::Session session;
  try {
    const hdf5::Handle file = hdf5::open_file(session, path);
    for (const char* name : {"events", "plan", "live", "snapshot"}) {
      if (H5Lexists(file.id(), name, H5P_DEFAULT) <= 0) return 0;
    }
    return hdf5::read_number(file, "format") == kDoorFormat ? hdf5::num_values(file, "kinds") : 0;
  } catch (const EnvironmentError&) {
    return 0;
  }
}

constexpr std::size_t kNumKinds = static_cast<std::size_t>(scheduler::kLastEventKind) + 1;

}  // namespace

bool is_run_door_sound(const std::string& run_dir) {
  const std::size_t num_kinds = num_kinds_of_door(run_dir);
  return num_kinds > 0 && num_kinds <= kNumKinds;
}

void ensure_run_door(const std::string& run_dir, std::uint32_t segment_capacity) {
  if (num_kinds_of_door(run_dir) != kNumKinds) write_run_door(run_dir, segment_capacity);
}

}  // namespace fugle::store
