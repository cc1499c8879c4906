#include "store/segment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "store/event_type.hpp"
#include "store/hdf5.hpp"

namespace fugle::store {
namespace {

constexpr std::string_view kPrefix = "journal.";
constexpr std::string_view kSuffix = ".h5";

std::optional<std::uint32_t> number_in(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  if (name.size() <= kPrefix.size() + kSuffix.size()) return std::nullopt;
  name = name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

void write_attributes(const hdf5::Handle& file, const SegmentInfo& info) {
  hdf5::write_attribute(file, "format", kJournalFormat);
  hdf5::write_attribute(file, "run", info.run);
  hdf5::write_attribute(file, "segment", info.number);
  hdf5::write_attribute(file, "first_seq", info.first_seq);
  hdf5::write_attribute(file, "capacity", info.capacity);
  hdf5::write_attribute(file, "text_capacity", info.text_capacity);
  hdf5::write_attribute(file, "epoch", info.epoch);
  hdf5::write_attribute(file, "commit_align", info.commit_align);
}

/// Leaves the offsets of the two datasets in `info`.
void write_metadata(const std::string& path, SegmentInfo& info) {
  const hdf5::Session session;
  hdf5::Handle file = hdf5::create_file(session, path);
  write_attributes(file, info);
  {
    const hdf5::Handle type = event_row_type();
    const hdf5::Handle rows = hdf5::create_dataset(file, "events", type.id(), info.capacity, hdf5::Storage::reserved);
    const hdf5::Handle text =
        hdf5::create_dataset(file, "text", hdf5::type_of<std::uint8_t>(), info.text_capacity, hdf5::Storage::reserved);
    info.rows_offset = hdf5::offset_of(rows);
    info.text_offset = hdf5::offset_of(text);
  }
  hdf5::close_checked(std::move(file), path);
}

SegmentInfo read_metadata(const std::string& path) {
  const hdf5::Session session;
  const hdf5::Handle file = hdf5::open_file(session, path);
  const std::uint64_t format = hdf5::read_number(file, "format");
  if (format > kJournalFormat) {
    throw ConflictError(fmt::format("cannot read '{}' (written in format {}, this build reads up to {}); upgrade fugle",
                                    path, format, kJournalFormat));
  }
  SegmentInfo info;
  info.number = static_cast<std::uint32_t>(hdf5::read_number(file, "segment"));
  info.run = hdf5::read_text(file, "run");
  info.first_seq = hdf5::read_number(file, "first_seq");
  info.capacity = static_cast<std::uint32_t>(hdf5::read_number(file, "capacity"));
  info.text_capacity = hdf5::read_number(file, "text_capacity");
  info.epoch = hdf5::read_number(file, "epoch");
  info.commit_align = static_cast<std::uint32_t>(hdf5::read_number(file, "commit_align"));
  const hdf5::Handle rows = hdf5::open_dataset(file, "events");
  const hdf5::Handle text = hdf5::open_dataset(file, "text");
  if (hdf5::size_of(rows) != info.capacity || hdf5::size_of(text) != info.text_capacity) {
    throw EnvironmentError("the datasets are not as large as the attributes say");
  }
  const bool has_sane_size = info.capacity <= kMaxCapacity && info.text_capacity <= kMaxTextCapacity;
  if (hdf5::size_of_type(hdf5::type_in(rows)) != sizeof(Row) || hdf5::size_of_type(hdf5::type_in(text)) != 1 ||
      !has_sane_size) {
    throw EnvironmentError("the datasets are not as this program makes them");
  }
  info.rows_offset = hdf5::offset_of(rows);
  info.text_offset = hdf5::offset_of(text);
  return info;
}

/// The path of the file still leads to it.
bool is_named(const File& file) {
  struct stat by_path {};
  struct stat by_descriptor {};
  return ::stat(file.path().c_str(), &by_path) == 0 && ::fstat(file.fd(), &by_descriptor) == 0 &&
         by_path.st_ino == by_descriptor.st_ino && by_path.st_dev == by_descriptor.st_dev;
}

}  // namespace

std::string segment_path(const std::string& run_dir, std::uint32_t number) {
  return fmt::format("{}/{}{}{}", run_dir, kPrefix, number, kSuffix);
}

std::vector<std::uint32_t> list_segments(const std::string& run_dir) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : list_directory(run_dir)) {
    if (const auto number = number_in(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Segment open_segment(const std::string& run_dir, std::uint32_t number, Disk& disk) {
  const std::string path = segment_path(run_dir, number);
  File file(path, O_RDONLY, disk);
  SegmentInfo info;
  try {
    info = read_metadata(path);
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(fmt::format(
        "'{}' is damaged ({}); restore this file from a copy, or keep what is whole with 'fugle resume --repair'", path,
        error.what()));
  }
  if (info.number != number) {
    throw EnvironmentError(fmt::format("'{}' says it is segment {} (renamed or copied by hand); give it back its name",
                                       path, info.number));
  }
  return {std::move(info), std::move(file)};
}

Segment create_segment(const std::string& run_dir, SegmentInfo wanted, IfExists if_exists, Disk& disk) {
  const std::string path = segment_path(run_dir, wanted.number);
  const ScopedTemporary temporary(path + ".tmp", disk);
  write_metadata(temporary.path(), wanted);
  // A page that holds rows must not hold metadata too.
  FUGLE_ENSURE(wanted.rows_offset % 4096 == 0 && wanted.text_offset % 4096 == 0);
  File file(temporary.path(), O_RDWR, disk);
  // Real zeros on disk: commits then never allocate, and the disk can only be full here.
  file.write_zeros(wanted.rows_offset, wanted.capacity * sizeof(Row));
  file.write_zeros(wanted.text_offset, wanted.text_capacity);
  file.sync_all();
  if (::fchmod(file.fd(), rights_beside(path) & 0444) != 0) throw_errno("cannot protect", path, errno);
  if (if_exists == IfExists::refuse) {
    if (!rename_to_new(temporary.path(), path, disk)) throw SegmentExists{};
  } else {
    rename_over(temporary.path(), path, disk);
  }
  file.set_path(path);
  try {
    sync_directory(run_dir, disk);
  } catch (const EnvironmentError&) {
    // The next try, or the next reader, must not take it for one of another head.
    if (if_exists == IfExists::refuse && is_named(file)) remove_if_exists(path, disk);
    throw;
  }
  return {std::move(wanted), std::move(file)};
}

}  // namespace fugle::store
