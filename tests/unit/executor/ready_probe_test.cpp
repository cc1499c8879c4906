#include "executor/ready_probe.hpp"

#include <gtest/gtest.h>

namespace fugle::executor {
namespace {

using namespace std::chrono_literals;
using Act = ReadyProbe::Act;

constexpr ReadyProbe::SteadyTime kStart{};

TEST(ReadyProbe, asks_nothing_before_the_program_has_started) {
  ReadyProbe probe(5min);
  EXPECT_EQ(probe.act(kStart + 1h), Act::nothing);
}

TEST(ReadyProbe, asks_soon_at_first_and_then_each_second) {
  ReadyProbe probe(5min);
  probe.begin(kStart);
  int num_asked = 0;
  for (auto now = kStart; now < kStart + 60s; now += 10ms) {
    if (probe.act(now) != Act::ask) continue;
    ++num_asked;
    EXPECT_FALSE(probe.hear("exit code 1", "", now));
    if (num_asked == 1) EXPECT_LE(now - kStart, 200ms);
  }
  EXPECT_GE(num_asked, 58);
  EXPECT_LE(num_asked, 65);
}

TEST(ReadyProbe, asks_one_question_at_a_time) {
  ReadyProbe probe(5min);
  probe.begin(kStart);
  EXPECT_EQ(probe.act(kStart + 1s), Act::ask);
  EXPECT_EQ(probe.act(kStart + 20s), Act::nothing);
}

TEST(ReadyProbe, is_content_with_one_good_answer) {
  ReadyProbe probe(5min);
  probe.begin(kStart);
  EXPECT_EQ(probe.act(kStart + 1s), Act::ask);
  EXPECT_TRUE(probe.hear("", "", kStart + 1s));
  EXPECT_EQ(probe.act(kStart + 1h), Act::nothing);
  EXPECT_FALSE(probe.is_asking());
}

TEST(ReadyProbe, gives_up_once_and_says_what_the_last_answer_was) {
  ReadyProbe probe(5min);
  probe.begin(kStart);
  EXPECT_EQ(probe.act(kStart + 1s), Act::ask);
  EXPECT_FALSE(probe.hear("exit code 7", "trying\nconnection refused\n\n", kStart + 2s));
  EXPECT_EQ(probe.act(kStart + 5min), Act::give_up);
  EXPECT_TRUE(probe.has_given_up());
  EXPECT_EQ(probe.act(kStart + 6min), Act::nothing);
  EXPECT_EQ(probe.reason(), "not ready within 5m (the last 'ready': exit code 7: connection refused)");
}

TEST(ReadyProbe, says_when_there_was_no_answer_at_all) {
  ReadyProbe probe(2s);
  probe.begin(kStart);
  EXPECT_EQ(probe.act(kStart + 1s), Act::ask);
  EXPECT_EQ(probe.act(kStart + 2s), Act::give_up);
  EXPECT_EQ(probe.reason(), "not ready within 2s ('ready' has not ended)");
}

TEST(ReadyProbe, bounds_each_question) {
  ReadyProbe probe(5min);
  probe.begin(kStart);
  EXPECT_EQ(probe.limit(kStart), 30s);
  EXPECT_EQ(probe.limit(kStart + 5min - 3s), 3s);
  EXPECT_EQ(probe.limit(kStart + 5min), 1s);
}

TEST(ReadyProbe, takes_no_answer_after_the_end) {
  ReadyProbe probe(5min);
  probe.begin(kStart);
  EXPECT_EQ(probe.act(kStart + 1s), Act::ask);
  probe.end();
  EXPECT_FALSE(probe.hear("", "", kStart + 2s));
}

}  // namespace
}  // namespace fugle::executor
