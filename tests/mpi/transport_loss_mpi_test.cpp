#include <signal.h>
#include <unistd.h>

#include "mpi/ranks.hpp"

namespace fugle::transport {
namespace {

using testing::is_head;
using testing::mailbox;
using testing::numbered;
using testing::peers_of;
using testing::world;

constexpr std::uint32_t kLastWords = 20;

WorkerId victim() { return WorkerId(world().num_ranks() - 1); }

std::vector<WorkerId> survivors() {
  std::vector<WorkerId> peers = peers_of(world());
  std::erase(peers, victim());
  return peers;
}

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

/// Head and surviving workers send each other a message per turn.
void exchange_among_survivors(std::uint32_t num_turns) {
  const std::vector<WorkerId> peers = survivors();
  for (std::uint32_t turn = 0; turn < num_turns; ++turn) {
    for (const WorkerId peer : peers) world().send(peer, numbered(turn, std::string(turn * 100, 's')));
    for (const WorkerId peer : peers) ASSERT_EQ(mailbox().next_numbered(peer).pid, turn);
  }
}

TEST(LostWorker, is_told_once_after_its_last_message_and_the_others_go_on) {
  testing::meet();
  if (world().self() == victim()) {
    for (std::uint32_t word = 0; word < kLastWords; ++word) world().send(WorkerId(0), numbered(word));
    die();
  }
  if (is_head()) {
    mailbox().wait_for_loss();
    EXPECT_EQ(mailbox().num_waiting(victim()), kLastWords);
    world().send(victim(), numbered(0));
    EXPECT_FALSE(world().is_sending());
  }
  exchange_among_survivors(200);
  testing::meet(survivors());
  EXPECT_EQ(mailbox().lost(), is_head() ? std::vector{victim()} : std::vector<WorkerId>{});
}

TEST(LostWorkerBeforeGather, is_left_out_of_what_is_gathered) {
  if (world().self() == victim()) die();
  const std::vector<std::string> all = world().gather("here");
  for (std::uint32_t rank = 0; rank < all.size(); ++rank)
    EXPECT_EQ(all[rank], WorkerId(rank) == victim() ? "" : "here") << "rank " << rank;
  exchange_among_survivors(5);
  testing::meet(survivors());
}

/// The victim dies with large messages under way in both directions, while the others exchange theirs.
TEST(LostWorkerWhileSending, does_not_disturb_the_others) {
  constexpr int kNumLoads = 50;
  const std::string load(200'000, 'x');
  testing::meet();
  if (world().self() == victim()) {
    for (int count = 0; count < kNumLoads; ++count) world().send(WorkerId(0), numbered(0, load));
    for (int count = 0; count < kNumLoads / 5; ++count) (void)mailbox().next(WorkerId(0));
    die();
  }
  if (is_head()) {
    for (int count = 0; count < kNumLoads; ++count) world().send(victim(), numbered(0, load));
  }
  exchange_among_survivors(200);
  if (is_head()) {
    mailbox().wait_for_loss();
    EXPECT_LE(mailbox().num_waiting(victim()), static_cast<std::size_t>(kNumLoads));
    while (mailbox().num_waiting(victim()) > 0) EXPECT_EQ(mailbox().next_numbered(victim()).node, load);
  }
  testing::meet(survivors());
  EXPECT_EQ(mailbox().lost(), is_head() ? std::vector{victim()} : std::vector<WorkerId>{});
}

TEST(LostHead, is_told_to_every_worker_once_after_its_last_message) {
  testing::meet();
  if (is_head()) {
    for (std::uint32_t word = 0; word < kLastWords; ++word) {
      for (const WorkerId peer : peers_of(world())) world().send(peer, numbered(word));
    }
    die();
  }
  mailbox().wait_for_loss();
  EXPECT_EQ(mailbox().lost(), std::vector{WorkerId(0)});
  EXPECT_EQ(mailbox().num_waiting(WorkerId(0)), kLastWords);
  world().send(WorkerId(0), numbered(0, std::string(1'000'000, 'x')));
  scheduler::Transport::Incoming incoming;
  world().poll(incoming);
  EXPECT_TRUE(incoming.lost.empty());
  EXPECT_FALSE(world().is_sending());
}

}  // namespace
}  // namespace fugle::transport
