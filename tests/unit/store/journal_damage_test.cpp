// What read_journal() makes of a journal that lost its end or some of its bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "store/file_store.hpp"
#include "store/segment.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using testing::append_durably;
using testing::events_between;
using testing::small_journal;
using testing::TemporaryDirectory;

constexpr std::uint32_t kNumEvents = 40;
constexpr std::uint32_t kBatch = 8;

/// A journal of one life: forty events in commits of eight.
class JournalDamage : public ::testing::Test {
 protected:
  JournalDamage() {
    FileStore store(run_.path(), {}, small_journal());
    append_durably(store, kNumEvents, kBatch);
    info_ = open_segment(run_.path(), 0).info;
    whole_ = testing::read_bytes(path());
  }
  [[nodiscard]] std::string path() const { return segment_path(run_.path(), 0); }
  [[nodiscard]] std::size_t offset_of_row(std::size_t row) const { return info_.rows_offset + row * sizeof(Row); }

  /// Number of events read, or nothing when damage was reported; fails when an event is not what it was.
  std::optional<std::size_t> read() {
    try {
      const auto events = read_journal(run_.path()).events;
      EXPECT_EQ(events, events_between(1, events.size()));
      return events.size();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("journal.0.h5"));
      return std::nullopt;
    }
  }

  TemporaryDirectory run_;
  SegmentInfo info_;
  std::string whole_;
};

TEST_F(JournalDamage, ends_at_any_row_when_what_follows_was_never_written) {
  for (std::size_t rows = 0; rows <= kNumEvents; ++rows) {
    std::string cut = whole_;
    std::fill(cut.begin() + static_cast<std::ptrdiff_t>(offset_of_row(rows)),
              cut.begin() + static_cast<std::ptrdiff_t>(offset_of_row(kNumEvents)), '\0');
    testing::write_bytes(path(), cut);
    EXPECT_EQ(read(), rows);
    FileStore store(run_.path(), read_journal(run_.path()), small_journal());
    append_durably(store, 3, 3);
    EXPECT_EQ(read(), rows + 3);
    std::filesystem::remove(segment_path(run_.path(), 1));
  }
}

TEST_F(JournalDamage, ends_before_a_row_torn_at_any_byte_of_the_last_commit) {
  const std::size_t first = kNumEvents - kBatch;
  for (std::size_t at = offset_of_row(first); at < offset_of_row(kNumEvents); at += 5) {
    std::string torn = whole_;
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(at),
              torn.begin() + static_cast<std::ptrdiff_t>(offset_of_row(kNumEvents)), '\0');
    testing::write_bytes(path(), torn);
    const auto left = read();
    ASSERT_TRUE(left) << "byte " << at;
    // A row may happen to end in zeros.
    EXPECT_LE(*left, first + (at - offset_of_row(first)) / sizeof(Row) + 1);
    EXPECT_GE(*left, first + (at - offset_of_row(first)) / sizeof(Row));
  }
}

TEST_F(JournalDamage, removes_torn_rows_before_it_goes_on) {
  std::string torn = whole_;
  torn[offset_of_row(kNumEvents - 3)] ^= 1;
  testing::write_bytes(path(), torn);
  const Recovered recovered = read_journal(run_.path());
  EXPECT_TRUE(recovered.torn);
  EXPECT_EQ(recovered.events.size(), kNumEvents - 3);
  const FileStore store(run_.path(), recovered, small_journal());
  const std::string sealed = testing::read_bytes(path());
  EXPECT_EQ(sealed.substr(offset_of_row(kNumEvents - 3), 3 * sizeof(Row)), std::string(3 * sizeof(Row), '\0'));
}

TEST_F(JournalDamage, reports_a_file_that_was_cut) {
  testing::write_bytes(path(), whole_.substr(0, whole_.size() / 2));
  EXPECT_EQ(read(), std::nullopt);
}

TEST_F(JournalDamage, reports_a_missing_segment_by_name) {
  for (int life = 0; life < 2; ++life) {
    FileStore store(run_.path(), read_journal(run_.path()), small_journal());
    append_durably(store, 2, 2);
  }
  std::filesystem::remove(segment_path(run_.path(), 1));
  try {
    (void)read_journal(run_.path());
    FAIL() << "a hole was not noticed";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("journal.1.h5' is missing"));
  }
}

TEST_F(JournalDamage, reports_a_segment_of_another_run) {
  const TemporaryDirectory other;
  {
    FileStore first(other.path(), {}, small_journal());
    append_durably(first, kNumEvents, kBatch);
  }
  {
    FileStore second(other.path(), read_journal(other.path()), small_journal());
    append_durably(second, 1, 1);
  }
  std::filesystem::copy(segment_path(other.path(), 1), segment_path(run_.path(), 1));
  EXPECT_THROW((void)read_journal(run_.path()), EnvironmentError);
}

TEST_F(JournalDamage, refuses_a_newer_format_as_a_conflict) {
  const std::string script = "import h5py; f = h5py.File('" + path() + "', 'r+'); f.attrs.modify('format', 99)";
  std::filesystem::permissions(path(), std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  if (testing::run_command("/usr/bin/python3 -c \"" + script + "\"").exit != 0) {
    GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3";
  }
  EXPECT_THROW((void)read_journal(run_.path()), ConflictError);
}

}  // namespace
}  // namespace fugle::store
