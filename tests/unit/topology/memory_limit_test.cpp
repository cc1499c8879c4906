#include "topology/memory_limit.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace fugle::topology {
namespace {

class MemoryLimit : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(root_); }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  const std::filesystem::path root_ =
      std::filesystem::path(::testing::TempDir()) /
      (std::string("fugle_memory_limit_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(MemoryLimit, is_unknown_without_the_files) {
  EXPECT_EQ(installed_memory(root_), 0u);
  EXPECT_EQ(cgroup_memory_limit(root_), 0u);
}

TEST_F(MemoryLimit, reads_what_is_installed) {
  write("proc/meminfo", "MemTotal:       2048 kB\nMemFree:        1024 kB\n");
  EXPECT_EQ(installed_memory(root_), 2048u * 1024u);
}

TEST_F(MemoryLimit, is_the_smallest_on_the_way_up_in_version_2) {
  write("proc/self/cgroup", "0::/system/job_7/step_0\n");
  write("sys/fs/cgroup/system/job_7/memory.max", "5000\n");
  write("sys/fs/cgroup/system/job_7/step_0/memory.max", "max\n");
  write("sys/fs/cgroup/system/memory.max", "9000\n");
  EXPECT_EQ(cgroup_memory_limit(root_), 5000u);
}

TEST_F(MemoryLimit, is_that_of_the_memory_controller_in_version_1) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/job\n4:memory:/job\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "7000\n");
  EXPECT_EQ(cgroup_memory_limit(root_), 7000u);
}

TEST_F(MemoryLimit, is_that_of_the_mount_in_a_container_that_does_not_see_its_path) {
  write("proc/self/cgroup", "0::/docker/0123\n");
  write("sys/fs/cgroup/memory.max", "4000\n");
  EXPECT_EQ(cgroup_memory_limit(root_), 4000u);
}

TEST_F(MemoryLimit, takes_the_smallest_of_what_is_known) {
  EXPECT_EQ(smallest_known({0, 5, 3}), 3u);
  EXPECT_EQ(smallest_known({0, 0}), 0u);
}

}  // namespace
}  // namespace fugle::topology
