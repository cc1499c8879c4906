// The head's end and a guest's end of a campaign, in one process and with a time that stands still unless told.
#include "transport/joined_transport.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "transport/guest_transport.hpp"
#include "transport/local_transport.hpp"

namespace fugle::transport {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using scheduler::Message;
using Incoming = scheduler::Transport::Incoming;

constexpr WorkerId kHead(0);

class Campaign : public ::testing::Test {
 protected:
  Campaign() {
    fs::remove_all(exchange_);
    Leader leader;
    leader.session = "5e55";
    leader.host = "n1";
    head_ = std::make_unique<JoinedTransport>(head_ranks_, exchange_, leader, [this] { return now_; });
  }
  ~Campaign() override { fs::remove_all(exchange_); }

  std::unique_ptr<GuestTransport> knock(const std::string& name) {
    return std::make_unique<GuestTransport>(
        guest_ranks_,
        GuestTransport::Options{exchange_, "5e55", name, [this] { return is_head_dead_; }, [this] { return now_; }});
  }
  std::unique_ptr<GuestTransport> let_in(const std::string& name) {
    auto guest = knock(name);
    for (int i = 0; i < 4; ++i) {
      now_ += 1s;
      (void)poll(*head_);
      (void)poll(*guest);
    }
    EXPECT_TRUE(guest->is_in());
    return guest;
  }
  static Incoming poll(scheduler::Transport& transport) {
    Incoming incoming;
    transport.poll(incoming);
    return incoming;
  }
  [[nodiscard]] fs::path folder_of(const std::string& name) const { return exchange_ + "/5e55." + name; }

