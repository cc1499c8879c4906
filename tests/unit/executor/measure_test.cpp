#include "executor/measure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/found.hpp"
#include "graph/measures.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using graph::Metric;
using scheduler::AttemptReport;
using Found = LineScanner::Found;

Found found_of(std::vector<double> values) { return {values, 1, values.size(), ""}; }

Metric metric_of(std::string name) {
  Metric metric;
  metric.name = std::move(name);
  metric.unit = "s";
  return metric;
}
Metric metric_near(double reference, double lowest, double highest) {
  Metric metric = metric_of("t");
  metric.has_reference = true;
  metric.reference = reference;
  metric.lowest = lowest;
  metric.highest = highest;
  return metric;
}

AttemptReport judged(const std::vector<Metric>& metrics, const std::vector<Found>& found) {
  AttemptReport report;
  judge_metrics(metrics, found, report);
  return report;
}

TEST(JudgeMetrics, reports_each_series) {
  const AttemptReport report = judged({metric_of("a"), metric_of("b")}, {found_of({1, 2, 3}), found_of({4})});
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(report.reason, "");
  const std::vector<graph::Series> wanted = {{0, 1, {1, 2, 3}}, {1, 1, {4}}};
  EXPECT_EQ(graph::decode_measures(report.measures), wanted);
}

TEST(JudgeMetrics, holds_the_median_against_the_reference) {
  const Metric metric = metric_near(0.31, -1, 0.25);
  EXPECT_EQ(judged({metric}, {found_of({0.3875})}).cls, FailureClass::none);
  EXPECT_EQ(judged({metric}, {found_of({0, 0.1, 9})}).cls, FailureClass::none);
  const AttemptReport slow = judged({metric}, {found_of({0.45, 0.4})});
  EXPECT_EQ(slow.cls, FailureClass::performance);
  EXPECT_EQ(slow.reason, "metric 't' is 0.425 s, wanted 0 to 0.3875 s (reference 0.31 s)");
  EXPECT_FALSE(slow.measures.empty());
}

TEST(JudgeMetrics, takes_the_tolerance_of_a_negative_reference_as_it_is_meant) {
  const Metric metric = metric_near(-10, -0.1, 0.2);
  EXPECT_EQ(judged({metric}, {found_of({-9})}).cls, FailureClass::none);
  EXPECT_EQ(judged({metric}, {found_of({-12})}).cls, FailureClass::none);
  EXPECT_EQ(judged({metric}, {found_of({-8.9})}).cls, FailureClass::performance);
  EXPECT_EQ(judged({metric}, {found_of({-12.1})}).cls, FailureClass::performance);
}

TEST(JudgeMetrics, without_a_tolerance_wants_the_reference_itself) {
  const Metric metric = metric_near(0.1, 0, 0);
  EXPECT_EQ(judged({metric}, {found_of({0.1})}).cls, FailureClass::none);
  EXPECT_EQ(judged({metric}, {found_of({0.1000001})}).cls, FailureClass::performance);
}

TEST(JudgeMetrics, fails_what_has_a_reference_and_was_not_found) {
  const AttemptReport report = judged({metric_near(2, -0.5, 0.5)}, {found_of({})});
  EXPECT_EQ(report.cls, FailureClass::performance);
  EXPECT_EQ(report.reason, "metric 't' was not found in its output, wanted 1 to 3 s (reference 2 s)");
}

TEST(JudgeMetrics, remarks_on_what_was_not_found) {
  const AttemptReport report = judged({metric_of("a"), metric_of("b")}, {found_of({})});
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(report.reason, "metric 'a' was not found in its output; metric 'b' was not found in its output");
}

TEST(JudgeMetrics, remarks_on_what_is_no_number_and_on_what_was_not_kept) {
  Found odd = found_of({1});
  odd.unreadable = "nix";
  EXPECT_EQ(judged({metric_of("a")}, {odd}).reason, "metric 'a' is 'nix', which is no number");
  Found many{{1, 2}, 64, 100, ""};
  EXPECT_EQ(judged({metric_of("a")}, {many}).reason, "metric 'a' has 100 values, one of 64 was kept");
}

TEST(JudgeMetrics, keeps_what_else_was_odd) {
  AttemptReport report;
  report.reason = "cleanup failed: exit code 3";
  judge_metrics(std::vector{metric_of("a")}, std::vector{found_of({})}, report);
  EXPECT_EQ(report.reason, "metric 'a' was not found in its output; cleanup failed: exit code 3");
}

TEST(Found, comes_back_from_a_frame) {
  const std::vector<Found> found = {found_of({1.5, 2.5}), {{}, 4, 9, "x y"}};
  std::string bytes;
  {
    wire::FrameWriter frame(bytes, wire::Kind::ended);
    put_found(frame, found);
  }
  wire::FrameReader reader(std::string_view(bytes).substr(wire::FrameWriter::kHeaderBytes));
  const std::vector<Found> back = get_found(reader);
  EXPECT_FALSE(reader.failed());
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].values, found[0].values);
  EXPECT_EQ(back[1].stride, 4u);
  EXPECT_EQ(back[1].num_values, 9u);
  EXPECT_EQ(back[1].unreadable, "x y");
}

}  // namespace
}  // namespace fugle::executor
