#include "transport/mailbox.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace fugle::transport {
namespace {

namespace fs = std::filesystem;

class Mailbox : public ::testing::Test {
 protected:
  Mailbox() { fs::create_directories(folder_); }
  ~Mailbox() override { fs::remove_all(folder_); }

  std::vector<Frame> read() {
    std::vector<Frame> frames;
    reader_.read(frames);
    return frames;
  }
  [[nodiscard]] std::size_t num_files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path_ + ".0", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(path_ + ".0", std::ios::binary) << bytes; }

  const fs::path folder_ = fs::path(::testing::TempDir()) /
                           ("mailbox_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  const std::string path_ = (folder_ / "to_head").string();
  MailboxWriter writer_{path_};
  MailboxReader reader_{path_};
};

TEST_F(Mailbox, brings_frames_once_and_in_order) {
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(writer_.put(3, 7, "one"), 1u);
  EXPECT_EQ(writer_.put(4, 8, std::string("t\0o", 3)), 2u);
  EXPECT_TRUE(read().empty()) << "nothing was written yet";
  ASSERT_TRUE(writer_.flush());
  const std::vector<Frame> frames = read();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0], (Frame{3, 7, "one", 1}));
  EXPECT_EQ(frames[1], (Frame{4, 8, std::string("t\0o", 3), 2}));
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(reader_.last(), 2u);
}

TEST_F(Mailbox, waits_for_the_rest_of_a_frame_that_is_seen_in_part) {
  writer_.put(1, 0, "a message");
  ASSERT_TRUE(writer_.flush());
  const std::string whole = content();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write(whole.substr(0, length));
    EXPECT_TRUE(read().empty()) << length;
    write(whole.substr(0, length) + std::string(whole.size() - length, '\0'));
    EXPECT_TRUE(read().empty()) << "zeros after " << length;
  }
  write(whole);
  EXPECT_EQ(read().size(), 1u);
}

TEST_F(Mailbox, keeps_little_of_a_long_conversation) {
  const std::string large(100'000, 'x');
  std::uint64_t num_read = 0;
  for (int round = 0; round < 100; ++round) {
    writer_.put(1, 0, large);
    ASSERT_TRUE(writer_.flush());
    for (const Frame& frame : read()) {
      EXPECT_EQ(frame.number, ++num_read);
      EXPECT_EQ(frame.bytes, large);
    }
    EXPECT_LE(num_files(), 2u);
  }
  EXPECT_EQ(num_read, 100u);
}

TEST_F(Mailbox, brings_what_was_written_into_several_files_before_the_first_look) {
  for (int i = 0; i < 50; ++i) writer_.put(1, 0, std::string(100'000, 'y'));
  ASSERT_TRUE(writer_.flush());
  EXPECT_GT(num_files(), 2u);
  EXPECT_EQ(read().size(), 50u);
  EXPECT_LE(num_files(), 1u);
}

TEST_F(Mailbox, writes_later_what_it_can_not_write_now) {
  fs::remove(folder_);
  writer_.put(1, 0, "one");
  EXPECT_FALSE(writer_.flush());
  EXPECT_TRUE(writer_.has_unwritten());
  fs::create_directories(folder_);
  writer_.put(1, 0, "two");
  EXPECT_TRUE(writer_.flush());
  EXPECT_EQ(read().size(), 2u);
}

TEST_F(Mailbox, takes_no_frame_whose_number_is_not_the_next) {
  writer_.put(1, 0, "one");
  ASSERT_TRUE(writer_.flush());
  const std::size_t length = content().size();
  writer_.put(1, 0, "two");
  ASSERT_TRUE(writer_.flush());
  const std::string second = content().substr(length);
  write(second);
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(reader_.last(), 0u);
}

}  // namespace
}  // namespace fugle::transport
