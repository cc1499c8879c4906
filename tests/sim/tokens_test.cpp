// What holds tokens of pools while it runs, limits of tasks and of the run, and `fail_fast`. In a hostile world:
// fault_test.cpp and services_test.cpp.
#include "tokens.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <stdexcept>

#include "scheduler/language.hpp"
#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::FailureClass;
using scheduler::State;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 240h;

using Pools = std::vector<std::pair<std::string, std::uint32_t>>;

/// By rank, priorities first.
plan::Plan plan_by_priority(const graph::Graph& graph) {
  plan::Plan plan = plan_of(graph);
  plan.priority = plan::effective_priorities(graph);
  return plan;
}

/// Each attempt takes so long as its task is estimated to; nobody knows that beforehand.
struct TokenRun {
  TokenRun(const GraphStory& story, Pools pools, std::uint32_t num_workers, std::uint32_t cores,
           std::uint32_t max_parallel = 0)
      : graph(limited(story, std::move(pools), max_parallel)), tokens(graph), options(cluster(num_workers, cores)) {
    options.model_of_attempt = [this](const SimAttempt& attempt) {
      tokens.on_start(attempt.element);
      Outcome outcome{graph.estimate(attempt.element)};
      if (failing.contains(std::string(graph.id(attempt.element)))) outcome.cls = FailureClass::error, outcome.exit = 1;
      return outcome;
    };
    options.on_end = [this](const SimAttempt& attempt, const graph::Request&) { tokens.on_end(attempt.element); };
  }
  static graph::Graph limited(const GraphStory& story, Pools pools, std::uint32_t max_parallel) {
    graph::GraphData data = story.graph().data();
    data.limits.pools = std::move(pools);
    data.limits.max_parallel = max_parallel;
    return graph::Graph(std::move(data));
  }

  World& world() {
    if (!made) made = std::make_unique<World>(graph, plan_by_priority(graph), options);
    return *made;
  }
  std::optional<int> go() { return world().run(kLimit); }
  [[nodiscard]] const SimAttempt& attempt_of(const std::string& id) {
    const auto& all = world().attempts();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& a) { return graph.id(a.element) == id; });
    if (found == all.end()) throw std::runtime_error(id + " did not start");
    return *found;
  }
  [[nodiscard]] State state(const std::string& id) { return world().state().state(graph.find(id)); }
  [[nodiscard]] double seconds() { return to_seconds(world().now() - Time{}); }

  graph::Graph graph;
  TokenModel tokens;
  WorldOptions options;
  std::set<std::string> failing;
  std::unique_ptr<World> made;
};

GraphStory::TaskStory user(GraphStory& story, const std::string& name, std::vector<graph::PoolUse> uses) {
  auto task = story.task(name).takes(1s);
  task.task().pools = std::move(uses);
  return task;
}

TEST(Tokens, of_a_pool_of_two_are_held_by_two_of_twenty_at_a_time_and_never_idle) {
  GraphStory story;
  user(story, "u", {{"p", 1}}).times(20);
  TokenRun run(story, {{"p", 2}}, 3, 8);
  EXPECT_EQ(run.go(), 0);
  EXPECT_GT(run.seconds(), 10);
  EXPECT_LT(run.seconds(), 10.2);
}

TEST(Tokens, that_are_not_there_block_nobody_who_needs_none) {
  GraphStory story;
  user(story, "u", {{"p", 1}}).times(20).priority(5);
  story.task("free").times(32).takes(1s);
  TokenRun run(story, {{"p", 1}}, 1, 4);
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.attempt_of("free[31]").end - Time{}, 12s) << "on three cores beside the one that holds the token";
}

TEST(Tokens, are_free_at_once_when_the_worker_of_their_holder_dies) {
  GraphStory story;
  user(story, "u", {{"p", 1}}).times(4).takes(10s);
  TokenRun run(story, {{"p", 2}}, 3, 1);
  World& world = run.world();
  while (world.now() < Time{} + 5s && world.advance()) {
  }
  const auto holder = std::find_if(world.attempts().begin(), world.attempts().end(),
                                   [](const SimAttempt& a) { return a.worker != WorkerId(0) && a.end == kNever; });
  ASSERT_NE(holder, world.attempts().end());
  const std::size_t before = world.attempts().size();
  const Time lost = world.now();
  world.lose_worker(holder->worker);
  EXPECT_EQ(run.go(), 0);
  ASSERT_GT(world.attempts().size(), before);
  EXPECT_LT(world.attempts()[before].start - lost, 1s);
}

