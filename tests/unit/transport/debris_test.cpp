#include "transport/debris.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/descriptor.hpp"

namespace fugle::transport {
namespace {

namespace fs = std::filesystem;

/// Two folders that play /dev/shm and /tmp.
class Debris : public ::testing::Test {
 protected:
  Debris() {
    std::string name = (fs::temp_directory_path() / "fugle-debris-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    places_ = {(top_ / "shm").string(), (top_ / "tmp").string(), "/proc", 60};
    fs::create_directory(places_.shared_memory);
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    host_and_user_ = fmt::format("{}.{}", host, ::geteuid());
  }
  ~Debris() override { fs::remove_all(top_); }

  fs::path segment(const std::string& owner, const std::string& rest) {
    fs::path path = fs::path(places_.shared_memory) / fmt::format("vader_segment.{}.{}", owner, rest);
    std::ofstream(path) << std::string(4096, 'x');
    return path;
  }
  fs::path session(const std::string& name) {
    fs::path path = fs::path(places_.temporary) / ("ompi." + host_and_user_) / name;
    fs::create_directories(path / "pmix");
    std::ofstream(path / "contact.txt") << "x";
    return path;
  }
  /// An hour old.
  static fs::path aged(const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
    return path;
  }
  static pid_t pid_of_dead_process() {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    ::waitpid(pid, nullptr, 0);
    return pid;
  }

  fs::path top_;
  DebrisPlaces places_;
  std::string host_and_user_;
};

TEST_F(Debris, removes_segments_that_nobody_holds) {
  const fs::path dead = aged(segment(host_and_user_, "10710001.0"));
  EXPECT_EQ(remove_debris(places_), 1);
  EXPECT_FALSE(fs::exists(dead));
}

TEST_F(Debris, spares_a_segment_that_a_process_has_mapped) {
  const fs::path path = aged(segment(host_and_user_, "1.0"));
  Descriptor file(::open(path.c_str(), O_RDWR));
  void* const memory = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.get(), 0);
  ASSERT_NE(memory, MAP_FAILED);
  file.close();
  EXPECT_EQ(remove_debris(places_), 0);
  EXPECT_TRUE(fs::exists(path));
  ::munmap(memory, 4096);
}

TEST_F(Debris, spares_a_segment_that_a_process_has_open) {
  const fs::path path = aged(segment(host_and_user_, "1.0"));
  const Descriptor file(::open(path.c_str(), O_RDWR));
  EXPECT_EQ(remove_debris(places_), 0);
}

TEST_F(Debris, spares_what_is_young_or_of_another_host_or_user) {
  (void)segment(host_and_user_, "1.0");
  (void)aged(segment("elsewhere.0", "1.0"));
  (void)aged(segment(host_and_user_ + "1", "1.0"));
  (void)aged(session(fmt::format("pid.{}", ::getpid())));
  (void)session(fmt::format("pid.{}", pid_of_dead_process()));
  EXPECT_EQ(remove_debris(places_), 0);
}

TEST_F(Debris, removes_the_session_of_a_dead_mpirun_only) {
  const fs::path dead = aged(session(fmt::format("pid.{}", pid_of_dead_process())));
  const fs::path other = aged(session("jf.4711"));
  EXPECT_EQ(remove_debris(places_), 1);
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(Debris, follows_no_link_out_of_its_folders) {
  const fs::path treasure = top_ / "treasure";
  fs::create_directory(treasure);
  std::ofstream(treasure / "gold") << "x";
  fs::create_directories(fs::path(places_.temporary) / ("ompi." + host_and_user_));
  const fs::path link =
      fs::path(places_.temporary) / ("ompi." + host_and_user_) / fmt::format("pid.{}", pid_of_dead_process());
  fs::create_directory_symlink(treasure, link);
  EXPECT_EQ(remove_debris(places_), 0);
  EXPECT_TRUE(fs::exists(treasure / "gold"));
}

}  // namespace
}  // namespace fugle::transport
