// What every Executor promises, as one body of tests over a World that holds the executor and knows how to make
// attempts that end as wanted:
//
//   struct World {
//     scheduler::Executor& executor();
//     scheduler::Launch launch(std::uint32_t element, Behaviour behaviour);   // attempt 1
//     void wait();                                     // until poll() may have something; real or virtual time
//   };
//
// INSTANTIATE_TYPED_TEST_SUITE_P(Real, ExecutorContract, World) in a *_test.cpp runs it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::testing {

enum class Behaviour : std::uint8_t {
  ends_well,      ///< soon
  fails,          ///< soon, with exit code 3
  never_ends,     ///< but heeds a stop
  exceeds_limit,  ///< never ends, and has a short timeout
};

template <class World>
class ExecutorContract : public ::testing::Test {
 protected:
  using Kind = scheduler::AttemptReport::Kind;

  void start(std::uint32_t element, Behaviour behaviour) { world_.executor().start(world_.launch(element, behaviour)); }
  void start_after(std::uint32_t element, Behaviour behaviour, std::uint32_t predecessor) {
    world_.executor().start_after(world_.launch(element, behaviour), ElementId(predecessor));
  }
  void stop(std::uint32_t element, scheduler::StopReason reason = scheduler::StopReason::cancelled) {
    world_.executor().stop(ElementId(element), reason);
  }
  [[nodiscard]] std::size_t count(Kind kind) const {
    return static_cast<std::size_t>(
        std::count_if(reports_.begin(), reports_.end(), [kind](const auto& report) { return report.kind == kind; }));
  }
  /// Polls until this many reports of the kind have come in all; fails after many waits.
  void wait_for(Kind kind, std::size_t wanted) {
    for (int i = 0; i < 10'000 && count(kind) < wanted; ++i) {
      world_.wait();
      world_.executor().poll(reports_);
    }
    ASSERT_GE(count(kind), wanted);
  }
  /// The reports of one element, in the order they came.
  [[nodiscard]] std::vector<scheduler::AttemptReport> reports_of(std::uint32_t element) const {
    std::vector<scheduler::AttemptReport> found;
    for (const auto& report : reports_)
      if (report.element == ElementId(element)) found.push_back(report);
    return found;
  }
  /// Runs one attempt and expects started, then ended; returns the latter.
  scheduler::AttemptReport run(std::uint32_t element, Behaviour behaviour) {
    start(element, behaviour);
    wait_for(Kind::ended, count(Kind::ended) + 1);
    return only_end_of(element);
  }
  scheduler::AttemptReport only_end_of(std::uint32_t element) {
    const auto reports = reports_of(element);
    EXPECT_EQ(reports.size(), 2u);
    if (reports.size() != 2) return {};
    EXPECT_EQ(reports[0].kind, Kind::started);
    EXPECT_EQ(reports[1].kind, Kind::ended);
    EXPECT_EQ(reports[0].attempt, 1);
    EXPECT_EQ(reports[1].attempt, 1);
    EXPECT_EQ(reports[0].start, reports[1].start);
    EXPECT_GE(reports[1].end, reports[1].start);
    return reports[1];
  }

  World world_;
  std::vector<scheduler::AttemptReport> reports_;
};

TYPED_TEST_SUITE_P(ExecutorContract);

TYPED_TEST_P(ExecutorContract, a_start_is_answered_by_one_started_and_one_ended) {
  const auto end = this->run(1, Behaviour::ends_well);
  EXPECT_EQ(end.cls, graph::FailureClass::none);
  EXPECT_EQ(end.exit, 0);
  EXPECT_EQ(end.reason, "");
}

TYPED_TEST_P(ExecutorContract, a_failure_has_a_class_an_exit_code_and_a_reason) {
  const auto end = this->run(1, Behaviour::fails);
  EXPECT_EQ(end.cls, graph::FailureClass::error);
  EXPECT_EQ(end.exit, 3);
  EXPECT_NE(end.reason, "");
}

TYPED_TEST_P(ExecutorContract, every_one_of_many_attempts_ends_once) {
  constexpr std::uint32_t kCount = 50;
  for (std::uint32_t i = 0; i < kCount; ++i) this->start(i, i % 3 == 0 ? Behaviour::fails : Behaviour::ends_well);
  this->wait_for(TestFixture::Kind::ended, kCount);
  for (std::uint32_t i = 0; i < kCount; ++i)
    EXPECT_EQ(this->only_end_of(i).cls, i % 3 == 0 ? graph::FailureClass::error : graph::FailureClass::none);
}

TYPED_TEST_P(ExecutorContract, a_stopped_attempt_is_cancelled_and_its_neighbour_goes_on) {
  this->start(1, Behaviour::never_ends);
  this->start(2, Behaviour::never_ends);
  this->wait_for(TestFixture::Kind::started, 2);
  this->stop(1);
  this->wait_for(TestFixture::Kind::ended, 1);
  EXPECT_EQ(this->only_end_of(1).cls, graph::FailureClass::cancelled);
  EXPECT_EQ(this->reports_of(2).size(), 1u);
  this->stop(2, scheduler::StopReason::shutdown);
  this->wait_for(TestFixture::Kind::ended, 2);
  EXPECT_EQ(this->only_end_of(2).cls, graph::FailureClass::cancelled);
}

