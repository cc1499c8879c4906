#include "app/access.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"

namespace fugle::app {
namespace {

namespace fs = std::filesystem;

struct ScopedUmask {
  explicit ScopedUmask(mode_t mask) : before(::umask(mask)) {}
  ~ScopedUmask() { ::umask(before); }
  mode_t before;
};

class AccessTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/fugle-access-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  static mode_t mode_of_new_file_in(const std::string& directory) {
    const std::string path = directory + "/new";
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY, kPrivateFile);
    share_like_directory(fd, path);
    ::close(fd);
    return mode_of(path);
  }

  std::string folder_;
};

TEST_F(AccessTest, a_run_is_its_owners_alone_whatever_the_umask) {
  const ScopedUmask umask(0);
  const std::string runs = folder_ + "/runs";
  const std::string run = create_run_directory(runs, "r");
  for (const std::string& directory : {runs, run, run + "/logs", run + "/control"})
    EXPECT_EQ(mode_of(directory), 0700u);
  EXPECT_EQ(mode_of_new_file_in(run), 0600u);
}

TEST_F(AccessTest, a_group_may_look_and_not_control) {
  const ScopedUmask umask(077);
  const std::string run = create_run_directory(folder_ + "/runs", "r", access_of("read"));
  EXPECT_EQ(mode_of(folder_ + "/runs"), 02750u);
  EXPECT_EQ(mode_of(run), 02750u);
  EXPECT_EQ(mode_of(run + "/logs"), 02750u);
  EXPECT_EQ(mode_of(run + "/control"), 0700u);
  EXPECT_EQ(mode_of_new_file_in(run + "/logs"), 0640u);
}

TEST_F(AccessTest, files_are_never_writable_for_others_even_where_the_directory_is) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(mode_of_new_file_in(folder_), 0644u);
}

TEST_F(AccessTest, a_runs_directory_that_was_there_keeps_its_rights) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  (void)create_run_directory(folder_, "r");
  EXPECT_EQ(mode_of(folder_), 0755u);
  EXPECT_EQ(mode_of(folder_ + "/r"), 0700u);
}

TEST_F(AccessTest, a_run_directory_that_is_there_is_not_taken_for_a_new_one) {
  (void)create_run_directory(folder_, "r");
  EXPECT_THROW((void)create_run_directory(folder_, "r"), EnvironmentError);
}

TEST(Access, is_for_nobody_else_unless_asked_for) { EXPECT_FALSE(access_of("").group.has_value()); }

TEST(Access, knows_the_own_group_by_a_word_by_name_and_by_number) {
  EXPECT_EQ(access_of("read").group, ::getegid());
  EXPECT_EQ(access_of(std::to_string(::getegid())).group, ::getegid());
}

TEST(Access, of_a_group_that_is_not_there_is_a_mistake_of_the_user) {
  EXPECT_THROW((void)access_of("no-such-group-here"), UsageError);
  EXPECT_THROW((void)access_of("12x"), UsageError);
}

TEST_F(AccessTest, the_owner_of_a_run_is_told_from_others) {
  EXPECT_NO_THROW(expect_own(folder_));
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::chown(folder_.c_str(), 12345, 12345), 0);
  try {
    expect_own(folder_);
    FAIL() << "root took the run of another user for its own";
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("belongs to 12345"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace fugle::app
