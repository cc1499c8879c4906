#include "store/journal_writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"

namespace fugle::store {
namespace {

constexpr std::uint32_t kPage = 4096;

std::uint64_t align_up(std::uint64_t value, std::uint64_t unit) { return (value + unit - 1) / unit * unit; }

/// For telling journals apart, not for decisions.
std::string make_uuid() {
  const File source("/proc/sys/kernel/random/uuid", O_RDONLY);
  std::string uuid(36, '0');
  source.read_at(0, std::as_writable_bytes(std::span(uuid)));
  return uuid;
}

void remove_leftovers(const std::string& run_dir, Disk& disk) {
  for (const std::string& name : list_directory(run_dir)) {
    if (name.ends_with(".h5.tmp")) remove_if_exists(run_dir + "/" + name, disk);
  }
}

/// Segments are read-only for everyone else; their owner may still write.
File open_protected(const std::string& path, Disk& disk) {
  if (::chmod(path.c_str(), kPrivateFile) != 0) throw_errno("cannot open for writing", path, errno);
  File file(path, O_RDWR, disk);
  ::fchmod(file.fd(), rights_beside(path) & 0444);
  return file;
}

}  // namespace

JournalWriter::JournalWriter(std::string run_dir, const Recovered& recovered, std::uint32_t capacity,
                             std::uint32_t commit_align, Disk& disk)
    : disk_(disk), run_dir_(std::move(run_dir)), durable_(recovered.events.size()) {
  FUGLE_EXPECT(commit_align == 0 || commit_align == kPage);
  remove_leftovers(run_dir_, disk_);
  const bool is_first = recovered.num_segments == 0;
  life_.run = is_first ? make_uuid() : recovered.run;
  life_.capacity = is_first ? capacity : recovered.capacity;
  life_.text_capacity = std::uint64_t{life_.capacity} * kTextBytesPerRow;
  life_.epoch = recovered.epoch + 1;
  life_.commit_align = commit_align;
  FUGLE_EXPECT(life_.capacity >= kMinCapacity && life_.capacity % kRowsPerPage == 0);
  if (is_first) {
    start_segment(0, IfExists::refuse);
  } else if (recovered.tail_row == 0) {
    start_segment(recovered.num_segments - 1, IfExists::replace);
  } else {
    seal_tail(recovered.num_segments - 1, recovered.tail_row);
    start_segment(recovered.num_segments, IfExists::refuse);
  }
}

/// After the kill of a process its last rows may be in the page cache only: they must be on disk before anything builds
/// on them, and torn rows behind them must never be taken for events.
void JournalWriter::seal_tail(std::uint32_t number, std::uint32_t first_row) {
  const SegmentInfo info = open_segment(run_dir_, number, disk_).info;
  const File file = open_protected(segment_path(run_dir_, number), disk_);
  std::vector<Row> page(kRowsPerPage);
  for (std::uint64_t row = first_row; row < info.capacity; row += page.size()) {
    page.resize(std::min<std::uint64_t>(kRowsPerPage - row % kRowsPerPage, info.capacity - row));
    const std::uint64_t offset = info.rows_offset + row * sizeof(Row);
    file.read_at(offset, std::as_writable_bytes(std::span(page)));
    if (!std::all_of(page.begin(), page.end(), is_blank)) file.write_zeros(offset, page.size() * sizeof(Row));
  }
  file.sync_data();
}

void JournalWriter::start_segment(std::uint32_t number, IfExists if_exists) {
  SegmentInfo wanted = life_;
  wanted.number = number;
  wanted.first_seq = durable_ + 1;
  try {
    segment_.emplace(create_segment(run_dir_, std::move(wanted), if_exists, disk_));
  } catch (const SegmentExists&) {
    throw_superseded();
  }
  next_row_ = 0;
  next_text_ = 0;
}

void JournalWriter::start_next_segment() {
  if (is_superseded()) throw_superseded();
  start_segment(segment_->info.number + 1, IfExists::refuse);
}

bool JournalWriter::is_superseded() const {
  return !segment_->file.has_name() || file_exists(segment_path(run_dir_, segment_->info.number + 1));
}

void JournalWriter::throw_superseded() const {
  throw ConflictError(fmt::format(
      "another head continues the run in '{}' (it started a newer journal segment); leave the run to it", run_dir_));
}

std::uint32_t JournalWriter::max_text() const {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(life_.text_capacity, std::numeric_limits<std::uint16_t>::max()));
}

std::uint64_t JournalWriter::row_start() const {
  return life_.commit_align == 0 ? next_row_ : align_up(next_row_, kRowsPerPage);
}

std::uint64_t JournalWriter::text_start() const {
  return life_.commit_align == 0 ? next_text_ : align_up(next_text_, kPage);
}

std::size_t JournalWriter::num_fitting(std::span<const Row> rows) const {
  const std::uint64_t first = row_start();
  const std::uint64_t room = life_.capacity > first ? life_.capacity - first : 0;
  rows = rows.first(std::min<std::uint64_t>(rows.size(), room));
  std::uint64_t text = text_start();
  const auto too_long = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    text += row.text_len;
    return row.text_len > 0 && text > life_.text_capacity;
  });
  return static_cast<std::size_t>(too_long - rows.begin());
}

void JournalWriter::commit(RowBatch& batch) {
  std::span<Row> rows(batch.rows);
  std::string_view texts(batch.texts);
  while (!rows.empty()) {
    const std::size_t count = num_fitting(rows);
    if (count == 0) {
      start_next_segment();
      continue;
    }
    std::size_t length = 0;
    for (const Row& row : rows.first(count)) length += row.text_len;
    commit_piece(rows.first(count), texts.substr(0, length));
    rows = rows.subspan(count);
    texts.remove_prefix(length);
  }
}

void JournalWriter::commit_piece(std::span<Row> rows, std::string_view texts) {
  try {
    return write_piece(rows, texts);
  } catch (const EnvironmentError&) {
    // Once more, elsewhere: a second failure is reported.
    start_next_segment();
  }
  write_piece(rows, texts);
}

void JournalWriter::write_piece(std::span<Row> rows, std::string_view texts) {
  const std::uint64_t row = row_start();
  std::uint64_t text = texts.empty() ? next_text_ : text_start();
  const SegmentInfo& info = segment_->info;
  const File& file = segment_->file;
  if (!texts.empty()) file.write_at(info.text_offset + text, bytes_of(texts));
  std::string_view rest = texts;
  for (Row& r : rows) {
    r.lag = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(r.seq - durable_, std::numeric_limits<std::uint32_t>::max()));
    r.text_off = r.text_len == 0 ? 0 : static_cast<std::uint32_t>(text);
    r.crc = crc_of(r, rest.substr(0, r.text_len));
    text += r.text_len;
    rest.remove_prefix(r.text_len);
  }
  file.write_at(info.rows_offset + row * sizeof(Row), std::as_bytes(rows));
  file.sync_data();
  if (is_superseded()) throw_superseded();
  next_row_ = row + rows.size();
  next_text_ = text;
  durable_ = rows.back().seq;
}

void JournalWriter::make_room() {
  const bool is_nearly_full = next_row_ > life_.capacity / 8 * 7 || next_text_ > life_.text_capacity / 8 * 7;
  if (!is_nearly_full) return;
  try {
    start_next_segment();
  } catch (const EnvironmentError&) {
    // No space now: the present segment still has room, and commit() will report it when it matters.
  }
}

}  // namespace fugle::store
