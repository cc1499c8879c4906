#include "scheduler/find_misfit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::scheduler {
namespace {

using testing::HasSubstr;

/// A journal on three elements: "a" before "b", and "free".
class FindMisfit : public testing::Test {
 protected:
  static graph::Graph make_graph() {
    graph::GraphBuilder builder;
    graph::Task task;
    task.name = "t";
    task.retries.max = 1;
    const TaskId t = builder.add_task(task);
    const ElementId a = builder.add_element(t, "a", {}), b = builder.add_element(t, "b", {});
    builder.add_element(t, "free", {});
    builder.add_edge(a, b);
    return graph::Graph(std::move(builder).build());
  }

  static Event event(EventKind kind, std::uint32_t element, std::uint16_t attempt = 0,
                     FailureClass cls = FailureClass::none) {
    Event event;
    event.kind = kind;
    event.element = ElementId(element);
    event.attempt = attempt;
    event.cls = cls;
    return event;
  }

  /// Applies it: it has to fit.
  void happen(const Event& event) {
    ASSERT_EQ(find_misfit(state_, event), "");
    Effects effects;
    apply(state_, event, effects);
  }

  const graph::Graph graph_ = make_graph();
  RunState state_{graph_, 1};
};

TEST_F(FindMisfit, finds_none_in_what_a_run_writes) {
  Event life;
  life.kind = EventKind::run_started;
  happen(life);
  happen(event(EventKind::attempt_started, 0, 1));
  happen(event(EventKind::attempt_ended, 0, 1, FailureClass::error));  // a retry waits
  happen(event(EventKind::attempt_ended, 0, 2));                       // a short one: no start
  happen(event(EventKind::attempt_started, 1, 1));
  happen(life);  // killed meanwhile
  happen(event(EventKind::attempt_started, 1, 2));
  happen(event(EventKind::attempt_ended, 1, 2));
  happen(event(EventKind::hold_element, 2));
  happen(event(EventKind::release_element, 2));
  happen(event(EventKind::cancel_element, 2));
}

TEST_F(FindMisfit, finds_elements_there_are_not) {
  for (const EventKind kind : {EventKind::attempt_started, EventKind::attempt_ended, EventKind::cancel_element,
                               EventKind::hold_element, EventKind::release_element}) {
    EXPECT_THAT(find_misfit(state_, event(kind, 3, 1)), HasSubstr("element number 3 where there are 3"));
    EXPECT_NE(find_misfit(state_, event(kind, ElementId::kInvalid, 1)), "");
  }
}

TEST_F(FindMisfit, finds_them_also_where_no_element_is_meant) {
  EXPECT_NE(find_misfit(state_, event(EventKind::run_started, 3)), "");
  EXPECT_EQ(find_misfit(state_, event(EventKind::run_started, ElementId::kInvalid)), "");
}

TEST_F(FindMisfit, finds_a_start_before_its_needs) {
  EXPECT_THAT(find_misfit(state_, event(EventKind::attempt_started, 1, 1)), HasSubstr("b that is WAITING"));
  EXPECT_NE(find_misfit(state_, event(EventKind::attempt_ended, 1, 1)), "");
}

TEST_F(FindMisfit, finds_attempts_that_do_not_rise) {
  EXPECT_NE(find_misfit(state_, event(EventKind::attempt_started, 0, 0)), "");
  happen(event(EventKind::attempt_ended, 0, 5, FailureClass::error));
  EXPECT_THAT(find_misfit(state_, event(EventKind::attempt_started, 0, 5)),
              HasSubstr("attempt 5 of a after attempt 5"));
}

TEST_F(FindMisfit, finds_the_end_of_another_attempt_than_runs) {
  happen(event(EventKind::attempt_started, 0, 1));
  EXPECT_NE(find_misfit(state_, event(EventKind::attempt_ended, 0, 2)), "");
  EXPECT_NE(find_misfit(state_, event(EventKind::attempt_started, 0, 2)), "");
}

TEST_F(FindMisfit, finds_a_second_end) {
  happen(event(EventKind::attempt_ended, 0, 1));
  EXPECT_THAT(find_misfit(state_, event(EventKind::attempt_ended, 0, 2)), HasSubstr("that is OK"));
}

TEST_F(FindMisfit, finds_times_that_can_not_be) {
  Event odd = event(EventKind::attempt_started, 0, 1);
  odd.start = from_ns(std::numeric_limits<std::int64_t>::min());
  EXPECT_NE(find_misfit(state_, odd), "");
}

}  // namespace
}  // namespace fugle::scheduler
