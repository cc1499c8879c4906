// Standard Task Graph Set (Tobita, Kasahara, J. Scheduling 5(5), 2002) on 2 to 16 identical processors: a part of the
// set with a small effort; bench/schedule_quality does all of it.
//
// Some published optima are below what no schedule can be (on 2 processors 50/rand0060: 112 units of work cannot start
// before 108, so 164, not 157). There the proven bound is the reference.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "plan/pool_search.hpp"
#include "support/project_files.hpp"
#include "support/sample_data.hpp"

namespace fugle::plan {
namespace {

constexpr std::size_t kEvery = 6;  // of the graphs
constexpr std::uint64_t kSteps = 2'000'000;

TEST(Stg, schedules_are_within_a_thousandth_of_the_optimum_on_average) {
  const auto table = testing::sample_data("stg/optimal.csv");
  if (!std::filesystem::exists(table)) GTEST_SKIP() << "SKIPPED: no sample data at " << table;
  double sum_of_gaps = 0;
  int num_cases = 0;
  std::size_t graph = 0;
  std::string last_file;
  for (const auto& row : testing::read_csv(table)) {
    if (row.at("file") != last_file) ++graph, last_file = row.at("file");
    if (graph % kEvery != 0) continue;
    const Pool pool = testing::read_stg(testing::sample_data("stg/" + row.at("tasks") + "/" + row.at("file")),
                                        std::stoi(row.at("processors")));
    const PoolSearchResult found = search_pool(pool, {}, {.max_steps = kSteps, .may_wait = true, .priorities = {}});
    const double reference = std::max(std::stod(row.at("optimal_makespan")), found.bound_s);
    EXPECT_GE(found.best.makespan_s, reference) << row.at("file") << " on " << row.at("processors");
    sum_of_gaps += found.best.makespan_s / reference - 1;
    ++num_cases;
  }
  ASSERT_GT(num_cases, 100);
  EXPECT_LE(sum_of_gaps / num_cases, 0.001);
}

}  // namespace
}  // namespace fugle::plan
