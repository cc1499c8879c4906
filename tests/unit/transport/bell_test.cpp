#include "transport/bell.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <optional>

namespace fugle::transport {
namespace {

using Kind = Note::Kind;

class BellTest : public ::testing::Test {
 protected:
  BellTest() {
    std::array<int, 2> ends;
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    here_.emplace(Descriptor(ends[0]), epoll_.get(), 1);
    there_.emplace(Descriptor(ends[1]), epoll_.get(), 2);
  }

  /// Keys of the bells that want attention now.
  std::vector<std::uint32_t> ready() const {
    std::array<epoll_event, 4> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
    std::vector<std::uint32_t> keys;
    for (int at = 0; at < count; ++at) keys.push_back(events[static_cast<std::size_t>(at)].data.u32);
    return keys;
  }

  Descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
  std::optional<Bell> here_;
  std::optional<Bell> there_;
  std::vector<Note> notes_;
};

TEST_F(BellTest, wakes_the_other_side_and_carries_notes_in_order) {
  EXPECT_TRUE(ready().empty());
  here_->ring({Kind::message, 0});
  here_->ring({Kind::message, (std::uint64_t{1} << 56) - 1});
  here_->ring({Kind::pull});
  EXPECT_EQ(ready(), std::vector<std::uint32_t>{2});
  EXPECT_TRUE(there_->read(notes_));
  const std::vector<Note> expected{{Kind::message, 0}, {Kind::message, (std::uint64_t{1} << 56) - 1}, {Kind::pull}};
  EXPECT_EQ(notes_, expected);
  EXPECT_TRUE(ready().empty());
}

TEST_F(BellTest, keeps_notes_that_the_socket_does_not_take_and_asks_epoll_for_room) {
  constexpr std::uint64_t kMany = 200'000;
  for (std::uint64_t number = 0; number < kMany; ++number) here_->ring({Kind::message, number});
  ASSERT_TRUE(here_->has_unsent());
  while (notes_.size() < kMany) {
    EXPECT_TRUE(there_->read(notes_));
    here_->flush();
  }
  for (std::uint64_t number = 0; number < kMany; ++number) ASSERT_EQ(notes_[number].value, number);
  EXPECT_FALSE(here_->has_unsent());
  EXPECT_TRUE(ready().empty()) << "nobody has anything to read or write";
}

TEST_F(BellTest, reads_the_last_notes_before_the_end_of_the_stream) {
  here_->ring({Kind::message, 5});
  here_.reset();
  EXPECT_EQ(ready(), std::vector<std::uint32_t>{2});
  bool goes_on = there_->read(notes_);
  if (goes_on) goes_on = there_->read(notes_);
  EXPECT_FALSE(goes_on);
  EXPECT_EQ(notes_, (std::vector<Note>{{Kind::message, 5}}));
}

TEST_F(BellTest, ringing_a_lost_rank_does_nothing) {
  there_.reset();
  for (int round = 0; round < 3; ++round) here_->ring({Kind::message, 1});
  EXPECT_FALSE(here_->read(notes_));
  here_->close();
  here_->ring({Kind::message, 1});
  EXPECT_FALSE(here_->has_unsent());
  EXPECT_TRUE(ready().empty());
}

}  // namespace
}  // namespace fugle::transport
