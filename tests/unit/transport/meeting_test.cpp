#include "transport/meeting.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <future>

#include "base/error.hpp"

namespace fugle::transport {
namespace {

using namespace std::chrono_literals;

char exchange(const Descriptor& from, const Descriptor& to, char byte) {
  EXPECT_EQ(::send(from.get(), &byte, 1, 0), 1);
  char received = 0;
  EXPECT_EQ(::recv(to.get(), &received, 1, 0), 1);
  return received;
}

/// Three workers come in any order, and each socket is joined to the worker of its rank.
void expect_everybody_at_his_seat(Reach head_reach, Reach worker_reach) {
  Meeting meeting(head_reach);
  std::vector<std::future<Descriptor>> workers;
  for (std::uint32_t rank = 3; rank >= 1; --rank) {
    workers.push_back(std::async(std::launch::async, [&meeting, worker_reach, rank] {
      return join_meeting(meeting.invitation(), rank, worker_reach, 5s);
    }));
  }
  const std::vector<Descriptor> sockets = meeting.gather(3, 5s);
  ASSERT_EQ(sockets.size(), 3u);
  for (std::size_t at = 0; at < 3; ++at) {
    const Descriptor worker = workers[2 - at].get();
    const char byte = static_cast<char>('a' + at);
    EXPECT_EQ(exchange(worker, sockets[at], byte), byte);
    EXPECT_EQ(exchange(sockets[at], worker, byte), byte);
  }
}

TEST(Meeting, seats_workers_of_the_same_node_by_rank) {
  expect_everybody_at_his_seat(Reach::this_node, Reach::this_node);
}

TEST(Meeting, seats_workers_of_other_nodes_over_tcp) {
  expect_everybody_at_his_seat(Reach::other_nodes, Reach::other_nodes);
}

TEST(Meeting, opens_no_port_when_all_ranks_are_on_this_node) {
  const Meeting meeting(Reach::this_node);
  EXPECT_THROW((void)join_meeting(meeting.invitation(), 1, Reach::other_nodes, 1s), EnvironmentError);
}

TEST(Meeting, sends_strangers_away) {
  Meeting meeting(Reach::this_node);
  std::string forged = meeting.invitation();
  forged[0] = forged[0] == '0' ? '1' : '0';
  auto stranger = std::async(std::launch::async, [&] { return join_meeting(forged, 1, Reach::this_node, 5s); });
  auto worker =
      std::async(std::launch::async, [&] { return join_meeting(meeting.invitation(), 1, Reach::this_node, 5s); });
  EXPECT_EQ(meeting.gather(1, 5s).size(), 1u);
  EXPECT_TRUE(worker.get().is_open());
  EXPECT_THROW((void)meeting.gather(1, 50ms), EnvironmentError)
      << "nobody else comes; the stranger is turned away here";
  EXPECT_THROW((void)stranger.get(), EnvironmentError);
}

TEST(Meeting, says_how_many_workers_did_not_come) {
  Meeting meeting(Reach::this_node);
  try {
    (void)meeting.gather(2, 10ms);
    FAIL() << "nobody came";
  } catch (const EnvironmentError& error) {
    EXPECT_EQ(std::string(error.what()).find("2 of 2 workers did not reach the head"), 0u) << error.what();
  }
}

}  // namespace
}  // namespace fugle::transport
