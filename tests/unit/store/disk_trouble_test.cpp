// A disk that fails at any one call, or from some call on; that is full at any byte; that is read-only; that has a
// limit of file sizes. The store goes on or says its fault and what to do, and what it acknowledged is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <iostream>

#include "base/error.hpp"
#include "graph_support.hpp"
#include "store/plan_file.hpp"
#include "store/run_door.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using scheduler::Sequence;
using testing::events_between;
using ::testing::HasSubstr;
using testing::small_journal;
using testing::TemporaryDirectory;

enum class Call { open, pwrite, fsync, fdatasync, rename, rename_to_new };
enum class Lasting { once, for_ever };

/// Fails the n-th of one sort of call, or all from there on.
class FailingDisk final : public Disk {
 public:
  FailingDisk(Call call, int number, Lasting lasting, int error)
      : call_(call), left_(number), lasting_(lasting), error_(error) {}
  [[nodiscard]] bool has_failed() const { return has_failed_; }

  int open(const char* path, int flags, mode_t mode) override {
    return fails(Call::open) ? -1 : Disk::open(path, flags, mode);
  }
  /// Half of what was asked for is written first.
  ssize_t pwrite(int fd, const void* bytes, std::size_t count, off_t offset) override {
    if (!fails(Call::pwrite)) return Disk::pwrite(fd, bytes, count, offset);
    (void)Disk::pwrite(fd, bytes, count / 2, offset);
    errno = error_;
    return -1;
  }
  int fsync(int) override { return fails(Call::fsync) ? -1 : 0; }
  int fdatasync(int) override { return fails(Call::fdatasync) ? -1 : 0; }
  int rename(const char* from, const char* to) override { return fails(Call::rename) ? -1 : Disk::rename(from, to); }
  int rename_to_new(const char* from, const char* to) override {
    return fails(Call::rename_to_new) ? -1 : Disk::rename_to_new(from, to);
  }

 private:
  bool fails(Call call) {
    if (call != call_) return false;
    if (left_ > 1) return --left_, false;
    if (lasting_ == Lasting::once && has_failed_) return false;
    has_failed_ = true;
    errno = error_;
    return true;
  }
  Call call_;
  int left_;
  Lasting lasting_;
  int error_;
  bool has_failed_ = false;
};

struct Outcome {
  Sequence acknowledged = 0;
  std::string fault;  ///< empty: none
};

/// A life that appends up to so many events.
Outcome live(const std::string& run_dir, Disk& disk, Sequence num_events) {
  Outcome outcome;
  try {
    JournalOptions options = small_journal();
    options.disk = &disk;
    FileStore store(run_dir, read_journal(run_dir), options);
    const Sequence end = store.appended() + num_events;
    while (store.appended() < end && !store.fault()) {
      store.append(events_between(store.appended() + 1, store.appended() + 20));
      store.flush();
    }
    outcome.acknowledged = store.durable();
    outcome.fault = store.fault().value_or("");
  } catch (const EnvironmentError& error) {
    outcome.fault = error.what();
  }
  return outcome;
}

void expect_kept(const std::string& run_dir, Sequence acknowledged) {
  const auto events = read_journal(run_dir).events;
  EXPECT_GE(events.size(), acknowledged);
  EXPECT_EQ(events, events_between(1, events.size()));
}

/// "<what> (<why>); <what to do>".
void expect_advice(const std::string& fault) {
  EXPECT_THAT(fault, HasSubstr("; "));
  EXPECT_THAT(fault, ::testing::AnyOf(HasSubstr("free some space"), HasSubstr("check the file system"),
                                      HasSubstr("check the permissions"), HasSubstr("ulimit -f"),
                                      HasSubstr("free space and permissions")));
}

class DiskTrouble : public ::testing::TestWithParam<Call> {};

TEST_P(DiskTrouble, at_any_call_loses_nothing_acknowledged_and_says_what_to_do) {
  int num_gone_on = 0;
  int num_faults = 0;
  for (const Lasting lasting : {Lasting::once, Lasting::for_ever}) {
    for (int number = 1;; ++number) {
      const TemporaryDirectory run;
      FailingDisk disk(GetParam(), number, lasting, number % 2 == 0 ? EIO : ENOSPC);
      const Outcome first = live(run.path(), disk, 300);
      const Outcome second = live(run.path(), disk, 300);
      if (!disk.has_failed()) break;
      expect_kept(run.path(), std::max(first.acknowledged, second.acknowledged));
      for (const Outcome& outcome : {first, second}) {
        if (!outcome.fault.empty()) expect_advice(outcome.fault);
      }
      const bool has_gone_on = first.fault.empty() && second.fault.empty();
      ++(has_gone_on ? num_gone_on : num_faults);
      // Once the disk is well again, so is the run.
      const Outcome third = live(run.path(), real_disk(), 40);
      ASSERT_EQ(third.fault, "");
      expect_kept(run.path(), third.acknowledged);
      ASSERT_LT(number, 1000);
    }
  }
  std::cout << num_gone_on << " times it went on, " << num_faults << " times it said its fault\n";
  EXPECT_GT(num_gone_on + num_faults, 0);
}

