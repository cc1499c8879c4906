// The journal on a failing disk. fdatasync() of the whole test program is replaced below, so that it fails on demand
// the way a kernel does: once, for one file, and then claims that all is well.
#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "store/file_store.hpp"
#include "store_support.hpp"

namespace {
std::atomic<int> syncs_to_fail{0};
}

extern "C" int fdatasync(int fd) {
  if (syncs_to_fail.load() > 0) {
    --syncs_to_fail;
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace fugle::store {
namespace {

using testing::append_durably;
using testing::events_between;
using testing::small_journal;
using testing::TemporaryDirectory;

class JournalFault : public ::testing::Test {
 protected:
  void TearDown() override { syncs_to_fail = 0; }
};

TEST_F(JournalFault, writes_a_batch_again_into_a_new_segment_when_its_sync_failed) {
  const TemporaryDirectory run;
  JournalFollower follower(run.path());
  std::vector<scheduler::Event> seen;
  {
    FileStore store(run.path(), {}, small_journal());
    append_durably(store, 10, 5);
    seen = follower.poll();
    syncs_to_fail = 1;
    append_durably(store, 10, 10);
    EXPECT_FALSE(store.fault());
    EXPECT_EQ(store.durable(), 20u);
    append_durably(store, 10, 10);
  }
  const Recovered recovered = read_journal(run.path());
  EXPECT_EQ(recovered.num_segments, 2u);
  EXPECT_EQ(recovered.events, events_between(1, 30));
  const auto rest = follower.poll();
  seen.insert(seen.end(), rest.begin(), rest.end());
  EXPECT_EQ(seen, events_between(1, 30));
}

TEST_F(JournalFault, does_not_return_an_event_twice_that_was_seen_before_its_sync_failed) {
  const TemporaryDirectory run;
  JournalFollower follower(run.path());
  FileStore store(run.path(), {}, small_journal());
  append_durably(store, 10, 10);
  // The bytes of event 11 are in the first segment although its sync failed: a reader may have seen them.
  syncs_to_fail = 2;
  store.append(events_between(11, 11));
  store.flush();
  EXPECT_EQ(follower.poll(), events_between(1, 11));
  { FileStore(run.path(), read_journal(run.path()), small_journal()).append(events_between(12, 13)); }
  EXPECT_EQ(follower.poll(), events_between(12, 13));
}

TEST_F(JournalFault, reports_a_disk_that_fails_twice_and_acknowledges_nothing_more) {
  const TemporaryDirectory run;
  FileStore store(run.path(), {}, small_journal());
  append_durably(store, 10, 5);
  syncs_to_fail = 2;
  store.append(events_between(11, 20));
  store.flush();
  ASSERT_TRUE(store.fault());
  EXPECT_THAT(*store.fault(), ::testing::HasSubstr("cannot sync"));
  store.append(events_between(21, 22));
  store.flush();
  EXPECT_EQ(store.durable(), 10u);
  EXPECT_EQ(store.appended(), 22u);
}

/// A file system of a few hundred KiB.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    is_mounted_ = ::mount("fugle", path_.c_str(), "tmpfs", 0, "size=400k") == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return is_mounted_; }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

TEST_F(JournalFault, loses_nothing_acknowledged_when_the_disk_is_full) {
  const TemporaryDirectory run;
  const SmallDisk disk(run.path());
  if (!disk.is_mounted()) GTEST_SKIP() << "SKIPPED: mounting a tmpfs needs root";
  FileStore store(run.path(), {}, small_journal());
  for (scheduler::Sequence seq = 1; !store.fault(); seq += 16) {
    ASSERT_LT(seq, 20000u);
    store.append(events_between(seq, seq + 15));
    store.flush();
  }
  EXPECT_THAT(*store.fault(), ::testing::HasSubstr("No space left on device"));
  EXPECT_GT(store.durable(), 1000u);
  // Every row of the last segment was used before giving up.
  EXPECT_EQ(read_journal(run.path()).events, events_between(1, store.durable()));
}

}  // namespace
}  // namespace fugle::store
