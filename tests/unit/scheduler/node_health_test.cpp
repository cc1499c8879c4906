#include "scheduler/node_health.hpp"

#include <gtest/gtest.h>

namespace fugle::scheduler {
namespace {

using graph::FailureClass;

TEST(NodeHealth, finds_a_node_bad_after_three_infrastructure_failures_in_a_row) {
  NodeHealth health;
  for (std::uint32_t i = 0; i < 2; ++i) health.on_failure(1, ElementId(i), FailureClass::launch);
  EXPECT_TRUE(health.is_suspect(1));
  EXPECT_FALSE(health.is_bad(1));
  health.on_lost_worker(1);
  EXPECT_TRUE(health.is_bad(1));
  EXPECT_FALSE(health.is_suspect(0));
}

TEST(NodeHealth, forgets_what_was_before_an_attempt_that_ended_well) {
  NodeHealth health;
  for (std::uint32_t i = 0; i < 2; ++i) health.on_failure(0, ElementId(i), FailureClass::lost);
  (void)health.on_ok(0, ElementId(7));
  health.on_failure(0, ElementId(2), FailureClass::lost);
  EXPECT_FALSE(health.is_bad(0));
}

TEST(NodeHealth, does_not_blame_a_node_for_a_task_that_fails_everywhere) {
  NodeHealth health;
  for (std::uint32_t i = 0; i < 100; ++i) health.on_failure(0, ElementId(i), FailureClass::error);
  EXPECT_FALSE(health.is_suspect(0));
}

TEST(NodeHealth, blames_a_node_where_failed_what_then_went_well_elsewhere) {
  NodeHealth health;
  for (std::uint32_t i = 0; i < 3; ++i) {
    health.on_failure(0, ElementId(i), FailureClass::error);
    EXPECT_EQ(health.on_ok(1, ElementId(i)), 0u);
  }
  EXPECT_TRUE(health.is_bad(0));
  EXPECT_FALSE(health.is_suspect(1));
}

}  // namespace
}  // namespace fugle::scheduler