INSTANTIATE_TEST_SUITE_P(Calls, DiskTrouble,
                         ::testing::Values(Call::open, Call::pwrite, Call::fsync, Call::fdatasync,
                                           Call::rename_to_new));

TEST(DiskTroubleOfOtherFiles, is_an_error_with_advice_and_leaves_no_half_of_a_file) {
  for (const Call call : {Call::open, Call::fsync, Call::rename}) {
    const TemporaryDirectory run;
    FailingDisk disk(call, 1, Lasting::for_ever, EDQUOT);
    for (const auto& write :
         std::vector<std::function<void()>>{[&] {
                                              write_plan(run.path(), testing::fan(3), {"run", "workflow", 1}, disk);
                                            },
                                            [&] { write_run_door(run.path(), 256, disk); }}) {
      try {
        write();
        ADD_FAILURE() << "the failure was not noticed";
      } catch (const EnvironmentError& error) {
        EXPECT_THAT(error.what(), HasSubstr("free some space, then resume the run"));
      }
    }
    EXPECT_THAT(list_directory(run.path()), ::testing::IsEmpty());
  }
}

/// A file system of so many KiB in a directory.
class SmallDisk {
 public:
  SmallDisk(std::string path, int kib) : path_(std::move(path)) {
    is_mounted_ = ::mount("fugle", path_.c_str(), "tmpfs", 0, ("size=" + std::to_string(kib) + "k").c_str()) == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return is_mounted_; }
  [[nodiscard]] bool become_read_only() const {
    return ::mount("fugle", path_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

TEST(FullDisk, at_any_size_loses_nothing_acknowledged) {
  for (int kib = 4; kib < 200; kib += 4) {
    const TemporaryDirectory run;
    const SmallDisk disk(run.path(), kib);
    if (!disk.is_mounted()) GTEST_SKIP() << "SKIPPED: mounting a tmpfs needs root";
    const Outcome outcome = live(run.path(), real_disk(), 20000);
    ASSERT_NE(outcome.fault, "") << kib;
    expect_advice(outcome.fault);
    expect_kept(run.path(), outcome.acknowledged);
    // The next life finds no space either, and loses nothing by trying.
    const Outcome next = live(run.path(), real_disk(), 20);
    expect_kept(run.path(), std::max(outcome.acknowledged, next.acknowledged));
  }
}

TEST(ReadOnlyDisk, is_an_error_with_advice_and_can_still_be_read) {
  const TemporaryDirectory run;
  const SmallDisk disk(run.path(), 1000);
  if (!disk.is_mounted()) GTEST_SKIP() << "SKIPPED: mounting a tmpfs needs root";
  const Outcome before = live(run.path(), real_disk(), 100);
  ASSERT_TRUE(disk.become_read_only());
  const Outcome outcome = live(run.path(), real_disk(), 100);
  EXPECT_THAT(outcome.fault, HasSubstr("Read-only file system"));
  EXPECT_THAT(outcome.fault, HasSubstr("check the permissions of the run directory"));
  expect_kept(run.path(), before.acknowledged);
}

/// Of this process, until it goes. The signal that comes with it is ignored, as `fugle` does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

TEST(FileSizeLimit, is_an_error_with_advice_and_loses_nothing_acknowledged) {
  const TemporaryDirectory run;
  const Outcome before = live(run.path(), real_disk(), 100);
  ASSERT_EQ(before.fault, "");
  const auto size = testing::read_bytes(run / "journal.0.h5").size();
  for (rlim_t bytes = 0; bytes < size; bytes += 1000) {
    Outcome outcome;
    {
      const FileSizeLimit limit(bytes);
      outcome = live(run.path(), real_disk(), 100);
    }
    ASSERT_NE(outcome.fault, "") << bytes;
    expect_advice(outcome.fault);
    expect_kept(run.path(), before.acknowledged);
  }
  EXPECT_EQ(live(run.path(), real_disk(), 100).fault, "");
}

}  // namespace
}  // namespace fugle::store
