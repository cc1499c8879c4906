#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "graph/algorithms.hpp"
#include "scheduler/find_misfit.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {
namespace {

using graph::Growth;
using graph::TaskKind;

/// "list", then an expansion of "part", then "sum" behind a gate over it, and "report" behind its end.
struct Story {
  Story() : graph(make_graph()), run(graph, 1) {}

  static graph::Graph make_graph() {
    graph::GraphBuilder builder;
    const TaskId part = builder.add_task(named("part"));
    graph::Task open = named("part");
    open.kind = TaskKind::expansion;
    open.expands = part.value();
    const ElementId list = builder.add_element(builder.add_task(named("list")), "list", {});
    const ElementId parts = builder.add_element(builder.add_task(open), "part", {});
    const ElementId sum = builder.add_element(builder.add_task(named("sum")), "sum", {});
    const ElementId report = builder.add_element(builder.add_task(named("report")), "report", {});
    builder.add_edge(list, parts);
    builder.add_edges_through(TaskKind::gate, std::array{parts}, std::array{sum});
    builder.add_edges_through(TaskKind::end_gate, std::array{parts}, std::array{report});
    return graph::Graph(std::move(builder).build());
  }
  static graph::Task named(const std::string& name) {
    graph::Task task;
    task.name = name;
    task.workdir = "/";
    return task;
  }

  [[nodiscard]] ElementId gate(TaskKind kind) const {
    for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
      if (graph.task_of(ElementId(e)).kind == kind) return ElementId(e);
    return {};
  }
  [[nodiscard]] Growth growth(std::uint32_t num) const {
    Growth growth;
    std::string packed;
    graph::pack(graph.task(TaskId(0)), {}, packed);
    for (std::uint32_t i = 0; i < num; ++i)
      growth.elements.push_back({TaskId(0), "part[" + std::to_string(i) + "]", packed, 0, {kList.value()}});
    growth.closings = {{gate(TaskKind::gate), 0, num}, {gate(TaskKind::end_gate), 0, num}};
    return growth;
  }
  void happen(const Event& event) {
    ASSERT_EQ(find_misfit(run, event), "");
    apply(run, event, effects);
    run.check_invariants();
  }
  void grow(const Growth& growth) {
    for (const Event& part : events_of(growth, kParts, Time{})) happen(part);
  }
  void end(const std::string& id, FailureClass cls = FailureClass::none) {
    Event event = event_of(EventKind::attempt_ended, Time{});
    event.element = graph.find(id);
    event.attempt = static_cast<std::uint16_t>(run.attempt(event.element) + 1);
    event.cls = cls;
    happen(event);
  }
  void decide(EventKind kind, ElementId element) {
    Event event = event_of(kind, Time{});
    event.element = element;
    happen(event);
  }
  [[nodiscard]] State state(const std::string& id) const { return run.state(graph.find(id)); }

