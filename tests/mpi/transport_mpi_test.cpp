#include <sys/resource.h>

#include <cmath>
#include <map>

#include "base/random.hpp"
#include "mpi/ranks.hpp"

namespace fugle::transport {
namespace {

using scheduler::Hello;
using testing::is_head;
using testing::mailbox;
using testing::numbered;
using testing::peers_of;
using testing::world;

TEST(MpiTransport, knows_its_place_on_the_node) {
  EXPECT_GE(world().num_local(), 1u);
  EXPECT_LT(world().local_index(), world().num_local());
  EXPECT_LE(world().num_local(), world().num_ranks());
}

// Before any other message, hence before all other tests.
TEST(MpiTransport, broadcasts_bytes_of_any_size_before_what_follows_them) {
  for (const std::size_t size : {0ul, 1ul, 5'000ul, 3'000'000ul}) {
    const std::string bytes(size, 'b');
    EXPECT_TRUE(world().broadcast(is_head() ? bytes : std::string()) == bytes) << size << " bytes";
  }
  testing::meet();
}

TEST(MpiTransport, gathers_the_bytes_of_each_rank_before_what_follows_them) {
  const std::string mine(world().self().value() * 700'000ul, static_cast<char>('a' + world().self().value()));
  const std::vector<std::string> all = world().gather(mine);
  EXPECT_EQ(world().broadcast(is_head() ? "go" : ""), "go");
  if (!is_head()) world().send(WorkerId(0), numbered(7));
  EXPECT_EQ(all.size(), is_head() ? world().num_ranks() : 0u);
  for (std::uint32_t rank = 0; rank < all.size(); ++rank)
    EXPECT_TRUE(all[rank] == std::string(rank * 700'000ul, static_cast<char>('a' + rank))) << "rank " << rank;
  if (is_head()) {
    for (const WorkerId peer : peers_of(world())) EXPECT_EQ(mailbox().next_numbered(peer).pid, 7u);
  }
  testing::meet();
}

TEST(MpiTransport, keeps_the_contract_of_transports) { testing::keeps_the_contract(mailbox()); }

/// Sizes from 0 to 4 MB, small ones as frequent as in each larger decade.
std::size_t some_size(Random& random) {
  constexpr double kLargest = 4.0 * 1024 * 1024;
  if (random.chance(0.02)) return 0;
  return static_cast<std::size_t>(std::exp(random.uniform() * std::log(kLargest)));
}

/// A stream of messages, equal on both ends; the content depends on the position in the stream.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : random_(seed) {}

  Hello next() {
    static const std::string pattern = [] {
      std::string bytes;
      Random random(1);
      while (bytes.size() < 4'300'000) bytes += static_cast<char>(random.next());
      return bytes;
    }();
    const std::size_t size = some_size(random_);
    return numbered(number_++, pattern.substr(random_.below(100'000), size));
  }

 private:
  Random random_;
  std::uint32_t number_ = 0;
};

std::uint64_t stream_seed(WorkerId from, WorkerId to) { return from.value() * 1000ull + to.value(); }

TEST(MpiTransport, carries_ten_thousand_messages_of_any_size_both_ways) {
  if (world().num_ranks() == 1) GTEST_SKIP() << "one rank has nobody to talk to";
  constexpr std::uint32_t kTotal = 10'000;
  constexpr std::uint32_t kWindow = 16;
  const std::uint32_t per_direction = kTotal / 2 / (world().num_ranks() - 1);
  const std::vector<WorkerId> peers = peers_of(world());
  std::map<WorkerId, Stream> out;
  std::map<WorkerId, Stream> in;
  for (const WorkerId peer : peers) {
    out.try_emplace(peer, stream_seed(world().self(), peer));
    in.try_emplace(peer, stream_seed(peer, world().self()));
    for (std::uint32_t number = 0; number < kWindow; ++number) world().send(peer, out.at(peer).next());
  }
  for (std::uint32_t number = 0; number < per_direction; ++number) {
    for (const WorkerId peer : peers) {
      ASSERT_TRUE(mailbox().next_numbered(peer) == in.at(peer).next()) << "message " << number << " of rank " << peer;
      if (number + kWindow < per_direction) world().send(peer, out.at(peer).next());
    }
  }
  testing::meet();
}

TEST(MpiTransport, wakes_sleeping_ranks_at_every_hop) {
  if (world().num_ranks() == 1) GTEST_SKIP() << "one rank has nobody to wake";
  constexpr std::uint32_t kHops = 5'000;
  const std::uint32_t num_workers = world().num_ranks() - 1;
  for (std::uint32_t hop = 0; hop < kHops; ++hop) {
    const WorkerId worker(1 + hop % num_workers);
    if (is_head()) {
      world().send(worker, numbered(hop));
      ASSERT_EQ(mailbox().next_numbered(worker).pid, hop);
    } else if (worker == world().self()) {
      ASSERT_EQ(mailbox().next_numbered(WorkerId(0)).pid, hop);
      world().send(WorkerId(0), numbered(hop));
    }
  }
  testing::meet();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(MpiTransport, uses_no_cpu_while_idle) {
  testing::meet();
  constexpr double kIdleSeconds = 2;
  const double before = cpu_seconds();
  if (is_head()) {
    pollfd bells{world().fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&bells, 1, static_cast<int>(kIdleSeconds * 1000)), 0) << "nobody has anything to say";
  }
  testing::follow_the_head(mailbox(), peers_of(world()));
  EXPECT_LT(cpu_seconds() - before, 0.01 * kIdleSeconds);
}

}  // namespace
}  // namespace fugle::transport