  Duration now_ = 1000s;
  bool is_head_dead_ = false;
  const std::string exchange_ =
      (fs::path(::testing::TempDir()) /
       ("exchange_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name())))
          .string();
  LocalTransport head_ranks_;
  LocalTransport guest_ranks_;
  std::unique_ptr<JoinedTransport> head_;
  const Patience patience_{};
};

TEST_F(Campaign, gives_each_guest_a_number_of_its_own_after_the_own_ranks) {
  const auto one = let_in("one");
  const auto two = let_in("two");
  EXPECT_EQ(one->self(), WorkerId(1));
  EXPECT_EQ(two->self(), WorkerId(2));
  EXPECT_EQ(head_->num_ranks(), 1u) << "guests are no ranks";
  EXPECT_EQ(head_->num_guests(), 2u);
}

TEST_F(Campaign, keeps_the_order_of_messages_both_ways) {
  const auto guest = let_in("one");
  constexpr std::uint32_t kSeries = 500;
  std::uint32_t at_head = 0, at_guest = 0;
  for (std::uint32_t i = 0; i < kSeries; ++i) {
    guest->send(kHead, scheduler::Hello{.node = "n1", .pid = i});
    head_->send(WorkerId(1), scheduler::Revoke{{ElementId(i)}});
    now_ += 5ms;
    for (const auto& [from, message] : poll(*head_).messages) {
      EXPECT_EQ(from, WorkerId(1));
      EXPECT_EQ(std::get<scheduler::Hello>(message).pid, at_head++);
    }
    for (const auto& [from, message] : poll(*guest).messages) {
      EXPECT_EQ(from, kHead);
      EXPECT_EQ(std::get<scheduler::Revoke>(message).elements.at(0), ElementId(at_guest++));
    }
  }
  now_ += 1s;
  at_head += poll(*head_).messages.size();
  at_guest += poll(*guest).messages.size();
  EXPECT_EQ(at_head, kSeries);
  EXPECT_EQ(at_guest, kSeries);
}

TEST_F(Campaign, still_carries_the_messages_of_the_own_ranks) {
  const auto guest = let_in("one");
  head_->send(kHead, scheduler::Shutdown{});
  EXPECT_TRUE(head_->is_sending());
  const Incoming incoming = poll(*head_);
  ASSERT_EQ(incoming.messages.size(), 1u);
  EXPECT_EQ(incoming.messages[0].first, kHead);
}

TEST_F(Campaign, loses_nobody_who_has_nothing_to_say) {
  const auto guest = let_in("one");
  for (int i = 0; i < 1000; ++i) {
    now_ += 1s;
    EXPECT_TRUE(poll(*head_).lost.empty());
    EXPECT_TRUE(poll(*guest).lost.empty());
  }
}

TEST_F(Campaign, ends_a_guest_that_hears_no_head_long_before_another_could_take_over) {
  const auto guest = let_in("one");
  const Duration silent_since = now_;
  while (poll(*guest).lost.empty()) now_ += 100ms;
  EXPECT_TRUE(guest->has_lost_head());
  EXPECT_LE(now_ - silent_since, patience_.guest_stops);
  EXPECT_GE(now_ - silent_since, patience_.guest_stops - 2 * patience_.beat());
  EXPECT_TRUE(poll(*guest).lost.empty()) << "told once";
  EXPECT_FALSE(guest->is_overdue());
  now_ += patience_.guest_kills();
  EXPECT_TRUE(guest->is_overdue());
  EXPECT_LT(now_ - silent_since, patience_.head_gives_up() / 2 + patience_.beat());
}

/// How long after the guest stopped by itself the head gave it up.
Duration margin(JoinedTransport& head, GuestTransport& guest, Duration& now, const std::function<void()>& disturb) {
  std::optional<Duration> stopped;
  for (int i = 0; i < 2000; ++i) {
    now += 100ms;
    Incoming at_guest, at_head;
    if (!stopped) guest.poll(at_guest);
    disturb();
    head.poll(at_head);
    disturb();
    if (!at_guest.lost.empty()) stopped = now;
    if (!at_head.lost.empty()) return stopped ? now - *stopped : Duration(-1);
  }
  return Duration(-2);
}

TEST_F(Campaign, gives_a_guest_up_only_after_it_has_stopped_when_the_head_is_deaf) {
  const auto guest = let_in("one");
  // The head's beats arrive all the time, but they say that it hears nothing.
  const Duration left = margin(*head_, *guest, now_, [&] { fs::remove(folder_of("one") / "to_head.0"); });
  EXPECT_GE(left, patience_.head_gives_up() - patience_.guest_stops - 2 * patience_.beat());
}

TEST_F(Campaign, gives_a_guest_up_only_after_it_has_stopped_when_the_guest_is_deaf) {
  const auto guest = let_in("one");
  const Duration left = margin(*head_, *guest, now_, [&] { fs::remove(folder_of("one") / "to_guest.0"); });
  EXPECT_GE(left, patience_.head_gives_up() - patience_.guest_stops);
}

TEST_F(Campaign, asks_whether_a_silent_head_is_dead) {
  const auto guest = let_in("one");
  is_head_dead_ = true;
  EXPECT_TRUE(poll(*guest).lost.empty()) << "it was heard just now";
  const Duration silent_since = now_;
  while (poll(*guest).lost.empty()) now_ += 100ms;
  EXPECT_LE(now_ - silent_since, 3 * patience_.beat());
}

TEST_F(Campaign, forgets_a_guest_that_said_goodbye_and_counts_it_not_as_lost) {
  auto guest = let_in("one");
  guest->send(kHead, scheduler::Report{.attempts = {}, .returned = {}, .goodbye = true});
  while (!guest->is_heard()) {
    now_ += 100ms;
    EXPECT_TRUE(poll(*head_).lost.empty());
    (void)poll(*guest);
  }
  guest.reset();
  EXPECT_FALSE(fs::exists(folder_of("one")));
  for (int i = 0; i < 200; ++i) {
    now_ += 1s;
    EXPECT_TRUE(poll(*head_).lost.empty());
  }
  EXPECT_EQ(head_->num_guests(), 0u);
}

TEST_F(Campaign, tells_guests_how_it_ended) {
  const auto guest = let_in("one");
  const auto late = knock("late");
  head_->finish(130);
  now_ += 1s;
  EXPECT_EQ(poll(*guest).lost.size(), 1u);
  EXPECT_EQ(guest->farewell(), 130);
  (void)poll(*late);
  EXPECT_EQ(late->farewell(), 130);
  EXPECT_EQ(read_leader(exchange_)->exit_code, 130);
}

TEST_F(Campaign, leaves_the_name_of_a_later_head_alone) {
  Leader later;
  later.session = "1a7e4";
  write_leader(exchange_, later);
  head_->finish(5);
  EXPECT_EQ(read_leader(exchange_)->session, "1a7e4");
  EXPECT_FALSE(read_leader(exchange_)->exit_code.has_value());
}

TEST_F(Campaign, does_not_hear_guests_of_an_earlier_head) {
  GuestTransport former(guest_ranks_, {exchange_, "0ld", "one", {}, [this] { return now_; }});
  now_ += 5s;
  (void)poll(*head_);
  EXPECT_EQ(head_->num_guests(), 0u);
}

TEST_F(Campaign, waits_for_guests_of_a_head_that_died) {
  auto guest = let_in("one");
  int asked = 0;
  EXPECT_FALSE(wait_for_former_guests(exchange_, "", [&] { return ++asked == 2; })) << "the guest may still run";
  asked = 0;
  EXPECT_TRUE(wait_for_former_guests(exchange_, "", [&] {
    if (++asked == 2) guest.reset();
    return false;
  }));
}

TEST_F(Campaign, waits_for_nobody_when_the_head_left_well) {
  const auto guest = let_in("one");
  head_->finish(4);
  EXPECT_TRUE(wait_for_former_guests(exchange_, "", [] { return true; }));
}

TEST(Leader, is_read_as_it_was_written) {
  const std::string folder = (fs::path(::testing::TempDir()) / "leader_test").string();
  fs::remove_all(folder);
  EXPECT_FALSE(read_leader(folder).has_value());
  write_leader(folder, {"abc", {7s}, 3, "n1", 77, "1234", std::nullopt});
  const auto leader = read_leader(folder);
  ASSERT_TRUE(leader.has_value());
  EXPECT_EQ(leader->session, "abc");
  EXPECT_EQ(leader->patience.guest_stops, Duration(7s));
  EXPECT_EQ(leader->num_ranks, 3u);
  EXPECT_EQ(leader->host, "n1");
  EXPECT_EQ(leader->pid, 77);
  EXPECT_EQ(leader->job, "1234");
  EXPECT_EQ(leader->exit_code, std::nullopt);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace fugle::transport
