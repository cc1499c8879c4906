#include "app/preemption_shield.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace fugle::app {
namespace {

using namespace std::chrono_literals;
using scheduler::AttemptReport;
using scheduler::FailureClass;

/// Reports what it is told to.
struct FakeExecutor final : scheduler::Executor {
  void start(const scheduler::Launch&) override {}
  void start_after(const scheduler::Launch&, ElementId) override {}
  void start_now(ElementId) override {}
  void stop(ElementId, scheduler::StopReason) override {}
  void signal(ElementId, int) override {}
  void poll(std::vector<AttemptReport>& reports) override {
    reports.insert(reports.end(), next.begin(), next.end());
    next.clear();
  }
  void end(FailureClass cls, int exit) {
    AttemptReport report;
    report.kind = AttemptReport::Kind::ended;
    report.element = ElementId(0);
    report.cls = cls;
    report.exit = exit;
    next.push_back(report);
  }
  std::vector<AttemptReport> next;
};

struct PreemptionShieldTest : ::testing::Test {
  std::vector<AttemptReport> poll() {
    std::vector<AttemptReport> reports;
    shield.poll(reports);
    return reports;
  }
  FakeExecutor executor;
  PreemptionShield::Instant now{};
  std::optional<PreemptionShield::Instant> term;
  PreemptionShield shield{executor, [this] { return term; }, [this] { return now; }};
};

TEST_F(PreemptionShieldTest, lets_through_what_has_nothing_to_do_with_it) {
  executor.end(FailureClass::none, 0);
  executor.end(FailureClass::error, 1);
  executor.end(FailureClass::signal, -SIGSEGV);
  EXPECT_EQ(poll().size(), 3u);
  EXPECT_EQ(shield.time_left(), std::nullopt);
}

TEST_F(PreemptionShieldTest, calls_preempted_what_fails_after_the_rank_was_told_to_end) {
  term = now;
  executor.end(FailureClass::signal, -SIGTERM);
  executor.end(FailureClass::error, 1);
  executor.end(FailureClass::none, 0);
  const auto reports = poll();
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].cls, FailureClass::preempted);
  EXPECT_EQ(reports[1].cls, FailureClass::preempted);
  EXPECT_EQ(reports[2].cls, FailureClass::none) << "what ended well did";
}

TEST_F(PreemptionShieldTest, waits_a_moment_for_the_signal_of_the_rank) {
  for (const int exit : {-SIGTERM, 128 + SIGTERM}) {
    term.reset();
    executor.end(exit < 0 ? FailureClass::signal : FailureClass::error, exit);
    EXPECT_TRUE(poll().empty());
    EXPECT_GT(*shield.time_left(), 0s);
    term = now += 100ms;
    const auto reports = poll();
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].cls, FailureClass::preempted);
  }
}

TEST_F(PreemptionShieldTest, believes_in_a_failure_when_the_rank_was_not_told) {
  executor.end(FailureClass::signal, -SIGTERM);
  EXPECT_TRUE(poll().empty());
  now += *shield.time_left();
  const auto reports = poll();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].cls, FailureClass::signal);
}

TEST_F(PreemptionShieldTest, forgets_a_signal_that_had_no_consequences) {
  term = now;
  now += 1h;
  executor.end(FailureClass::error, 1);
  EXPECT_EQ(poll().at(0).cls, FailureClass::error);
}

}  // namespace
}  // namespace fugle::app
