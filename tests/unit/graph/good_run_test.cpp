#include "graph/good_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace fugle::graph {
namespace {

/// Elements by name, each in a task of its own.
class GoodRun : public testing::Test {
 protected:
  ElementId add(const char* name) {
    Task task;
    task.name = name;
    task.workdir = "/";
    return builder_.add_element(builder_.add_task(task), name, {});
  }
  ElementId add_after(const char* name, TaskKind kind, std::vector<ElementId> above) {
    const std::array to{add(name)};
    builder_.add_edges_through(kind, above, to);
    return to[0];
  }
  std::vector<std::string> skipped() {
    const Graph graph(std::move(builder_).build());
    const std::vector<bool> answer = skipped_in_good_run(graph);
    std::vector<std::string> names;
    for (std::uint32_t e = 0; e < answer.size(); ++e)
      if (answer[e] && !graph.is_gate(ElementId(e))) names.emplace_back(graph.id(ElementId(e)));
    return names;
  }

  GraphBuilder builder_;
};

TEST_F(GoodRun, has_all_that_need_no_failure) {
  const ElementId a = add("a");
  add_after("done", TaskKind::end_gate, {a});
  EXPECT_THAT(skipped(), testing::IsEmpty());
}

TEST_F(GoodRun, skips_what_runs_after_a_failure_and_who_uses_or_waits_for_its_start) {
  const ElementId a = add("a");
  const ElementId rescue = add_after("rescue", TaskKind::fail_gate, {a});
  add_after("user", TaskKind::use_gate, {rescue});
  add_after("watcher", TaskKind::start_gate, {rescue});
  add_after("closer", TaskKind::end_gate, {rescue});
  const ElementId next = add("next");
  builder_.add_edge(rescue, next);
  EXPECT_THAT(skipped(), testing::ElementsAre("rescue", "user", "watcher"));
}

TEST_F(GoodRun, one_of_several_that_goes_is_enough_where_any_is) {
  const ElementId a = add("a"), b = add("b");
  const std::array above_a{a}, above_b{b};
  const ElementId first = builder_.gate_over(TaskKind::fail_gate, above_a);
  const ElementId second = builder_.gate_over(TaskKind::fail_gate, above_b);
  add_after("either_failed", TaskKind::any_gate, {first, second});
  add_after("failed_or_b", TaskKind::any_gate, {first, b});
  EXPECT_THAT(skipped(), testing::ElementsAre("either_failed"));
}

}  // namespace
}  // namespace fugle::graph
