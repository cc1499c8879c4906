#include "store/repair.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "legal_run.hpp"
#include "store/segment.hpp"

namespace fugle::store {
namespace {

using ::testing::HasSubstr;
using testing::LegalRun;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

/// Three lives over several segments of a run that is not done.
class RepairedRun : public ::testing::Test {
 protected:
  RepairedRun() : graph_(testing::fan(500)) {
    events_ = testing::write_lives(run_.path(), graph_, {300, 250, 300}, 256, disk_);
  }

  void flip_byte(std::uint32_t segment, std::size_t at) {
    const std::string path = segment_path(run_.path(), segment);
    std::string bytes = testing::read_bytes(path);
    bytes[at] ^= 0x10;
    testing::write_bytes(path, bytes);
  }
  [[nodiscard]] std::size_t offset_of_row(std::uint32_t segment, std::size_t row) const {
    return open_segment(run_.path(), segment).info.rows_offset + row * sizeof(Row);
  }
  std::optional<Repair> repair() { return repair_journal(run_.path(), graph_, LegalRun::kSeed, disk_); }

  /// What is there now is a part of what was, and a next life can build on it.
  std::size_t expect_sound() {
    const Recovered recovered = read_journal(run_.path());
    EXPECT_TRUE(testing::is_subsequence(recovered.events, events_));
    (void)testing::replay(graph_, recovered.events);
    EXPECT_EQ(repair(), std::nullopt);
    {
      FileStore next(run_.path(), recovered, testing::small_journal());
      testing::append_durably(next, 10, 5);
    }
    EXPECT_EQ(read_journal(run_.path()).events.size(), recovered.events.size() + 10);
    return recovered.events.size();
  }

  testing::HastyDisk disk_;
  TemporaryDirectory run_;
  const graph::Graph graph_;
  std::vector<scheduler::Event> events_;
};

TEST_F(RepairedRun, is_left_alone_when_it_is_sound) {
  EXPECT_EQ(repair(), std::nullopt);
  EXPECT_EQ(preview_repair(run_.path(), graph_, LegalRun::kSeed), std::nullopt);
  EXPECT_EQ(read_journal(run_.path()).events, events_);
}

TEST_F(RepairedRun, loses_one_event_with_one_row_and_runs_its_element_again) {
  // The end of an attempt in the first segment.
  std::size_t row = 100;
  while (events_[row].kind != scheduler::EventKind::attempt_ended || events_[row].cls != scheduler::FailureClass::none)
    ++row;
  flip_byte(0, offset_of_row(0, row) + 20);
  EXPECT_THROW((void)read_journal(run_.path()), EnvironmentError);
  const auto preview = preview_repair(run_.path(), graph_, LegalRun::kSeed);
  const auto done = repair();
  ASSERT_TRUE(done);
  ASSERT_TRUE(preview);
  EXPECT_EQ(preview->num_kept, done->num_kept);
  EXPECT_EQ(done->num_lost, 1u);
  EXPECT_EQ(done->num_dropped, 0u);
  EXPECT_THAT(done->words.front(), HasSubstr(fmt::format("one event is lost (number {})", row + 1)));
  EXPECT_TRUE(fs::exists(run_ / done->set_aside + "/journal.0.h5"));
  const auto state = testing::replay(graph_, read_journal(run_.path()).events);
  EXPECT_NE(state.state(events_[row].element), scheduler::State::ok);
  EXPECT_EQ(expect_sound(), events_.size() - 1);
}

TEST_F(RepairedRun, drops_what_was_done_on_top_of_a_lost_end) {
  // `prepare` comes first; all else needs it.
  std::size_t row = 0;
  while (events_[row].kind != scheduler::EventKind::attempt_ended) ++row;
  ASSERT_EQ(events_[row].element, ElementId(0));
  flip_byte(0, offset_of_row(0, row) + 20);
  const auto done = repair();
  ASSERT_TRUE(done);
  EXPECT_GT(done->num_dropped, 100u);
  EXPECT_GT(done->again.size(), 100u);
  const auto state = testing::replay(graph_, read_journal(run_.path()).events);
  EXPECT_EQ(state.count(scheduler::State::ok), 0u);
  expect_sound();
}

TEST_F(RepairedRun, keeps_the_rows_of_a_segment_whose_metadata_is_damaged) {
  for (const std::uint32_t segment : {0u, 1u, 2u}) flip_byte(segment, 70);
  const auto done = repair();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->num_lost, 0u);
  EXPECT_EQ(expect_sound(), events_.size());
}

TEST_F(RepairedRun, keeps_what_is_left_of_a_file_that_was_cut) {
  const std::string path = segment_path(run_.path(), 1);
  testing::write_bytes(path, testing::read_bytes(path).substr(0, offset_of_row(1, 40)));
  const auto done = repair();
  ASSERT_TRUE(done);
  EXPECT_GT(done->num_lost, 0u);
  EXPECT_GT(expect_sound(), 300u);
}

TEST_F(RepairedRun, goes_on_without_a_segment_that_is_missing_or_of_another_run) {
  fs::remove(segment_path(run_.path(), 1));
  const TemporaryDirectory other;
  (void)testing::write_lives(other.path(), graph_, {100}, 256, disk_);
  fs::copy(segment_path(other.path(), 0), segment_path(run_.path(), 1));
  EXPECT_THROW((void)read_journal(run_.path()), EnvironmentError);
  ASSERT_TRUE(repair());
  EXPECT_GT(expect_sound(), 200u);
}

TEST_F(RepairedRun, can_lose_everything) {
  for (const std::uint32_t segment : list_segments(run_.path()))
    testing::write_bytes(segment_path(run_.path(), segment), "");
  const auto done = repair();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->num_kept, 0u);
  EXPECT_EQ(expect_sound(), 0u);
}

