// Resource-constrained project scheduling with up to four resources: the Patterson set and part of PSPLIB's j90
// (Kolisch, Sprecher, EJOR 96, 1996), with a small effort; bench/schedule_quality spends more.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "plan/pool_search.hpp"
#include "support/project_files.hpp"
#include "support/sample_data.hpp"

namespace fugle::plan {
namespace {

/// Needs are met, and nothing takes more than there is.
void expect_valid(const Pool& pool, const Timetable& timetable) {
  for (std::uint32_t task = 0; task < pool.num_tasks(); ++task) {
    for (const std::uint32_t need : pool.needs[task]) {
      EXPECT_GE(timetable.starts[task], timetable.starts[need] + pool.durations[need]);
    }
    std::vector<std::int64_t> taken(pool.num_resources(), 0);
    const double now = timetable.starts[task];
    for (std::uint32_t other = 0; other < pool.num_tasks(); ++other) {
      if (timetable.starts[other] > now || timetable.starts[other] + pool.durations[other] <= now) continue;
      for (std::size_t r = 0; r < taken.size(); ++r) taken[r] += pool.demand(other)[r];
    }
    for (std::size_t r = 0; r < taken.size(); ++r) EXPECT_LE(taken[r], pool.capacities[r]);
  }
}

/// Mean gap to the best known makespans over every so manieth project of a set.
double mean_gap(const std::string& set, std::size_t every, std::uint64_t max_steps) {
  double sum_of_gaps = 0;
  std::size_t num_seen = 0, num_done = 0;
  for (const auto& row : testing::read_csv(testing::sample_data("rcpsp/best_known.csv"))) {
    if (row.at("set") != set || num_seen++ % every != 0) continue;
    const Pool pool = testing::read_patterson(testing::sample_data("rcpsp/" + set + "/" + row.at("file")));
    const double best_known = std::stod(row.at("best_makespan"));
    const PoolSearchResult found = search_pool(pool, {}, {.max_steps = max_steps, .may_wait = true, .priorities = {}});
    EXPECT_LE(found.bound_s, best_known) << row.at("file");
    EXPECT_GE(found.best.makespan_s, std::stod(row.at("published_lower_bound"))) << row.at("file");
    expect_valid(pool, found.best);
    sum_of_gaps += found.best.makespan_s / best_known - 1;
    ++num_done;
  }
  return num_done > 0 ? sum_of_gaps / static_cast<double>(num_done) : 1;
}

TEST(Rcpsp, of_patterson_is_solved_within_half_a_percent) {
  const auto table = testing::sample_data("rcpsp/best_known.csv");
  if (!std::filesystem::exists(table)) GTEST_SKIP() << "SKIPPED: no sample data at " << table;
  EXPECT_LE(mean_gap("patterson", 1, 500'000), 0.005);
}

TEST(Rcpsp, of_psplib_with_ninety_activities_is_solved_within_four_percent) {
  const auto table = testing::sample_data("rcpsp/best_known.csv");
  if (!std::filesystem::exists(table)) GTEST_SKIP() << "SKIPPED: no sample data at " << table;
  EXPECT_LE(mean_gap("j90", 4, 1'000'000), 0.04);
}

}  // namespace
}  // namespace fugle::plan
