#include "store/plan_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "graph_support.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using testing::fan;
using testing::TemporaryDirectory;

const PlanFacts kFacts{"heat-20260601T043000-abcd", "heat", 42};

void expect_equal(const graph::Graph& a, const graph::Graph& b) {
  EXPECT_EQ(a.data().ids.bytes(), b.data().ids.bytes());
  EXPECT_EQ(a.data().ids.offsets(), b.data().ids.offsets());
  EXPECT_EQ(a.data().texts.bytes(), b.data().texts.bytes());
  EXPECT_EQ(a.data().texts.offsets(), b.data().texts.offsets());
  EXPECT_EQ(a.data().task_of, b.data().task_of);
  EXPECT_EQ(a.data().estimate_s, b.data().estimate_s);
  EXPECT_EQ(a.data().needs.offsets, b.data().needs.offsets);
  EXPECT_EQ(a.data().needs.columns, b.data().needs.columns);
  EXPECT_EQ(a.data().need_bytes, b.data().need_bytes);
  ASSERT_EQ(a.num_tasks(), b.num_tasks());
  for (std::uint32_t t = 0; t < a.num_tasks(); ++t) {
    EXPECT_EQ(graph::encode_task(a.task(TaskId(t))), graph::encode_task(b.task(TaskId(t))));
  }
}

TEST(PlanFile, gives_back_the_graph_and_the_facts) {
  const TemporaryDirectory run;
  const graph::Graph graph = fan(10);
  write_plan(run.path(), graph, kFacts);
  const PlanFile plan = read_plan(run.path());
  expect_equal(plan.graph, graph);
  EXPECT_EQ(plan.facts.run, kFacts.run);
  EXPECT_EQ(plan.facts.workflow, kFacts.workflow);
  EXPECT_EQ(plan.facts.seed, kFacts.seed);
  EXPECT_FALSE(std::filesystem::exists(run / "plan.0.h5.tmp"));
}

TEST(PlanFile, keeps_the_limits_of_the_run) {
  const TemporaryDirectory run;
  graph::GraphBuilder builder;
  const graph::RunLimits limits{17, 5, 12, {{"dtn", 4}, {"fs_write", 8}}};
  builder.set_limits(limits);
  write_plan(run.path(), graph::Graph(std::move(builder).build()), kFacts);
  EXPECT_EQ(read_plan(run.path()).graph.limits(), limits);
}

TEST(PlanFile, has_the_default_limits_when_an_earlier_version_wrote_none) {
  const TemporaryDirectory run;
  graph::GraphBuilder builder;
  builder.set_limits({17, 5});
  write_plan(run.path(), graph::Graph(std::move(builder).build()), kFacts);
  const auto ran = testing::run_command("/usr/bin/python3 -c \"import h5py; f = h5py.File('" + (run / "plan.0.h5") +
                                        "', 'r+'); del f.attrs['max_failures']; del f.attrs['max_infra_retries']\"");
  if (ran.exit != 0) GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3";
  EXPECT_EQ(read_plan(run.path()).graph.limits(), graph::RunLimits{});
}

TEST(PlanFile, holds_an_empty_graph) {
  const TemporaryDirectory run;
  write_plan(run.path(), graph::Graph(graph::GraphBuilder().build()), {});
  EXPECT_EQ(read_plan(run.path()).graph.num_elements(), 0u);
}

TEST(PlanFile, gives_single_ids_without_the_rest) {
  const TemporaryDirectory run;
  write_plan(run.path(), fan(100), kFacts);
  EXPECT_EQ(read_element_ids(run.path(), {ElementId(0), ElementId(58), ElementId(101)}),
            (std::vector<std::string>{"prepare", "solve[57]", "merge"}));
}

TEST(PlanFile, notices_a_flipped_bit_in_ids_and_texts) {
  const TemporaryDirectory run;
  write_plan(run.path(), fan(200), kFacts);
  const std::string whole = testing::read_bytes(run / "plan.0.h5");
  for (const std::string needle : {"solve[77]", "echo 123"}) {
    std::string flipped = whole;
    const auto at = whole.find(needle);
    ASSERT_NE(at, std::string::npos);
    flipped[at] ^= 1;
    testing::write_bytes(run / "plan.0.h5", flipped);
    try {
      (void)read_plan(run.path());
      ADD_FAILURE() << needle;
    } catch (const EnvironmentError& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("plan.0.h5' is damaged"));
    }
  }
}

TEST(PlanFile, says_which_file_is_missing_or_cut) {
  const TemporaryDirectory run;
  EXPECT_THROW((void)read_plan(run.path()), EnvironmentError);
  write_plan(run.path(), fan(10), kFacts);
  const std::string whole = testing::read_bytes(run / "plan.0.h5");
  testing::write_bytes(run / "plan.0.h5", whole.substr(0, whole.size() / 2));
  EXPECT_THROW((void)read_plan(run.path()), EnvironmentError);
}

TEST(PlanFile, says_when_the_directory_is_not_writable) {
  EXPECT_THROW(write_plan("/nonexistent", fan(2), kFacts), EnvironmentError);
}

}  // namespace
}  // namespace fugle::store
