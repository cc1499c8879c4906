#include "report/run_lengths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_view.hpp"
#include "support/graphs.hpp"

namespace fugle::report {
namespace {

using namespace std::chrono_literals;
using scheduler::Event;
using scheduler::EventKind;
using ::testing::HasSubstr;

Event at(EventKind kind, Duration when) {
  Event event;
  event.kind = kind;
  event.start = Time{} + when;
  return event;
}

Event joined(std::uint32_t worker, std::uint32_t cores) {
  Event event = at(EventKind::worker_joined, 0s);
  event.worker = WorkerId(worker);
  event.cpu_ms = cores;
  return event;
}

Event ended(std::uint32_t element, Duration from, Duration to,
            scheduler::FailureClass cls = scheduler::FailureClass::none) {
  Event event = at(EventKind::attempt_ended, from);
  event.element = ElementId(element);
  event.end = Time{} + to;
  event.cls = cls;
  return event;
}

/// a -> b, and c beside them.
graph::Graph small_graph() {
  testing::GraphStory story;
  const auto a = story.task("a");
  story.task("b").after(a);
  story.task("c");
  return story.graph();
}

TEST(RunLengths, measure_a_run_against_what_its_own_lengths_allow) {
  const graph::Graph graph = small_graph();
  RunLengths lengths(graph);
  for (const Event& event :
       {at(EventKind::run_started, 0s), joined(0, 2), ended(0, 0s, 10s), ended(2, 0s, 5s), ended(1, 11s, 21s)})
    lengths.add(event);
  const RunMeasure measured = measure(graph, lengths);
  EXPECT_DOUBLE_EQ(measured.makespan_s, 21);
  EXPECT_NEAR(measured.bound.seconds, 20, 1e-6);
  EXPECT_NEAR(measured.ratio(), 1.05, 1e-6);
  EXPECT_NEAR(measured.utilisation, 25.0 / 42, 1e-6);
  EXPECT_THAT(measured.critical_path, ::testing::ElementsAre(ElementId(0), ElementId(1)));
  EXPECT_EQ(ratio_text(measured), "1.05x of the bound 20.0s (critical path)");
}

TEST(RunLengths, leave_out_the_time_between_two_lives) {
  const graph::Graph graph = small_graph();
  RunLengths lengths(graph);
  for (const Event& event :
       {at(EventKind::run_started, 0s), joined(0, 1), ended(0, 0s, 10s), at(EventKind::run_started, 1000s),
        joined(0, 1), ended(2, 1000s, 1005s), ended(1, 1005s, 1015s)})
    lengths.add(event);
  EXPECT_DOUBLE_EQ(lengths.active_s(), 25);
  EXPECT_NEAR(measure(graph, lengths).ratio(), 1, 1e-6);
}

TEST(RunLengths, count_attempts_that_failed_as_busy_and_not_as_necessary) {
  const graph::Graph graph = small_graph();
  RunLengths lengths(graph);
  for (const Event& event : {at(EventKind::run_started, 0s), joined(0, 1),
                             ended(2, 0s, 5s, scheduler::FailureClass::error), ended(2, 5s, 10s)})
    lengths.add(event);
  const RunMeasure measured = measure(graph, lengths);
  EXPECT_DOUBLE_EQ(measured.utilisation, 1);
  EXPECT_NEAR(measured.bound.seconds, 5, 1e-6);
}

TEST(ReportView, names_the_critical_path_and_shortens_it) {
  const graph::Graph graph = small_graph();
  const std::vector<ElementId> path{ElementId(0), ElementId(1)};
  EXPECT_EQ(path_text(graph, path, 5), "a -> b");
  EXPECT_EQ(path_text(graph, path, 1), "a -> and 1 more");
}

TEST(ReportView, says_how_long_each_task_takes) {
  const graph::Graph graph = small_graph();
  AttemptsTable attempts;
  for (const Event& event : {ended(0, 0s, 10s, scheduler::FailureClass::error), ended(0, 10s, 14s), ended(2, 0s, 5s)})
    attempts.add(event);
  const auto rows = lengths_by_task(graph, attempts);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].task, "a");
  EXPECT_EQ(rows[0].count, 1u);
  EXPECT_EQ(rows[0].num_failed, 1u);
  EXPECT_DOUBLE_EQ(rows[0].median_s, 4);
  EXPECT_NEAR(rows[0].core_hours, 14.0 / 3600, 1e-9);
  EXPECT_EQ(rows[1].task, "c");
}

}  // namespace
}  // namespace fugle::report