TEST(Tokens, go_to_the_higher_priority_first) {
  GraphStory story;
  user(story, "low", {{"p", 1}}).times(3);
  user(story, "high", {{"p", 1}, {"q", 1}}).times(3).priority(7);
  TokenRun run(story, {{"p", 1}, {"q", 1}}, 1, 8);
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.attempt_of("high[2]").start, run.attempt_of("low[0]").start);
}

TEST(Tokens, come_together_for_what_needs_many_of_them) {
  GraphStory story;
  user(story, "small", {{"p", 1}}).times(100).takes(10s);
  user(story, "large", {{"p", 4}}).takes(100s);  // first in order: it takes longest
  user(story, "first", {{"p", 1}}).priority(9).takes(10s);
  TokenRun run(story, {{"p", 4}}, 4, 8);
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.attempt_of("large").start - Time{}, 11s);
}

TEST(Tokens, of_several_pools_come_together_too) {
  GraphStory story;
  for (const char* const name : {"a", "b"}) {
    auto task = user(story, name, {{name, 1}}).times(200);
    task.takes(name[0] == 'a' ? 700ms : 300ms);
  }
  user(story, "both", {{"a", 3}, {"b", 3}}).takes(10s);
  user(story, "first", {{"a", 1}, {"b", 2}}).priority(9).takes(10s);
  TokenRun run(story, {{"a", 3}, {"b", 3}}, 1, 32);
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.attempt_of("both").start - Time{}, 30s) << "long before the 67 s that the others take";
}

TEST(Tokens, of_a_pool_are_used_while_another_one_is_waited_for) {
  GraphStory story;
  user(story, "long", {{"b", 1}}).takes(1000s).priority(9);
  user(story, "both", {{"a", 1}, {"b", 1}}).priority(5);
  user(story, "other", {{"a", 1}}).times(50);
  TokenRun run(story, {{"a", 1}, {"b", 1}}, 1, 8);
  run.options.expected_s.assign(run.graph.num_elements(), 1);
  run.options.expected_s[0] = 1000;
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.attempt_of("other[49]").end - Time{}, 60s);
  EXPECT_LT(run.seconds(), 1002);
}

TEST(Tokens, are_held_once_by_what_several_workers_run) {
  GraphStory story;
  user(story, "mpi", {{"p", 1}}).times(6).takes(1s).task().shape.nodes = 2;
  TokenRun run(story, {{"p", 2}}, 6, 4);
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.seconds(), 3.3);
}

TEST(Tokens, are_held_by_a_service_until_it_ends) {
  GraphStory story;
  auto db = user(story, "db", {{"p", 1}});
  db.task().service.is_given = true;
  user(story, "client", {{"p", 1}}).times(4).after(db);
  user(story, "large", {{"p", 3}});
  TokenRun run(story, {{"p", 3}}, 1, 8);
  run.options.model_of_attempt = nullptr;
  run.options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  EXPECT_EQ(run.go(), 0);
}

TEST(Limits, of_a_task_and_of_the_run_hold_at_all_times) {
  GraphStory story;
  story.task("few").times(12).takes(1s).task().max_parallel = 2;
  story.task("many").times(24).takes(1s);
  TokenRun run(story, {}, 2, 8, 6);
  EXPECT_EQ(run.go(), 0);
  EXPECT_GT(run.seconds(), 6);
  EXPECT_LT(run.seconds(), 6.3) << "two of the one beside four of the other";
}

TEST(Priority, is_inherited_by_what_blocks) {
  GraphStory story;
  story.task("medium").times(10).takes(1s).priority(3);
  auto low = story.task("low").takes(1s).priority(-5);
  story.task("high").takes(1s).priority(9).after(low);
  TokenRun run(story, {}, 1, 1);
  EXPECT_EQ(run.go(), 0);
  EXPECT_LT(run.attempt_of("low").start, run.attempt_of("medium[0]").start);
  EXPECT_LT(run.attempt_of("high").start, run.attempt_of("medium[0]").start);
}

