#include "store/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "legal_run.hpp"
#include "store/live_file.hpp"
#include "store/plan_file.hpp"
#include "store/run_door.hpp"
#include "store/run_lock.hpp"
#include "store/segment.hpp"
#include "store/snapshot.hpp"

namespace fugle::store {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

class InspectedRun : public ::testing::Test {
 protected:
  InspectedRun() : graph_(testing::fan(300)) {
    write_plan(run_.path(), graph_, {"run", "workflow", testing::LegalRun::kSeed}, disk_);
    events_ = testing::write_lives(run_.path(), graph_, {200, 300}, 256, disk_);
    const auto state = testing::replay(graph_, events_);
    const LiveFile live(run_.path(), state);
    write_snapshot(run_.path(), state, events_);
    write_run_door(run_.path(), 256);
  }

  [[nodiscard]] FileInspection file(const std::string& name) const {
    for (const auto& file : inspect(run_.path()).files)
      if (file.name == name) return file;
    return {name, Soundness::absent, "not in the report"};
  }
  void flip(const std::string& name, std::size_t at) {
    std::string bytes = testing::read_bytes(run_ / name);
    bytes.at(at) ^= 4;
    testing::write_bytes(run_ / name, bytes);
  }

  testing::HastyDisk disk_;
  TemporaryDirectory run_;
  const graph::Graph graph_;
  std::vector<scheduler::Event> events_;
};

TEST_F(InspectedRun, is_sound_and_tells_where_its_events_are) {
  const Inspection inspection = inspect(run_.path());
  EXPECT_TRUE(inspection.is_sound());
  EXPECT_TRUE(inspection.can_resume);
  EXPECT_FALSE(inspection.can_repair);
  EXPECT_FALSE(inspection.is_held);
  EXPECT_EQ(inspection.num_events, events_.size());
  EXPECT_GE(inspection.acknowledged, events_.size() - 8);
  ASSERT_EQ(inspection.lives.size(), 2u);
  EXPECT_EQ(inspection.lives[0].num_events, 200u);
  EXPECT_EQ(inspection.lives[1].first_seq, 201u);
  EXPECT_EQ(inspection.lives[1].num_events, 300u);
  EXPECT_EQ(inspection.lives[1].last_segment, 2u);
  EXPECT_EQ(file("plan.0.h5").words, "3 tasks, 302 elements");
  EXPECT_EQ(file("journal.0.h5").words, "200 events of life 1");
  for (const char* name : {"live.h5", "snapshot.h5", "run.h5"})
    EXPECT_EQ(file(name).soundness, Soundness::sound) << name;
}

TEST_F(InspectedRun, names_who_holds_it) {
  const RunLock lock(run_.path());
  const Inspection inspection = inspect(run_.path());
  EXPECT_TRUE(inspection.is_held);
  EXPECT_THAT(inspection.holder, HasSubstr(std::to_string(::getpid())));
}

TEST_F(InspectedRun, can_be_resumed_without_its_caches_or_with_damaged_ones) {
  for (const std::string name : {"live.h5", "snapshot.h5", "run.h5"}) {
    const std::string whole = testing::read_bytes(run_ / name);
    for (const std::string& damaged : {std::string(), std::string("no HDF5"), whole.substr(0, whole.size() / 2)}) {
      testing::write_bytes(run_ / name, damaged);
      EXPECT_EQ(file(name).soundness, Soundness::rebuilt) << name << " of " << damaged.size() << " bytes";
      EXPECT_TRUE(inspect(run_.path()).can_resume);
    }
    fs::remove(run_ / name);
    EXPECT_NE(file(name).soundness, Soundness::damaged) << name;
    EXPECT_TRUE(inspect(run_.path()).is_sound());
  }
}

TEST_F(InspectedRun, has_its_door_made_anew_by_the_next_life) {
  testing::write_bytes(run_ / "run.h5", "no HDF5");
  ensure_run_door(run_.path(), 256);
  EXPECT_EQ(file("run.h5").soundness, Soundness::sound);
}

TEST_F(InspectedRun, cannot_go_on_without_its_plan) {
  const std::string whole = testing::read_bytes(run_ / "plan.0.h5");
  for (const std::string& damaged : {std::string(), std::string("no HDF5"), whole.substr(0, whole.size() - 1)}) {
    testing::write_bytes(run_ / "plan.0.h5", damaged);
    const Inspection inspection = inspect(run_.path());
    EXPECT_EQ(file("plan.0.h5").soundness, Soundness::damaged);
    EXPECT_FALSE(inspection.is_sound() || inspection.can_resume || inspection.can_repair);
    EXPECT_THAT(inspection.advice, Contains(HasSubstr("restore plan.0.h5")));
  }
}

TEST_F(InspectedRun, tells_what_a_repair_would_keep_and_lose) {
  flip("journal.0.h5", open_segment(run_.path(), 0).info.rows_offset + 50 * sizeof(Row));
  const Inspection inspection = inspect(run_.path());
  EXPECT_FALSE(inspection.can_resume);
  EXPECT_TRUE(inspection.can_repair);
  EXPECT_EQ(inspection.segments[0].num_damaged, 1u);
  EXPECT_EQ(inspection.segments[0].num_events, 199u);
  EXPECT_THAT(inspection.advice, Contains("one event is lost (number 51)"));
  EXPECT_THAT(inspection.advice, Contains(HasSubstr("fugle resume --repair")));
}

TEST_F(InspectedRun, counts_what_can_still_be_read_of_a_segment_without_metadata) {
  flip("journal.1.h5", 60);
  EXPECT_EQ(file("journal.1.h5").soundness, Soundness::damaged);
  EXPECT_THAT(file("journal.1.h5").words, HasSubstr("events in it can still be read"));
  fs::remove(run_ / "journal.1.h5");
  EXPECT_THAT(file("journal.1.h5").words, HasSubstr("is missing"));
}

TEST_F(InspectedRun, notices_events_that_do_not_belong_to_the_plan) {
  write_plan(run_.path(), testing::fan(3), {"run", "workflow", 1}, disk_);
  const Inspection inspection = inspect(run_.path());
  EXPECT_FALSE(inspection.can_resume);
  EXPECT_TRUE(inspection.can_repair);
}

TEST_F(InspectedRun, says_of_every_file_when_a_newer_version_wrote_it) {
  for (const std::string name : {"plan.0.h5", "journal.1.h5", "snapshot.h5"}) {
    const std::string whole = testing::read_bytes(run_ / name);
    fs::permissions(run_ / name, fs::perms::owner_write, fs::perm_options::add);
    const auto ran = testing::run_command("/usr/bin/python3 -c \"import h5py; f = h5py.File('" + (run_ / name) +
                                          "', 'r+'); f.attrs.modify('format', 99)\"");
    if (ran.exit != 0) GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3";
    EXPECT_EQ(file(name).soundness, Soundness::newer) << name;
    EXPECT_THAT(file(name).words, HasSubstr("upgrade fugle"));
    EXPECT_FALSE(inspect(run_.path()).can_repair);
    testing::write_bytes(run_ / name, whole);
  }
}

TEST(Inspection, of_a_directory_that_is_not_there_is_an_error) {
  EXPECT_THROW((void)inspect("/nonexistent/run"), EnvironmentError);
}

}  // namespace
}  // namespace fugle::store
