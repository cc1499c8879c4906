#include "calls/task_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "calls/task_bench.hpp"

namespace fugle::calls {
namespace {

using testing::ElementsAre;

TaskGraph graph_of(std::string_view pattern, long width, long steps) {
  TaskGraph graph;
  graph.pattern = pattern_of(pattern).value();
  graph.width = width;
  graph.steps = steps;
  return graph;
}

TEST(TaskGraph, needs_what_the_paper_says) {
  EXPECT_THAT(graph_of("stencil_1d", 8, 4).needs(1, 0), ElementsAre(0, 1));
  EXPECT_THAT(graph_of("stencil_1d", 8, 4).needs(1, 3), ElementsAre(2, 3, 4));
  EXPECT_THAT(graph_of("fft", 8, 4).needs(2, 3), ElementsAre(1, 3, 5));
  EXPECT_THAT(graph_of("tree", 8, 4).needs(2, 3), ElementsAre(1));
  EXPECT_THAT(graph_of("all_to_all", 3, 4).needs(1, 1), ElementsAre(0, 1, 2));
  EXPECT_THAT(graph_of("nearest", 16, 4).needs(1, 8), ElementsAre(6, 7, 8, 9, 10));
  EXPECT_THAT(graph_of("spread", 20, 4).needs_in_set(1, 2), ElementsAre(2, 7, 11, 15, 19));
  EXPECT_THAT(graph_of("stencil_1d", 8, 4).needs(0, 3), ElementsAre());
  EXPECT_FALSE(pattern_of("square"));
}

TEST(TaskGraph, keeps_the_point_itself_among_random_neighbours) {
  const TaskGraph graph = graph_of("random_nearest", 64, 4);
  std::size_t count = 0;
  for (long point = 2; point < 62; ++point) {
    const auto needs = graph.needs(1, point);
    EXPECT_THAT(needs, testing::Contains(point));
    count += needs.size();
  }
  // Of four neighbours each is there with a probability of a quarter.
  EXPECT_GT(count, 60u + 20u);
  EXPECT_LT(count, 60u + 120u);
}

TEST(TaskGraph, has_as_many_tasks_and_dependencies_as_task_bench_counts) {
  std::ifstream file(FUGLE_SOURCE_DIR "/../shared/data/taskbench/expected_counts.csv");
  if (!file)
    GTEST_SKIP()
        << "no ../shared/data/taskbench/expected_counts.csv: the counts are not held against the published ones";
  std::string line;
  std::getline(file, line);
  int num_rows = 0;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string pattern;
    std::getline(fields, pattern, ',');
    std::array<long, 7> numbers{};
    for (long& number : numbers) {
      std::string text;
      std::getline(fields, text, ',');
      number = std::stol(text);
    }
    TaskGraph graph = graph_of(pattern, numbers[0], numbers[1]);
    graph.radix = numbers[2];
    graph.period = numbers[3];
    EXPECT_EQ(graph.num_tasks() * numbers[4], numbers[5]) << line;
    EXPECT_EQ(graph.num_dependencies() * numbers[4], numbers[6]) << line;
    ++num_rows;
  }
  EXPECT_EQ(num_rows, 186);
}

TEST(TaskGraph, runs_with_every_pattern) {
  for (const char* pattern : {"trivial", "no_comm", "stencil_1d", "stencil_1d_periodic", "dom", "tree", "fft",
                              "all_to_all", "nearest", "spread", "random_nearest"}) {
    CallsOptions options;
    options.threads = 2;
    EXPECT_NO_THROW((void)run_task_graph(options, graph_of(pattern, 7, 20), 1)) << pattern;
  }
}

TEST(TaskGraph, splits_columns_among_ranks) {
  for (const long width : {1L, 7L, 8L, 100L}) {
    const TaskGraph graph = graph_of("stencil_1d", width, 1);
    for (const int num_ranks : {1, 2, 3, 8}) {
      for (long point = 0; point < width; ++point) {
        const Columns columns = columns_of(graph, rank_of(graph, point, num_ranks), num_ranks);
        EXPECT_TRUE(columns.first <= point && point < columns.last) << width << " " << num_ranks << " " << point;
      }
    }
  }
}

TEST(Metg, is_the_length_of_a_task_at_half_efficiency) {
  // 1 us of overhead per task: half of the time is work when a task takes 2 us. 1000 tasks, 1 worker, 1 ns an
  // iteration.
  std::vector<Sample> samples;
  for (long iterations = 1 << 14; iterations >= 64; iterations /= 2)
    samples.push_back({iterations, 1000 * (1e-6 + static_cast<double>(iterations) * 1e-9)});
  EXPECT_NEAR(find_metg(samples, 1000, 1, 1e-9).value(), 2e-6, 1e-7);
  EXPECT_FALSE(find_metg({samples.front()}, 1000, 1, 1e-9));
  EXPECT_FALSE(find_metg({samples.back()}, 1000, 1, 1e-9));
}

TEST(Metg, is_searched_from_long_tasks_to_short_ones) {
  const auto run = [](long iterations) { return 1000 * (1e-6 + static_cast<double>(iterations) * 1e-9); };
  const auto samples = take_samples(run, 1, 1000, 1, 1e-9);
  EXPECT_GT(samples.size(), 3u);
  EXPECT_NEAR(find_metg(samples, 1000, 1, 1e-9).value(), 2e-6, 1e-7);
}

}  // namespace
}  // namespace fugle::calls