/// "open" becomes one element of priority 9 that needs what it needed.
class OneOfHighPriority final : public scheduler::Language {
 public:
  std::variant<graph::Growth, scheduler::Declined> expand(ElementId, const scheduler::RunState& run) override {
    const graph::Graph& graph = run.graph();
    graph::Growth growth;
    graph::Task task = graph.task(TaskId(0));
    task.name = "urgent";
    task.priority = 9;
    growth.tasks.push_back(task);
    std::string packed;
    graph::pack(task, {}, packed);
    const auto slow = graph.find("slow");
    growth.elements.push_back({TaskId(graph.num_tasks()), "urgent[0]", packed, 1, {slow.value()}});
    return growth;
  }
  std::variant<std::string, scheduler::Declined> decide(ElementId, const scheduler::RunState&) override {
    return std::string();
  }
};

TEST(Priority, of_what_comes_while_the_run_goes_on_is_inherited_too) {
  for (const plan::Policy policy : {plan::Policy::fifo, plan::Policy::heft}) {
    GraphStory story;
    auto lister = story.task("lister").takes(1s).priority(8);
    story.task("medium").times(10).takes(1s).priority(3);
    story.task("slow").takes(1s).priority(-5);
    auto open = story.task("open").after(lister);
    open.task().kind = graph::TaskKind::expansion;
    graph::Graph graph = story.graph();
    OneOfHighPriority language;
    WorldOptions options = cluster(1, 1);
    options.language = &language;
    options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
    plan::Plan plan = plan_by_priority(graph);
    plan.made_by = policy;
    World world(graph, plan, options);
    EXPECT_EQ(world.run(kLimit), 0);
    std::vector<std::string> started;
    for (const SimAttempt& attempt : world.attempts()) started.emplace_back(graph.id(attempt.element));
    started.resize(3);
    EXPECT_EQ(started, (std::vector<std::string>{"lister", "slow", "urgent[0]"}));
  }
}

TEST(FailFast, stops_what_runs_of_the_task_and_cancels_what_waits) {
  GraphStory story;
  story.task("a").times(6).takes(100s).task().fail_fast = true;
  story.task("b").times(2).takes(10s);
  TokenRun run(story, {}, 1, 5);
  run.failing = {"a[1]"};
  run.options.model_of_attempt = [&](const SimAttempt& attempt) {
    const std::string id(run.graph.id(attempt.element));
    if (id == "a[1]") return Outcome{1s, FailureClass::error, 1};
    return Outcome{run.graph.estimate(attempt.element)};
  };
  EXPECT_EQ(run.go(), 1);
  EXPECT_EQ(run.state("a[1]"), State::failed);
  for (const char* const id : {"a[0]", "a[2]", "a[5]"}) EXPECT_EQ(run.state(id), State::cancelled) << id;
  EXPECT_EQ(run.state("b[1]"), State::ok);
  EXPECT_LT(run.seconds(), 60);
}

TEST(FailFast, waits_until_more_fail_than_are_tolerated) {
  GraphStory story;
  auto task = story.task("a").times(8).takes(1s);
  task.task().fail_fast = true;
  task.task().tolerate.count = 1;
  TokenRun run(story, {}, 1, 1);
  run.failing = {"a[1]"};
  EXPECT_EQ(run.go(), 0);
  EXPECT_EQ(run.state("a[7]"), State::ok);
  TokenRun second(story, {}, 1, 1);
  second.failing = {"a[1]", "a[3]"};
  EXPECT_EQ(second.go(), 1);
  EXPECT_EQ(second.state("a[7]"), State::cancelled);
}

TEST(FailFast, is_not_for_failures_that_are_tried_again_or_ignored) {
  GraphStory story;
  story.task("a").times(4).takes(1s).ignore_failure().task().fail_fast = true;
  TokenRun run(story, {}, 1, 1);
  run.failing = {"a[0]"};
  EXPECT_EQ(run.go(), 0);
  EXPECT_EQ(run.state("a[3]"), State::ok);
}

}  // namespace
}  // namespace fugle::sim
