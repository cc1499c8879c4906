#include "plan/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"
#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/start_order.hpp"
#include "small_graph.hpp"

namespace fugle::plan {
namespace {

/// A graph and a machine that live as long as what looks at them.
class Case {
 public:
  Case(SmallGraph maker, Machine machine)
      : graph_(std::move(maker).freeze()), machine_(std::move(machine)), durations_(expected_durations(graph_)) {}

  [[nodiscard]] Problem problem() const { return {graph_, machine_, durations_, {}}; }
  [[nodiscard]] SearchResult search(SearchOptions options) const { return search_schedule(problem(), {}, options); }

  [[nodiscard]] Plan plan_by_rank() const {
    Plan plan;
    plan.priority = effective_priorities(graph_);
    plan.order = start_order(plan.priority, graph::upward_ranks(graph_, durations_));
    return plan;
  }

 private:
  graph::Graph graph_;
  Machine machine_;
  std::vector<double> durations_;
};

Machine workers(std::size_t how_many, Slot slot = {}) {
  Machine machine;
  machine.workers.assign(how_many, slot);
  return machine;
}

SmallGraph random_graph(std::uint64_t seed, int size, std::uint32_t max_cores, bool has_priorities = false) {
  Random random(seed);
  SmallGraph maker;
  std::vector<ElementId> made;
  for (int i = 0; i < size; ++i) {
    const auto cores = static_cast<std::uint32_t>(1 + random.below(max_cores));
    maker.task(cores, 0, has_priorities ? static_cast<std::int32_t>(random.below(2)) : 0);
    const double seconds = 0.5 + random.uniform() * 10;
    if (made.size() < 4 || random.chance(0.3)) {
      made.push_back(maker.element(seconds));
    } else {
      made.push_back(maker.element(seconds, {made[random.below(made.size())], made[random.below(made.size())]}));
    }
  }
  return maker;
}

TEST(Search, finds_the_even_split_that_the_longest_first_does_not) {
  SmallGraph maker;
  for (const double seconds : {3, 3, 2, 2, 2}) maker.element(seconds);
  const Case five(std::move(maker), workers(2));
  EXPECT_DOUBLE_EQ(predict(five.problem(), five.plan_by_rank()).makespan_s, 7);
  const SearchResult result = five.search({.max_steps = 100'000});
  EXPECT_DOUBLE_EQ(result.makespan_s, 6);
  EXPECT_TRUE(result.is_proven_optimal);
  EXPECT_TRUE(result.plan.was_searched);
}

TEST(Search, waits_for_a_wide_element_only_where_it_may) {
  SmallGraph maker;
  maker.task(1);
  const auto first = maker.element(1);
  maker.element(10);
  const auto wide = maker.task(2).element(10, {first});
  maker.task(1).element(10, {wide});
  const Case four(std::move(maker), workers(1, {.cores = 2}));
  EXPECT_DOUBLE_EQ(four.search({.max_steps = 100'000}).makespan_s, 30);
  const SearchResult waiting = four.search({.max_steps = 100'000, .may_wait = true});
  EXPECT_DOUBLE_EQ(waiting.makespan_s, 21);
  EXPECT_TRUE(waiting.is_proven_optimal);
}

void expect_better_or_equal(const Case& what, std::uint64_t seed) {
  const Problem problem = what.problem();
  const Plan start = what.plan_by_rank();
  const double before = predict(problem, start).makespan_s;
  const SearchResult result = search_schedule(problem, {start}, {.max_steps = 200'000, .seed = seed});
  const Prediction prediction = predict(problem, result.plan);
  EXPECT_LE(prediction.makespan_s, before) << "seed " << seed;
  EXPECT_DOUBLE_EQ(prediction.makespan_s, result.makespan_s) << "seed " << seed;
  EXPECT_GE(prediction.makespan_s * (1 + 1e-9), lower_bound(problem).seconds) << "seed " << seed;
  EXPECT_EQ(prediction.num_unplaced, 0u);
}

TEST(Search, is_never_worse_than_its_start_and_predicted_as_promised_on_single_cores) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    expect_better_or_equal(Case(random_graph(seed, 60, 1), workers(3)), seed);
  }
}

TEST(Search, is_never_worse_than_its_start_and_predicted_as_promised_on_one_large_worker) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    expect_better_or_equal(Case(random_graph(seed, 60, 5), workers(1, {.cores = 8})), seed);
  }
}

TEST(Search, is_never_worse_than_its_start_and_predicted_as_promised_where_pieces_are_left_over) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    expect_better_or_equal(Case(random_graph(seed, 60, 3), workers(3, {.cores = 4})), seed);
  }
}

TEST(Search, is_never_worse_than_its_start_and_predicted_as_promised_where_data_takes_time) {
  Machine machine = workers(4);
  machine.seconds_per_byte = 2;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    expect_better_or_equal(Case(random_graph(seed, 40, 1), machine), seed);
  }
}

TEST(Search, leaves_higher_priorities_first) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Case what(random_graph(seed, 40, 1, true), workers(2));
    expect_better_or_equal(what, seed);
    const SearchResult result = what.search({.max_steps = 100'000, .seed = seed});
    EXPECT_EQ(result.plan.priority, what.plan_by_rank().priority);
  }
}

TEST(Search, of_the_same_seed_gives_the_same_plan) {
  const Case what(random_graph(7, 50, 3), workers(2, {.cores = 4}));
  const SearchResult one = what.search({.max_steps = 100'000, .seed = 5});
  const SearchResult two = what.search({.max_steps = 100'000, .seed = 5});
  EXPECT_EQ(one.plan.order, two.plan.order);
  EXPECT_EQ(one.plan.homes, two.plan.homes);
}

TEST(Search, passes_gates) {
  SmallGraph maker;
  std::vector<ElementId> before, after;
  for (const double seconds : {3, 3, 2, 2, 2}) before.push_back(maker.element(seconds));
  for (const double seconds : {2, 2, 3, 3, 2}) after.push_back(maker.element(seconds));
  maker.all_need_all(before, after);
  const Case what(std::move(maker), workers(2));
  EXPECT_DOUBLE_EQ(what.search({.max_steps = 1'000'000}).makespan_s, 12);
}

TEST(Search, returns_the_start_where_something_fits_nowhere) {
  SmallGraph maker;
  maker.task(9).element(1);
  maker.task(1).element(2);
  const Case what(std::move(maker), workers(2, {.cores = 4}));
  const SearchResult result = what.search({.max_steps = 100'000});
  EXPECT_DOUBLE_EQ(result.makespan_s, 2);
  EXPECT_FALSE(result.is_proven_optimal);
}

TEST(Search, without_steps_returns_the_best_start) {
  const Case what(random_graph(3, 30, 1), workers(2));
  Plan reverse = what.plan_by_rank();
  for (std::uint32_t& position : reverse.order) position = 29 - position;
  const Plan best = search(what.problem(), {reverse, what.plan_by_rank()}, {});
  EXPECT_LE(predict(what.problem(), best).makespan_s, predict(what.problem(), what.plan_by_rank()).makespan_s);
  EXPECT_FALSE(best.was_searched);
}

}  // namespace
}  // namespace fugle::plan
