// The lock of a run where the file system has no flock.
#include "store/lease.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "base/error.hpp"
#include "store/run_lock.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;

class DiskWithoutFlock final : public Disk {
 public:
  explicit DiskWithoutFlock(int error) : error_(error) {}
  int flock(int, int) override {
    errno = error_;
    return -1;
  }

 private:
  int error_;
};

LockOptions options_on(Disk& disk) {
  LockOptions options;
  options.lease.disk = &disk;
  options.lease.second_look = std::chrono::milliseconds(20);
  return options;
}

/// As another node would leave it, its last heartbeat so long ago.
void write_foreign_lease(const std::string& run_dir, std::chrono::seconds age) {
  const std::string path = run_dir + "/run.lease.7";
  testing::write_bytes(path, "state held    \nhost elsewhere\npid 4711\nboot x\nspace y\nbirth 1\n");
  const auto then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - age);
  const timespec times[2]{{then, 0}, {then, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(Lease, stands_in_for_flock_where_the_file_system_refuses_it) {
  for (const int error : {ENOLCK, ENOSYS, EOPNOTSUPP}) {
    const TemporaryDirectory run;
    DiskWithoutFlock disk(error);
    const LockOptions options = options_on(disk);
    {
      const RunLock lock(run.path(), options);
      EXPECT_EQ(find_lock_holder(run.path(), options)->pid, ::getpid());
      try {
        const RunLock second(run.path(), options);
        FAIL() << "two heads hold the lease";
      } catch (const ConflictError& refused) {
        EXPECT_THAT(refused.what(), HasSubstr("process " + std::to_string(::getpid())));
      }
    }
    EXPECT_EQ(find_lock_holder(run.path(), options), std::nullopt);
    const RunLock again(run.path(), options);
  }
}

TEST(Lease, is_free_at_once_when_its_process_was_killed) {
  const TemporaryDirectory run;
  DiskWithoutFlock disk(ENOLCK);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(run.path(), options_on(disk));
    if (::write(ends[1], "x", 1) == 1) ::pause();
    std::_Exit(0);
  }
  char ready;
  ASSERT_EQ(::read(ends[0], &ready, 1), 1);
  EXPECT_THROW(RunLock(run.path(), options_on(disk)), ConflictError);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(find_lock_holder(run.path(), options_on(disk)), std::nullopt);
  const RunLock lock(run.path(), options_on(disk));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Lease, of_another_node_holds_until_its_heartbeat_is_a_minute_old) {
  const TemporaryDirectory run;
  DiskWithoutFlock disk(ENOLCK);
  const RunLock make_the_lock_file(run.path());
  write_foreign_lease(run.path(), std::chrono::seconds(50));
  EXPECT_EQ(find_lock_holder(run.path(), options_on(disk)), (LockHolder{"elsewhere", 4711}));
  EXPECT_THROW(RunLock(run.path(), options_on(disk)), ConflictError);
  write_foreign_lease(run.path(), std::chrono::seconds(70));
  EXPECT_EQ(find_lock_holder(run.path(), options_on(disk)), std::nullopt);
  const RunLock lock(run.path(), options_on(disk));
  EXPECT_TRUE(file_exists(run / "run.lease.8"));
}

TEST(Lease, is_taken_over_from_an_earlier_incarnation_of_the_same_job) {
  const TemporaryDirectory run;
  DiskWithoutFlock disk(ENOLCK);
  LockOptions options = options_on(disk);
  options.lease.patience = std::chrono::milliseconds(50);
  options.lease.self = {"77", 1};
  const RunLock older(run.path(), options);
  options.lease.self = {"78", 2};
  EXPECT_THROW(RunLock(run.path(), options), ConflictError) << "of another job";
  options.lease.self = {"77", 2};
  const RunLock later(run.path(), options);
  EXPECT_EQ(find_lock_holder(run.path(), options)->incarnation, (Incarnation{"77", 2}));
  options.lease.self = {"77", 1};
  EXPECT_THROW(RunLock(run.path(), options), ConflictError);
}

TEST(Lease, is_taken_over_by_one_of_many_that_try_at_once) {
  DiskWithoutFlock disk(ENOLCK);
  for (int round = 0; round < 20; ++round) {
    const TemporaryDirectory run;
    write_foreign_lease(run.path(), std::chrono::seconds(70));
    std::atomic<int> num_holders{0};
    std::atomic<int> num_done{0};
    std::vector<std::thread> takers;
    for (int i = 0; i < 6; ++i) {
      takers.emplace_back([&] {
        std::unique_ptr<RunLock> lock;
        try {
          lock = std::make_unique<RunLock>(run.path(), options_on(disk));
          ++num_holders;
        } catch (const ConflictError&) {
        }
        ++num_done;
        while (num_done < 6) std::this_thread::yield();
      });
    }
    for (std::thread& taker : takers) taker.join();
    ASSERT_EQ(num_holders, 1) << "round " << round;
  }
}

TEST(Lease, is_renewed_while_it_is_held) {
  const TemporaryDirectory run;
  DiskWithoutFlock disk(ENOLCK);
  LockOptions options = options_on(disk);
  options.lease.heartbeat = std::chrono::milliseconds(1);
  const RunLock lock(run.path(), options);
  const std::string path = run / "run.lease.1";
  const timespec long_ago[2]{{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), long_ago, 0), 0);
  struct stat status {};
  do {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
  } while (status.st_mtim.tv_sec == 1000);
}

TEST(Lease, and_flock_exclude_each_other) {
  const TemporaryDirectory run;
  DiskWithoutFlock without(ENOLCK);
  LockOptions wanted = lock_options();
  wanted.wants_lease = true;
  {
    const RunLock by_lease(run.path(), options_on(without));
    EXPECT_THROW(RunLock(run.path(), LockOptions{}), ConflictError);
    EXPECT_TRUE(find_lock_holder(run.path(), LockOptions{}));
  }
  {
    const RunLock by_flock(run.path(), LockOptions{});
    EXPECT_THROW(RunLock(run.path(), wanted), ConflictError);
  }
  const RunLock by_both(run.path(), wanted);
  EXPECT_THROW(RunLock(run.path(), options_on(without)), ConflictError);
  EXPECT_THROW(RunLock(run.path(), LockOptions{}), ConflictError);
}

TEST(Lease, leaves_no_more_than_two_files_however_often_it_is_taken) {
  const TemporaryDirectory run;
  DiskWithoutFlock disk(ENOLCK);
  for (int i = 0; i < 5; ++i) const RunLock lock(run.path(), options_on(disk));
  std::size_t num_leases = 0;
  for (const std::string& name : list_directory(run.path())) num_leases += name.starts_with("run.lease.") ? 1 : 0;
  EXPECT_EQ(num_leases, 2u);
}

TEST(Lease, is_wanted_by_environment_variable) {
  ::setenv("FUGLE_NO_FLOCK", "1", 1);
  EXPECT_TRUE(lock_options().wants_lease);
  ::setenv("FUGLE_NO_FLOCK", "0", 1);
  EXPECT_FALSE(lock_options().wants_lease);
  ::unsetenv("FUGLE_NO_FLOCK");
  EXPECT_FALSE(lock_options().wants_lease);
}

}  // namespace
}  // namespace fugle::store
