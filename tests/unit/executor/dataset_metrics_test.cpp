#include "executor/dataset_metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace fugle::executor {
namespace {

graph::Metric by_regex(const std::string& name) {
  graph::Metric metric;
  metric.name = name;
  metric.regex = "(x)";
  return metric;
}

graph::Metric by_dataset(const std::string& name, std::uint32_t output) {
  graph::Metric metric;
  metric.name = name;
  metric.dataset = "/" + name;
  metric.output = output;
  return metric;
}

TEST(DatasetMetrics, TheOrderSaysWhatToReadAndWhatToRunThen) {
  const std::vector<graph::Metric> metrics{by_regex("a"), by_dataset("b", 1), by_dataset("c", 0)};
  const std::vector<std::string> outputs{"/d/.1-x.h5", "/d/.1-y.h5"};
  const auto words = dataset_command(metrics, outputs, "/bin/fugle", "/tmp/f", {"bash", "-c", "rm -r work"});
  ASSERT_GT(words.size(), 2u);
  EXPECT_EQ(words[0], "/bin/fugle");
  EXPECT_EQ(words[1], kReadDatasets);
  DatasetArguments arguments;
  ASSERT_TRUE(parse_dataset_command(std::span(words).subspan(2), arguments));
  EXPECT_EQ(arguments.into, "/tmp/f");
  ASSERT_EQ(arguments.orders.size(), 2u);
  EXPECT_EQ(arguments.orders[0].metric, 1u);
  EXPECT_EQ(arguments.orders[0].path, "/d/.1-y.h5");
  EXPECT_EQ(arguments.orders[1].dataset, "/c");
  EXPECT_EQ(arguments.cleanup, (std::vector<std::string>{"bash", "-c", "rm -r work"}));
}

TEST(DatasetMetrics, WhatIsNoOrderIsRefused) {
  DatasetArguments ignored;
  EXPECT_FALSE(parse_dataset_command({}, ignored));
  const std::vector<std::string> no_end{"/tmp/f", "0", "/x", "/d"};
  EXPECT_FALSE(parse_dataset_command(no_end, ignored));
  const std::vector<std::string> no_number{"/tmp/f", "one", "/x", "/d", "--"};
  EXPECT_FALSE(parse_dataset_command(no_number, ignored));
}

TEST(DatasetMetrics, ValuesGoThroughTheFileUnchanged) {
  const std::vector<graph::Metric> metrics{by_dataset("b", 0), by_regex("a")};
  const std::vector<double> values{1.0 / 3, -2e-300, 4};
  const std::vector<LineScanner::Found> of_regex{{{7}, 1, 1, ""}};
  const auto found = join_found(metrics, of_regex, dataset_line(0, values));
  EXPECT_EQ(found[0].values, values);
  EXPECT_EQ(found[1].values, std::vector<double>{7});
}

TEST(DatasetMetrics, AsManyAreKeptAsOfAnOutput) {
  std::vector<double> values(3 * LineScanner::kMostValues);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  const auto found = join_found(std::vector{by_dataset("b", 0)}, {}, dataset_line(0, values));
  EXPECT_EQ(found[0].num_values, values.size());
  EXPECT_EQ(found[0].stride, 4u);
  EXPECT_LE(found[0].values.size(), LineScanner::kMostValues);
  EXPECT_EQ(found[0].values[1], 4);
}

TEST(DatasetMetrics, AProblemIsKept) {
  const std::vector<graph::Metric> metrics{by_dataset("b", 0), by_dataset("c", 0)};
  const auto found =
      join_found(metrics, {}, dataset_problem_line(0, "no\nfile") + dataset_line(1, std::vector{1.0, std::nan("")}));
  EXPECT_EQ(found[0].unreadable, "no file");
  EXPECT_EQ(found[1].unreadable, "value 1 is nan");
  EXPECT_TRUE(found[1].values.empty());
}

TEST(DatasetMetrics, ATornOrForeignFileIsNoValues) {
  const std::vector<graph::Metric> metrics{by_dataset("b", 0), by_regex("a")};
  for (const char* text : {"", "0", "0 =", "0 = 1", "0 = 1 0 5", "0 = x 1 5", "0 = 1 1 5x", "9 = 1 1 5", "1 = 1 1 5"}) {
    const auto found = join_found(metrics, {}, text);
    EXPECT_TRUE(found[0].values.empty()) << text;
    EXPECT_TRUE(found[1].values.empty()) << text;
  }
}

}  // namespace
}  // namespace fugle::executor
