#include "store/metrics_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "graph/measures.hpp"
#include "store/metrics_layout.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using graph::Series;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

graph::Metric metric_of(const std::string& name, const std::string& unit) {
  graph::Metric metric;
  metric.name = name;
  metric.unit = unit;
  return metric;
}

/// Two tasks of one name, as a matrix over resources makes them, and one without metrics.
graph::Graph sweep(std::uint32_t num_elements) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "md";
  task.metrics = {metric_of("energy", "Ha"), metric_of("time", "s")};
  const std::vector<TaskId> tasks = {builder.add_task(task), builder.add_task(task)};
  for (std::uint32_t i = 0; i < num_elements; ++i)
    builder.add_element(tasks[i % 2], "md[" + std::to_string(i) + "]", {});
  task.name = "plain";
  task.metrics.clear();
  builder.add_element(builder.add_task(task), "plain", {});
  return graph::Graph(std::move(builder).build());
}

std::string measures_of(const std::vector<Series>& series) { return graph::encode_measures(series); }

bool all(ElementId, std::uint16_t) { return true; }

class AMetricsFile : public ::testing::Test {
 protected:
  StoredMetrics read() {
    auto metrics = read_metrics(directory_.path());
    EXPECT_TRUE(metrics.has_value());
    return metrics.value_or(StoredMetrics{});
  }

  TemporaryDirectory directory_;
  graph::Graph graph_ = sweep(4);
};

TEST_F(AMetricsFile, is_made_for_a_run_that_has_metrics) {
  EXPECT_TRUE(has_metrics(graph_));
  EXPECT_FALSE(read_metrics(directory_.path()));
  const MetricsFile file(directory_.path(), graph_, all);
  EXPECT_THAT(read().names, ElementsAre(MetricName{"md", "energy", "Ha"}, MetricName{"md", "time", "s"}));
  EXPECT_THAT(read().series, IsEmpty());
}

TEST_F(AMetricsFile, can_be_read_while_it_is_written) {
  MetricsFile file(directory_.path(), graph_, all);
  file.on_measures(ElementId(1), 1, measures_of({{0, 1, {1.5, 2.5}}, {1, 1, {}}}));
  EXPECT_THAT(read().series, ElementsAre(MetricSeries{ElementId(1), 1, 0, {0, 1}, {1.5, 2.5}},
                                         MetricSeries{ElementId(1), 1, 1, {}, {}}));
  file.on_measures(ElementId(0), 2, measures_of({{1, 4, {7, 8, 9}}}));
  EXPECT_THAT(read().series, SizeIs(3));
  EXPECT_EQ(read().series[2], (MetricSeries{ElementId(0), 2, 1, {0, 4, 8}, {7, 8, 9}}));
}

