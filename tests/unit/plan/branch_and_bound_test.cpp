#include "plan/branch_and_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/pool_search.hpp"
#include "small_graph.hpp"

namespace fugle::plan {
namespace {

/// Small integers, so that times are equal often.
Pool random_pool(Random& random, std::uint32_t num_tasks) {
  Pool pool;
  pool.capacities = {4, 3};
  for (std::uint32_t task = 0; task < num_tasks; ++task) {
    pool.durations.push_back(static_cast<double>(random.below(6)));
    pool.demands.push_back(static_cast<std::int64_t>(random.below(4)));
    pool.demands.push_back(static_cast<std::int64_t>(random.below(3)));
    for (std::uint32_t need = 0; need < task; ++need) {
      if (random.chance(0.15)) pool.needs.columns.push_back(need);
    }
    pool.needs.offsets.push_back(static_cast<std::uint32_t>(pool.needs.columns.size()));
  }
  pool.successors = transposed(pool.needs);
  return pool;
}

/// Over all permutations: an optimal schedule is among those of the serial scheme.
double optimum_of_all_lists(const Pool& pool) {
  SerialScheme scheme(pool);
  Timetable timetable;
  std::vector<std::uint32_t> list(pool.num_tasks());
  std::iota(list.begin(), list.end(), 0);
  double optimum = 1e9;
  do {
    std::vector<bool> is_done(list.size());
    const bool is_feasible = std::all_of(list.begin(), list.end(), [&](std::uint32_t task) {
      is_done[task] = true;
      const auto needs = pool.needs[task];
      return std::all_of(needs.begin(), needs.end(), [&](std::uint32_t need) { return is_done[need]; });
    });
    if (!is_feasible) continue;
    scheme.run(list, timetable);
    optimum = std::min(optimum, timetable.makespan_s);
  } while (std::next_permutation(list.begin(), list.end()));
  return optimum;
}

TEST(BranchAndBound, finds_the_best_of_all_lists) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    const Pool pool = random_pool(random, 7);
    const ExactResult exact = branch_and_bound(worker_model_of(pool), {.better_than_s = 1e9, .max_steps = 10'000'000});
    ASSERT_TRUE(exact.is_complete);
    ASSERT_DOUBLE_EQ(exact.makespan_s, optimum_of_all_lists(pool)) << "seed " << seed;
  }
}

TEST(BranchAndBound, agrees_with_bounds_and_with_the_search_on_more_tasks) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const Pool pool = random_pool(random, 12);
    const PoolSearchResult found = search_pool(pool, {}, {.max_steps = 300'000, .may_wait = true, .priorities = {}});
    const ExactResult exact = branch_and_bound(worker_model_of(pool), {.better_than_s = 1e9, .max_steps = 50'000'000});
    ASSERT_TRUE(exact.is_complete);
    ASSERT_DOUBLE_EQ(found.best.makespan_s, exact.makespan_s) << "seed " << seed;
    ASSERT_LE(found.bound_s, exact.makespan_s) << "seed " << seed;
    ASSERT_LE(tightened(pool, lower_bound(pool).seconds, exact.makespan_s + 5, 1'000'000).bound_s, exact.makespan_s)
        << "seed " << seed;
  }
}

TEST(BranchAndBound, says_when_it_was_cut_short) {
  Random random(1);
  const Pool pool = random_pool(random, 12);
  EXPECT_FALSE(branch_and_bound(worker_model_of(pool), {.better_than_s = 1e9, .max_steps = 10}).is_complete);
}

TEST(BranchAndBound, finds_nothing_where_nothing_is_shorter) {
  Random random(2);
  const Pool pool = random_pool(random, 8);
  const WorkerModel model = worker_model_of(pool);
  const double optimum = branch_and_bound(model, {.better_than_s = 1e9, .max_steps = 10'000'000}).makespan_s;
  const ExactResult none = branch_and_bound(model, {.better_than_s = optimum, .max_steps = 10'000'000});
  EXPECT_TRUE(none.starts.empty());
  EXPECT_TRUE(none.is_complete);
}

TEST(BranchAndBound, keeps_data_where_it_is) {
  SmallGraph maker;
  const auto a = maker.element(2);
  const auto b = maker.element(2);
  maker.element(2, {a});
  maker.element(2, {b});
  const graph::Graph graph = std::move(maker).freeze();
  const auto durations = expected_durations(graph);
  Machine machine;
  machine.workers.resize(2);
  machine.seconds_per_byte = 5;
  const ExactResult exact = branch_and_bound(worker_model_of(Problem{graph, machine, durations, {}}),
                                             {.better_than_s = 1e9, .max_steps = 1'000'000});
  EXPECT_DOUBLE_EQ(exact.makespan_s, 4);
  EXPECT_EQ(exact.starts[0].worker, exact.starts[2].worker);
}

}  // namespace
}  // namespace fugle::plan
