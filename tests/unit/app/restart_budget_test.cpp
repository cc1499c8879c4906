#include "app/restart_budget.hpp"

#include <gtest/gtest.h>

namespace fugle::app {
namespace {

TEST(RestartBudget, counts_restarts_in_a_row) {
  RestartBudget budget(2);
  EXPECT_EQ(budget.take(), 1U);
  EXPECT_EQ(budget.take(), 2U);
  EXPECT_EQ(budget.take(), std::nullopt);
}

TEST(RestartBudget, begins_anew_when_something_ended) {
  RestartBudget budget(2);
  budget.note_progress(0);
  EXPECT_EQ(budget.take(), 1U);
  budget.note_progress(5);
  EXPECT_EQ(budget.take(), 1U);
  EXPECT_EQ(budget.take(), 2U);
  budget.note_progress(5);
  EXPECT_EQ(budget.take(), std::nullopt);
}

TEST(RestartBudget, takes_what_had_ended_before_for_no_progress) {
  RestartBudget budget(1);
  EXPECT_EQ(budget.take(), 1U);
  budget.note_progress(100);
  EXPECT_EQ(budget.take(), std::nullopt);
}

TEST(RestartBudget, allows_none_when_told_so) { EXPECT_EQ(RestartBudget(0).take(), std::nullopt); }

}  // namespace
}  // namespace fugle::app