TEST_F(AMetricsFile, keeps_a_hundred_elements_with_a_thousand_values_each_in_one_file) {
  graph_ = sweep(100);
  MetricsFile file(directory_.path(), graph_, all);
  std::vector<double> values(1000);
  for (std::uint32_t e = 0; e < 100; ++e) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = e + 0.001 * static_cast<double>(i);
    file.on_measures(ElementId(e), 1, measures_of({{0, 1, values}}));
  }
  const StoredMetrics metrics = read();
  ASSERT_THAT(metrics.series, SizeIs(100));
  for (std::uint32_t e = 0; e < 100; ++e) {
    ASSERT_EQ(metrics.series[e].element, ElementId(e));
    ASSERT_THAT(metrics.series[e].values, SizeIs(1000));
    EXPECT_EQ(metrics.series[e].values[999], e + 0.001 * 999);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(AMetricsFile, goes_on_in_the_next_life_with_what_the_journal_knows) {
  {
    MetricsFile file(directory_.path(), graph_, all);
    file.on_measures(ElementId(0), 1, measures_of({{0, 1, {1}}}));
    file.on_measures(ElementId(1), 1, measures_of({{0, 1, {2, 3}}}));
  }
  MetricsFile file(directory_.path(), graph_, [](ElementId e, std::uint16_t) { return e == ElementId(0); });
  file.on_measures(ElementId(1), 1, measures_of({{0, 1, {4}}}));
  EXPECT_THAT(read().series,
              ElementsAre(MetricSeries{ElementId(0), 1, 0, {0}, {1}}, MetricSeries{ElementId(1), 1, 0, {0}, {4}}));
}

TEST_F(AMetricsFile, is_not_touched_by_an_earlier_head_that_still_writes) {
  MetricsFile earlier(directory_.path(), graph_, all);
  earlier.on_measures(ElementId(0), 1, measures_of({{0, 1, {1}}}));
  MetricsFile later(directory_.path(), graph_, all);
  earlier.on_measures(ElementId(1), 1, measures_of({{0, 1, {2}}}));
  later.on_measures(ElementId(2), 1, measures_of({{0, 1, {3}}}));
  EXPECT_THAT(read().series,
              ElementsAre(MetricSeries{ElementId(0), 1, 0, {0}, {1}}, MetricSeries{ElementId(2), 1, 0, {0}, {3}}));
}

TEST_F(AMetricsFile, takes_the_later_of_two_that_claim_to_be_the_same_attempt) {
  MetricsFile file(directory_.path(), graph_, all);
  file.on_measures(ElementId(0), 1, measures_of({{0, 1, {1, 2, 3}}}));
  file.on_measures(ElementId(0), 1, measures_of({{0, 1, {4, 5}}}));
  EXPECT_THAT(read().series, ElementsAre(MetricSeries{ElementId(0), 1, 0, {0, 1}, {4, 5}}));
}

TEST_F(AMetricsFile, loses_only_the_rows_that_were_torn) {
  MetricsFile file(directory_.path(), graph_, all);
  file.on_measures(ElementId(0), 1, measures_of({{0, 1, {1, 2.718281828, 3}}}));
  std::string bytes;
  {
    std::ifstream in(metrics_path(directory_.path()), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const double second = 2.718281828;
  const std::size_t at = bytes.find(std::string(reinterpret_cast<const char*>(&second), sizeof second));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 1;
  std::ofstream(metrics_path(directory_.path()), std::ios::binary) << bytes;
  EXPECT_THAT(read().series, ElementsAre(MetricSeries{ElementId(0), 1, 0, {0, 2}, {1, 3}}));
}

TEST_F(AMetricsFile, that_is_damaged_is_set_aside) {
  std::ofstream(metrics_path(directory_.path())) << "no HDF5";
  EXPECT_THROW((void)read_metrics(directory_.path()), EnvironmentError);
  MetricsFile file(directory_.path(), graph_, all);
  EXPECT_NE(file.problem(), "");
  file.on_measures(ElementId(0), 1, measures_of({{0, 1, {1}}}));
  EXPECT_THAT(read().series, SizeIs(1));
  EXPECT_TRUE(std::filesystem::exists(metrics_path(directory_.path()) + ".damaged"));
}

TEST_F(AMetricsFile, ignores_what_belongs_to_no_metric) {
  MetricsFile file(directory_.path(), graph_, all);
  file.on_measures(ElementId(4), 1, measures_of({{0, 1, {1}}}));
  file.on_measures(ElementId(0), 1, measures_of({{9, 1, {1}}}));
  file.on_measures(ElementId(0), 1, "nonsense");
  EXPECT_THAT(read().series, IsEmpty());
}

TEST(MetricRow, is_sound_when_nothing_of_it_has_changed) {
  MetricRow row{3, 1, 0, 2, 0, 17, 1.5};
  row.crc = crc_of(row);
  EXPECT_TRUE(is_sound(row));
  MetricRow other = row;
  other.value = 2.5;
  EXPECT_FALSE(is_sound(other));
  EXPECT_FALSE(is_sound({}));
}

}  // namespace
}  // namespace fugle::store