TEST_F(RepairedRun, has_a_name_for_the_files_of_each_repair) {
  flip_byte(0, offset_of_row(0, 20));
  EXPECT_EQ(repair()->set_aside, "damaged.1");
  flip_byte(0, offset_of_row(0, 30));
  EXPECT_EQ(repair()->set_aside, "damaged.2");
  expect_sound();
}

TEST_F(RepairedRun, refuses_what_a_newer_version_wrote) {
  flip_byte(0, offset_of_row(0, 20));
  const std::string script =
      "import h5py; f = h5py.File('" + segment_path(run_.path(), 1) + "', 'r+'); f.attrs.modify('format', 99)";
  fs::permissions(segment_path(run_.path(), 1), fs::perms::owner_write, fs::perm_options::add);
  if (testing::run_command("/usr/bin/python3 -c \"" + script + "\"").exit != 0) {
    GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3";
  }
  EXPECT_THROW((void)repair(), ConflictError);
}

/// Fails every change from the n-th on: what a kill at that moment leaves.
class DyingDisk final : public Disk {
 public:
  explicit DyingDisk(std::size_t left) : left_(left) {}
  [[nodiscard]] bool is_dead() const { return is_dead_; }
  int fsync(int) override { return 0; }
  int fdatasync(int) override { return 0; }
  ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t offset) override {
    return use() ? Disk::pwrite(fd, bytes, count, offset) : -1;
  }
  int rename(const char* from, const char* to) override { return use() ? Disk::rename(from, to) : -1; }
  int rename_to_new(const char* from, const char* to) override { return use() ? Disk::rename_to_new(from, to) : -1; }
  int unlink(const char* path) override { return use() ? Disk::unlink(path) : -1; }
  int mkdir(const char* path, mode_t mode) override { return use() ? Disk::mkdir(path, mode) : -1; }
  int rmdir(const char* path) override { return use() ? Disk::rmdir(path) : -1; }

 private:
  bool use() {
    if (left_ == 0) {
      is_dead_ = true;
      errno = EIO;
      return false;
    }
    --left_;
    return true;
  }
  std::size_t left_;
  bool is_dead_ = false;
};

TEST_F(RepairedRun, can_be_repaired_again_after_a_repair_that_was_cut_off_at_any_moment) {
  flip_byte(1, offset_of_row(1, 20));
  const TemporaryDirectory copy;
  std::size_t num_moments = 0;
  for (std::size_t moment = 0;; ++moment) {
    fs::remove_all(copy.path());
    fs::copy(run_.path(), copy.path(), fs::copy_options::recursive);
    DyingDisk dying(moment);
    try {
      (void)repair_journal(copy.path(), graph_, LegalRun::kSeed, dying);
    } catch (const EnvironmentError&) {
    }
    // Nobody takes a half-done repair for a journal.
    try {
      EXPECT_GE(read_journal(copy.path()).events.size(), events_.size() - 50);
    } catch (const EnvironmentError&) {
    }
    ASSERT_TRUE(repair_journal(copy.path(), graph_, LegalRun::kSeed, disk_) || !dying.is_dead()) << moment;
    const auto events = read_journal(copy.path()).events;
    ASSERT_TRUE(testing::is_subsequence(events, events_));
    ASSERT_GE(events.size(), events_.size() - 50);
    num_moments = moment;
    if (!dying.is_dead()) break;
  }
  EXPECT_GT(num_moments, 20u);
}

}  // namespace
}  // namespace fugle::store
