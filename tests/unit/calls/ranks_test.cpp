#include <gtest/gtest.h>

#include "unit/calls/local_link.hpp"
#include "unit/calls/rank_cases.hpp"

namespace fugle {
namespace {

struct Shape {
  int ranks;
  unsigned threads;
};
class CallsOverRanks : public testing::TestWithParam<Shape> {
 protected:
  template <class F>
  void on_all(F function) {
    on_ranks(GetParam().ranks, GetParam().threads, function);
  }
};

TEST_P(CallsOverRanks, give_the_values_of_a_random_graph) {
  on_all([](Calls& calls) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) cases::random_placed_graph(calls, seed);
  });
}
TEST_P(CallsOverRanks, grow_trees_and_send_their_values) {
  on_all([](Calls& calls) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) cases::growing_trees(calls, seed);
  });
}
TEST_P(CallsOverRanks, bring_large_values_to_where_they_are_needed) {
  on_all([](Calls& calls) { cases::large_values(calls, 50000); });
}
TEST_P(CallsOverRanks, run_placed_calls_where_they_must) { on_all(cases::placed_calls_run_where_they_must); }
TEST_P(CallsOverRanks, tell_the_owner_of_failures) { on_all(cases::failures_come_to_the_owner); }
TEST_P(CallsOverRanks, wait_for_nothing_for_ever) { on_all(cases::nothing_is_waited_for_for_ever); }
TEST_P(CallsOverRanks, bring_values_back_through_many_ranks) { on_all(cases::values_come_back_through_many_ranks); }
TEST_P(CallsOverRanks, bring_large_values_back_through_many_ranks) {
  on_all(cases::large_values_come_back_through_many_ranks);
}
TEST_P(CallsOverRanks, are_cancelled_together) { on_all(cases::cancelling_ends_the_calls_of_all); }
TEST_P(CallsOverRanks, end_together_when_an_exception_passes_on_one) {
  on_all([](Calls& calls) {
    if (calls.num_ranks() == 1) return;
    if (calls.rank() == 0) {
      try {
        // The calls of all ranks end while this one is on its way out.
        struct Leaves {};
        throw Leaves();
      } catch (...) {
      }
      calls.cancel();
      return;  // without wait(): the others are in theirs
    }
    const auto never = calls.receive<int>(0, 5);
    EXPECT_ANY_THROW(calls.wait());
  });
}

INSTANTIATE_TEST_SUITE_P(over, CallsOverRanks, testing::Values(Shape{1, 1}, Shape{2, 1}, Shape{3, 2}, Shape{4, 1}));

TEST(CallsOverTwoRanks, give_work_to_idle_ranks) { on_ranks(2, 1, cases::idle_ranks_take_work); }

TEST(CallsOverTwoRanks, keep_their_work_when_they_do_not_share) {
  on_ranks(
      2, 1,
      [](Calls& calls) {
        std::vector<Value<int>> where;
        for (int i = 0; i < 2000; ++i) where.push_back(calls.add(cases::rank_of_call));
        calls.wait();
        for (const auto& value : where) EXPECT_EQ(value.get(), calls.rank());
      },
      false);
}

}  // namespace
}  // namespace fugle