  static constexpr ElementId kList{0}, kParts{1};
  graph::Graph graph;
  RunState run;
  Effects effects;
};

TEST(RunStateGrowth, counts_the_new_elements_instead_of_what_stood_for_them) {
  Story s;
  EXPECT_EQ(s.graph.num_real_elements(), 4u);
  s.end("list");
  s.grow(s.growth(3));
  EXPECT_EQ(s.graph.num_real_elements(), 6u);
  EXPECT_TRUE(s.graph.is_gate(Story::kParts));
  EXPECT_EQ(s.run.count(State::ready), 3u);
  EXPECT_EQ(s.state("sum"), State::waiting);
  s.end("part[0]");
  s.end("part[1]");
  EXPECT_EQ(s.state("sum"), State::waiting);
  s.end("part[2]");
  EXPECT_EQ(s.state("sum"), State::ready);
  s.end("sum");
  s.end("report");
  EXPECT_TRUE(s.run.is_complete());
}

TEST(RunStateGrowth, blocks_behind_a_new_element_that_fails) {
  Story s;
  s.end("list");
  s.grow(s.growth(2));
  s.end("part[0]", FailureClass::error);
  s.end("part[1]");
  EXPECT_EQ(s.state("sum"), State::blocked);
  EXPECT_EQ(s.state("report"), State::ready);
}

TEST(RunStateGrowth, has_no_new_elements_where_the_list_was_empty_or_wrong) {
  Story empty;
  empty.end("list");
  empty.decide(EventKind::element_skipped, Story::kParts);
  EXPECT_EQ(empty.state("sum"), State::ready);
  Story wrong;
  wrong.end("list");
  wrong.decide(EventKind::element_refused, Story::kParts);
  EXPECT_EQ(wrong.run.failure(Story::kParts), FailureClass::expand);
  EXPECT_EQ(wrong.state("sum"), State::blocked);
  wrong.decide(EventKind::run_started, ElementId());
  wrong.decide(EventKind::retry_all, ElementId());
  EXPECT_EQ(wrong.run.state(Story::kParts), State::ready);
}

TEST(RunStateGrowth, keeps_what_has_grown_when_a_person_resumes) {
  Story s;
  s.end("list");
  s.grow(s.growth(2));
  s.end("part[0]", FailureClass::error);
  s.end("part[1]");
  s.decide(EventKind::run_started, ElementId());
  s.decide(EventKind::retry_all, ElementId());
  EXPECT_EQ(s.state("part[0]"), State::ready);
  EXPECT_EQ(s.state("part[1]"), State::ok);
  EXPECT_EQ(s.state("sum"), State::waiting);
  s.end("part[0]");
  EXPECT_EQ(s.state("sum"), State::ready);
}

TEST(RunStateGrowth, comes_in_parts_of_which_the_last_counts) {
  Story s;
  s.end("list");
  const auto parts = events_of(s.growth(5000), Story::kParts, Time{});
  ASSERT_GT(parts.size(), 2u);
  s.happen(parts[0]);
  s.decide(EventKind::run_started, ElementId());  // the head was killed meanwhile
  EXPECT_EQ(s.graph.num_real_elements(), 4u);
  for (const Event& part : parts) s.happen(part);
  EXPECT_EQ(s.graph.num_real_elements(), 5003u);
}

TEST(RunStateGrowth, tolerates_as_many_failures_as_the_number_of_elements_known_then_allows) {
  graph::GraphBuilder builder;
  graph::Task part = Story::named("part");
  part.tolerate.fraction = 0.5;
  const TaskId task = builder.add_task(part);
  graph::Task open = part;
  open.kind = TaskKind::expansion;
  builder.add_element(builder.add_task(open), "part", {});
  graph::Graph graph(std::move(builder).build());
  RunState run(graph, 1);
  Effects effects;
  Growth growth;
  std::string packed;
  graph::pack(part, {}, packed);
  for (int i = 0; i < 4; ++i) growth.elements.push_back({task, "part[" + std::to_string(i) + "]", packed, 0, {}});
  for (const Event& event : events_of(growth, ElementId(0), Time{})) apply(run, event, effects);
  for (std::uint32_t e = 1; e <= 4; ++e) {
    Event ended = event_of(EventKind::attempt_ended, ElementId(e), 1, WorkerId(0), Time{});
    ended.cls = e <= 2 ? FailureClass::error : FailureClass::none;
    apply(run, ended, effects);
  }
  EXPECT_EQ(run.num_tolerated(), 2u);
  EXPECT_TRUE(run.tasks_beyond_tolerance().empty());
}

TEST(RunStateGrowth, finds_growths_that_do_not_fit) {
  Story s;
  const auto misfit_of = [&](const Growth& growth) {
    return find_misfit(s.run, events_of(growth, Story::kParts, Time{}).back());
  };
  EXPECT_NE(misfit_of(s.growth(1)), "") << "what it needs has not ended";
  s.end("list");
  EXPECT_EQ(misfit_of(s.growth(1)), "");
  Growth later = s.growth(2);
  later.elements[0].needs = {s.graph.num_elements() + 1};
  EXPECT_NE(misfit_of(later), "");
  Growth circle = s.growth(1);
  circle.elements[0].needs = {s.graph.find("sum").value()};
  EXPECT_NE(misfit_of(circle), "");
  Growth strange = s.growth(1);
  strange.elements[0].packed_text = "?";
  EXPECT_NE(misfit_of(strange), "");
  Growth no_gate = s.growth(1);
  no_gate.closings = {{s.graph.find("sum"), 0, 1}};
  EXPECT_NE(misfit_of(no_gate), "");
  const graph::Graph fixed = Story::make_graph();
  RunState still(fixed, 1);
  apply(still, event_of(EventKind::attempt_ended, Story::kList, 1, WorkerId(0), Time{}), s.effects);
  EXPECT_NE(find_misfit(still, events_of(s.growth(1), Story::kParts, Time{}).back()), "");
}

TEST(GraphGrowth, has_the_rows_of_the_same_graph_made_at_once) {
  Story s;
  s.end("list");
  s.grow(s.growth(3));
  const graph::Graph flat = s.graph.compressed();
  ASSERT_EQ(flat.num_elements(), s.graph.num_elements());
  EXPECT_EQ(flat.num_edges(), s.graph.num_edges());
  EXPECT_EQ(flat.num_real_elements(), s.graph.num_real_elements());
  for (std::uint32_t i = 0; i < flat.num_elements(); ++i) {
    const ElementId e(i);
    const auto sorted = [](std::span<const std::uint32_t> row) {
      std::vector<std::uint32_t> copy(row.begin(), row.end());
      std::sort(copy.begin(), copy.end());
      return copy;
    };
    EXPECT_EQ(sorted(flat.needs(e)), sorted(s.graph.needs(e))) << i;
    EXPECT_EQ(sorted(flat.successors(e)), sorted(s.graph.successors(e))) << i;
    EXPECT_EQ(flat.id(e), s.graph.id(e));
    EXPECT_EQ(flat.is_gate(e), s.graph.is_gate(e)) << i;
  }
  EXPECT_EQ(graph::topological_order(s.graph).size(), flat.num_elements());
}

}  // namespace
}  // namespace fugle::scheduler
