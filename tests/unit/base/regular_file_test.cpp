#include "base/regular_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace fugle {
namespace {

namespace fs = std::filesystem;

class RegularFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/fugle-regular-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directory(folder_ + "/logs");
    std::ofstream(folder_ + "/logs/a") << "content";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string problem_with(std::string_view inside) { return open_regular(folder_, inside).problem(); }

  std::string folder_;
};

TEST_F(RegularFileTest, is_read_where_it_lies_in_a_folder) {
  const RegularFile file = open_regular(folder_, "logs/a");
  ASSERT_TRUE(file.is_open()) << file.problem();
  EXPECT_EQ(read_all(file, 7), "content");
}

TEST_F(RegularFileTest, of_more_bytes_than_allowed_is_not_read) {
  EXPECT_EQ(read_all(open_regular(folder_, "logs/a"), 6), std::nullopt);
}

TEST_F(RegularFileTest, behind_a_link_is_refused_wherever_the_link_is) {
  fs::create_symlink("a", folder_ + "/logs/link");
  fs::create_directory_symlink("logs", folder_ + "/other");
  fs::create_symlink("loop", folder_ + "/loop");
  EXPECT_EQ(problem_with("logs/link"), "it is a symbolic link");
  EXPECT_FALSE(open_regular(folder_, "other/a").is_open());
  EXPECT_EQ(problem_with("loop"), "it is a symbolic link");
  EXPECT_FALSE(open_regular(folder_ + "/logs/link").is_open());
}

TEST_F(RegularFileTest, may_be_reached_through_a_link_to_its_directory) {
  fs::create_directory_symlink(folder_, folder_ + "-newest");
  EXPECT_TRUE(open_regular(folder_ + "-newest", "logs/a").is_open());
  fs::remove(folder_ + "-newest");
}

TEST_F(RegularFileTest, is_neither_fifo_nor_device_nor_directory) {
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(problem_with("fifo"), "it is not a regular file");
  EXPECT_EQ(open_regular("/dev", "null").problem(), "it is not a regular file");
  EXPECT_EQ(problem_with("logs"), "it is a directory");
  EXPECT_FALSE(open_regular(folder_, "absent").is_open());
}

}  // namespace
}  // namespace fugle