TYPED_TEST_P(ExecutorContract, an_attempt_may_be_stopped_before_it_is_reported_started) {
  this->start(1, Behaviour::never_ends);
  this->stop(1);
  this->wait_for(TestFixture::Kind::ended, 1);
  EXPECT_EQ(this->reports_of(1).back().cls, graph::FailureClass::cancelled);
}

TYPED_TEST_P(ExecutorContract, stopping_what_is_unknown_ended_or_stopping_does_nothing) {
  this->stop(99);
  this->run(1, Behaviour::ends_well);
  this->stop(1);
  this->start(2, Behaviour::never_ends);
  this->stop(2);
  this->stop(2);
  this->wait_for(TestFixture::Kind::ended, 2);
  this->run(3, Behaviour::ends_well);
  EXPECT_EQ(this->count(TestFixture::Kind::ended), 3u);
}

TYPED_TEST_P(ExecutorContract, an_attempt_that_exceeds_its_timeout_is_ended) {
  EXPECT_EQ(this->run(1, Behaviour::exceeds_limit).cls, graph::FailureClass::timeout);
}

TYPED_TEST_P(ExecutorContract, an_element_may_be_attempted_again_once_it_has_ended) {
  this->run(1, Behaviour::fails);
  auto again = this->world_.launch(1, Behaviour::ends_well);
  again.attempt = 2;
  this->world_.executor().start(again);
  this->wait_for(TestFixture::Kind::ended, 2);
  EXPECT_EQ(this->reports_of(1).back().attempt, 2);
  EXPECT_EQ(this->reports_of(1).back().cls, graph::FailureClass::none);
}

TYPED_TEST_P(ExecutorContract, polling_without_news_adds_nothing) {
  this->world_.executor().poll(this->reports_);
  EXPECT_TRUE(this->reports_.empty());
}

TYPED_TEST_P(ExecutorContract, a_follower_takes_the_place_of_its_predecessor_however_that_ends) {
  this->start(1, Behaviour::never_ends);
  this->start_after(2, Behaviour::fails, 1);
  this->start(3, Behaviour::ends_well);
  this->wait_for(TestFixture::Kind::ended, 1);
  EXPECT_TRUE(this->reports_of(2).empty()) << "it waits";
  this->stop(1);
  this->wait_for(TestFixture::Kind::ended, 3);
  ASSERT_EQ(this->reports_of(2).size(), 2u);
  EXPECT_EQ(this->reports_of(2).back().cls, graph::FailureClass::error);
  EXPECT_GE(this->reports_of(2).back().start, this->reports_of(1).back().end);
}

TYPED_TEST_P(ExecutorContract, a_chain_of_followers_runs_to_its_end) {
  this->start(1, Behaviour::ends_well);
  for (std::uint32_t e = 2; e <= 50; ++e) {
    this->start_after(e, e % 2 == 0 ? Behaviour::fails : Behaviour::ends_well, e - 1);
    this->wait_for(TestFixture::Kind::ended, e - 1);
  }
  this->wait_for(TestFixture::Kind::ended, 50);
  EXPECT_EQ(this->count(TestFixture::Kind::started), 50u);
}

TYPED_TEST_P(ExecutorContract, a_follower_of_what_has_ended_starts_at_once) {
  this->run(1, Behaviour::ends_well);
  this->start_after(2, Behaviour::ends_well, 1);
  this->wait_for(TestFixture::Kind::ended, 2);
}

TYPED_TEST_P(ExecutorContract, a_follower_may_be_started_before_its_predecessor_ends) {
  this->start(1, Behaviour::never_ends);
  this->start_after(2, Behaviour::ends_well, 1);
  this->world_.executor().start_now(ElementId(2));
  this->world_.executor().start_now(ElementId(2));
  this->wait_for(TestFixture::Kind::ended, 1);
  EXPECT_EQ(this->reports_of(2).size(), 2u);
  this->stop(1);
  this->wait_for(TestFixture::Kind::ended, 2);
}

TYPED_TEST_P(ExecutorContract, a_follower_that_is_stopped_never_starts) {
  this->start(1, Behaviour::never_ends);
  this->start_after(2, Behaviour::ends_well, 1);
  this->stop(2);
  this->wait_for(TestFixture::Kind::ended, 1);
  ASSERT_EQ(this->reports_of(2).size(), 1u);
  EXPECT_EQ(this->reports_of(2).back().cls, graph::FailureClass::cancelled);
  this->stop(1);
  this->wait_for(TestFixture::Kind::ended, 2);
}

REGISTER_TYPED_TEST_SUITE_P(
    ExecutorContract, a_start_is_answered_by_one_started_and_one_ended, a_failure_has_a_class_an_exit_code_and_a_reason,
    every_one_of_many_attempts_ends_once, a_stopped_attempt_is_cancelled_and_its_neighbour_goes_on,
    an_attempt_may_be_stopped_before_it_is_reported_started, stopping_what_is_unknown_ended_or_stopping_does_nothing,
    an_attempt_that_exceeds_its_timeout_is_ended, an_element_may_be_attempted_again_once_it_has_ended,
    a_follower_takes_the_place_of_its_predecessor_however_that_ends, a_chain_of_followers_runs_to_its_end,
    a_follower_of_what_has_ended_starts_at_once, a_follower_may_be_started_before_its_predecessor_ends,
    a_follower_that_is_stopped_never_starts, polling_without_news_adds_nothing);

}  // namespace fugle::testing
