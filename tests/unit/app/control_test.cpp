#include "app/control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/run_directory.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ControlCommand kCancel{"cancel", "solve[3]", "ann@n1"};

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/fugle-control-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    run_ = create_run_directory(folder_, "r");
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string place(const std::string& name) const { return run_ + "/control/" + name; }
  void put(const std::string& name, const std::string& text) const { std::ofstream(place(name)) << text; }

  /// Nothing is obeyed, and one line says why, once.
  void expect_refused(const std::string& name, const std::string& why) {
    testing::internal::CaptureStderr();
    EXPECT_THAT(take_commands(run_), IsEmpty());
    EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr(name), HasSubstr(why)));
    testing::internal::CaptureStderr();
    EXPECT_THAT(take_commands(run_), IsEmpty());
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_TRUE(fs::exists(fs::symlink_status(place(name + ".refused"))));
  }

  std::string folder_, run_;
};

TEST_F(ControlTest, commands_come_in_the_order_they_were_given_and_once) {
  drop_command(run_, kCancel);
  drop_command(run_, {"cancel", "", "bob@n2"});
  EXPECT_THAT(take_commands(run_), ElementsAre(kCancel, ControlCommand{"cancel", "", "bob@n2"}));
  EXPECT_THAT(take_commands(run_), IsEmpty());
}

TEST_F(ControlTest, a_dropped_command_is_the_owners_alone) {
  struct stat status {};
  ASSERT_EQ(::stat(drop_command(run_, kCancel).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ControlTest, any_name_of_an_element_comes_through) {
  const ControlCommand odd{"cancel", "a\nb\\n\\c\x01", "x"};
  drop_command(run_, odd);
  EXPECT_THAT(take_commands(run_), ElementsAre(odd));
}

TEST_F(ControlTest, a_link_is_refused) {
  std::ofstream(folder_ + "/elsewhere") << encode_command(kCancel);
  fs::create_symlink(folder_ + "/elsewhere", place("1.command"));
  expect_refused("1.command", "symbolic link");
  EXPECT_TRUE(fs::exists(folder_ + "/elsewhere"));
}

TEST_F(ControlTest, a_fifo_is_refused_and_not_waited_for) {
  ASSERT_EQ(::mkfifo(place("1.command").c_str(), 0600), 0);
  expect_refused("1.command", "not a regular file");
}

TEST_F(ControlTest, a_directory_is_refused) {
  fs::create_directories(place("1.command/inside"));
  expect_refused("1.command", "directory");
}

TEST_F(ControlTest, what_is_too_long_is_refused) {
  put("1.command", "cancel\n" + std::string(100'000, 'x') + "\nann\n");
  expect_refused("1.command", "too long");
}

TEST_F(ControlTest, what_is_no_command_is_refused) {
  put("1.command", "cancel");
  expect_refused("1.command", "no command");
}

TEST_F(ControlTest, a_command_of_somebody_else_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  put("1.command", encode_command(kCancel));
  ASSERT_EQ(::chown(place("1.command").c_str(), 12345, 12345), 0);
  expect_refused("1.command", "belongs to 12345");
}

TEST_F(ControlTest, files_that_claim_to_be_nothing_are_left_alone) {
  put("notes.txt", "x");
  put(".7.draft", "x");
  testing::internal::CaptureStderr();
  EXPECT_THAT(take_commands(run_), IsEmpty());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(fs::exists(place("notes.txt")));
}

TEST(Control, comes_back_from_its_text) { EXPECT_EQ(decode_command(encode_command(kCancel)), kCancel); }

TEST(Control, is_strict) {
  for (const char* text : {"", "\n\n\n", "cancel\n\n", "cancel\n\n\n\n", "cancel\n\nx", "Cancel\n\nx\n", "a b\n\nx\n",
                           "cancel\n\\\nx\n", "cancel\n\\t\nx\n"})
    EXPECT_EQ(decode_command(text), std::nullopt) << text;
}

}  // namespace
}  // namespace fugle::app
