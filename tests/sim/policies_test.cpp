// What failures mean for the rest of a run: policies, tolerance, limits, bad nodes, hold and `finally`, with real
// Engines under virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using graph::OnFailure;
using scheduler::Engine;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::FailureClass;
using scheduler::State;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 24h;

graph::Graph with_limits(const graph::Graph& graph, graph::RunLimits limits) {
  graph::GraphData data = graph.data();
  data.limits = limits;
  return graph::Graph(std::move(data));
}

std::vector<Event> events_of(World& world, EventKind kind) {
  std::vector<Event> found;
  for (const Event& event : world.store().events())
    if (event.kind == kind) found.push_back(event);
  return found;
}

/// bad fails after 10 ms, while slow runs and many others wait; after follows bad.
struct PolicyRun {
  explicit PolicyRun(OnFailure policy) {
    GraphStory story;
    auto bad = story.task("bad").priority(10);
    bad.task().on_failure = policy;
    story.task("after").after(bad);
    story.task("slow").priority(9);
    story.task("other").times(20);
    graph = story.graph();
    WorldOptions options = cluster(1, 2);
    options.model = [this](ElementId e, std::uint16_t, Random&) {
      if (graph.id(e) == "bad") return Outcome{10ms, FailureClass::error, 3};
      return Outcome{graph.id(e) == "slow" ? Duration(1s) : Duration(10ms)};
    };
    world.emplace(graph, plan_of(graph), options);
    exit_code = world->run(kLimit);
  }
  [[nodiscard]] State state(const char* id) const { return world->state().state(graph.find(id)); }

  graph::Graph graph;
  std::optional<World> world;
  std::optional<int> exit_code;
};

TEST(FailurePolicy, skip_dependents_blocks_what_needs_it_and_runs_the_rest) {
  PolicyRun run(OnFailure::skip_dependents);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.state("after"), State::blocked);
  EXPECT_EQ(run.world->state().count(State::ok), 21u);
}

TEST(FailurePolicy, ignore_runs_everything) {
  PolicyRun run(OnFailure::ignore);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.state("after"), State::ok);
}

TEST(FailurePolicy, drain_lets_what_runs_end_and_starts_nothing_else) {
  PolicyRun run(OnFailure::drain);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.state("slow"), State::ok);
  EXPECT_GT(run.world->state().count(State::ready), 10u);
  EXPECT_EQ(run.world->store().events().back().text, "bad failed (on_failure: drain)");
}

TEST(FailurePolicy, stop_ends_what_runs) {
  PolicyRun run(OnFailure::stop);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.state("slow"), State::cancelled);
  EXPECT_LT(to_seconds(run.world->now() - Time{}), 0.9);
}

TEST(Tolerance, lets_a_part_of_a_task_fail) {
  GraphStory story;
  auto work = story.task("work").times(1000);
  work.task().tolerate.fraction = 0.1;
  story.task("merge").after(work);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(4, 4);
  options.model = [&](ElementId e, std::uint16_t, Random&) {
    return e.value() % 20 == 0 && graph.id(e) != "merge" ? Outcome{10ms, FailureClass::error, 1} : Outcome{10ms};
  };
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.state().num_tolerated(), 50u);
  EXPECT_EQ(world.state().state(graph.find("merge")), State::ok);
}

TEST(Tolerance, cancels_the_rest_of_the_task_when_more_failed) {
  GraphStory story;
  auto work = story.task("work").times(1000);
  work.task().tolerate.fraction = 0.01;
  story.task("merge").after(work);
  story.task("other").times(10).priority(-1);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(4, 4);
  options.model = [&](ElementId e, std::uint16_t, Random&) {
    return graph.id(e).starts_with("work") && e.value() % 20 == 0 ? Outcome{10ms, FailureClass::error, 1}
                                                                  : Outcome{10ms};
  };
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 1);
  EXPECT_GE(world.state().count(State::failed), 11u);
  EXPECT_LT(world.state().count(State::failed), 30u);
  EXPECT_GT(world.state().count(State::cancelled), 500u);
  EXPECT_EQ(world.state().state(graph.find("other[9]")), State::ok) << "what does not need it goes on";
}

TEST(Limits, stop_a_storm_of_failures) {
  GraphStory story;
  story.task("work").times(1000);
  const graph::Graph graph = with_limits(story.graph(), graph::RunLimits{5});
  WorldOptions options = cluster(2, 2);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{10ms, FailureClass::error, 1}; };
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 1);
  EXPECT_LT(world.state().count(State::failed), 20u);
  EXPECT_NE(world.store().events().back().text.find("limits.max_failures is 5"), std::string::npos);
}

TEST(Limits, hold_for_a_life_that_follows_a_crash) {
  GraphStory story;
  auto bad = story.task("bad").times(3);
  bad.task().tolerate.count = 1;
  story.task("other").times(50);
  const graph::Graph graph = with_limits(story.graph(), graph::RunLimits{2});
  WorldOptions options = cluster(1, 1);
  options.model = [&](ElementId e, std::uint16_t, Random&) {
    return graph.id(e).starts_with("bad") ? Outcome{10ms, FailureClass::error, 1} : Outcome{10ms};
  };
  World first(graph, plan_of(graph), options);
  while (first.state().count(State::failed) < 2) ASSERT_TRUE(first.advance());
  std::vector<Event> events = first.store().events();
  while (events.back().kind != EventKind::attempt_ended) events.pop_back();
  World second(graph, plan_of(graph), options, events);
  EXPECT_EQ(second.run(kLimit), 1);
  EXPECT_TRUE(second.attempts().empty());
  EXPECT_EQ(second.state().state(graph.find("bad[2]")), State::cancelled);
  options.retry_failed = true;
  World third(graph, plan_of(graph), options, events);
  (void)third.run(kLimit);
  EXPECT_GE(third.attempts().size(), 2u) << "who resumes by hand has a fresh budget";
}

TEST(BadNode, is_drained_after_three_failures_that_were_not_the_fault_of_the_tasks) {
  GraphStory story;
  story.task("work").times(300);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(3, 2);
  options.model_of_attempt = [](const SimAttempt& attempt) {
    return attempt.worker == WorkerId(1) ? Outcome{1ms, FailureClass::launch, 0} : Outcome{20ms};
  };
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 0) << "no element was given up for what the node did";
  const auto drained = events_of(world, EventKind::node_drained);
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_EQ(drained[0].text, "n1: 3 failures in a row that were not the fault of what ran there");
  const auto& attempts = world.attempts();
  const auto there =
      std::count_if(attempts.begin(), attempts.end(), [](const SimAttempt& a) { return a.worker == WorkerId(1); });
  EXPECT_LT(there, 10) << "it gets no more work";
}

TEST(BadNode, is_found_when_what_failed_there_goes_well_elsewhere) {
  GraphStory story;
  story.task("work").times(300).retries(3, 10ms);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(3, 2);
  options.model_of_attempt = [](const SimAttempt& attempt) {
    return attempt.worker == WorkerId(1) ? Outcome{1ms, FailureClass::error, 1} : Outcome{20ms};
  };
  World world(graph, plan_of(graph), options);
  (void)world.run(kLimit);
  EXPECT_EQ(events_of(world, EventKind::node_drained).size(), 1u);
}

TEST(BadNode, is_not_drained_when_it_is_the_last) {
  GraphStory story;
  story.task("work").times(10);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(1, 2);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1ms, FailureClass::launch, 0}; };
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 1);
  EXPECT_EQ(events_of(world, EventKind::node_drained).size(), 0u);
  EXPECT_EQ(world.attempts().size(), 40u) << "each has its three free retries";
}

TEST(LostWorker, costs_only_what_it_ran) {
  GraphStory story;
  story.task("work").times(60);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(3, 2);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1s}; };
  World world(graph, plan_of(graph), options);
  (void)world.run(Time{} + 3500ms);
  world.lose_worker(WorkerId(2));
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.attempts().size(), 62u) << "two attempts ran there";
  for (const SimAttempt& attempt : world.attempts()) EXPECT_TRUE(attempt.completed || attempt.worker == WorkerId(2));
}

TEST(LongAttempt, has_its_worker_say_that_it_is_still_there) {
  GraphStory story;
  story.task("long");
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 1);
  options.workers[0].cores = 0;
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{1h}; };
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_GE(world.num_messages(), 55u);
  EXPECT_LE(world.num_messages(), 70u);
}

/// 100 steps of a second each; a life is 45 s long.
struct RestartedRun {
  RestartedRun() {
    GraphStory story;
    auto task = story.task("long").takes(100s);
    task.task().restart = {true, 10, 10s};
    graph = story.graph();
    options = cluster(1, 1);
    options.reserve = 2s;
    options.expected_s = {100};
  }
  int live(std::vector<Event> history, std::vector<Event>& after) {
    const Time start = history.empty() ? Time{} : history.back().start;
    options.end_of_allocation = start + 45s;
    const int before = steps;
    Time began = start;
    options.model_of_attempt = [&, before](const SimAttempt& attempt) {
      began = attempt.start;
      return Outcome{std::chrono::seconds(100 - before)};
    };
    World* here = nullptr;
    options.model_of_checkpoint = [&](ElementId) {
      steps = before + static_cast<int>(to_seconds(here->now() - began));
      return Outcome{1s, FailureClass::signal, -10};
    };
    World world(graph, plan_of(graph), options, std::move(history));
    here = &world;
    const auto code = world.run(kLimit);
    after = world.store().events();
    return code.value_or(-1);
  }

  graph::Graph graph;
  WorldOptions options;
  int steps = 0;
};

TEST(Restart, spans_more_than_one_allocation_by_its_own_checkpoints) {
  RestartedRun run;
  std::vector<Event> events;
  EXPECT_EQ(run.live({}, events), 4);
  EXPECT_NEAR(run.steps, 35, 1) << "asked 10 s before the end";
  EXPECT_EQ(run.live(events, events), 4);
  EXPECT_NEAR(run.steps, 70, 1);
  EXPECT_EQ(run.live(events, events), 0);
  for (const Event& event : events)
    EXPECT_TRUE(event.kind != EventKind::attempt_ended || event.cls == FailureClass::preempted ||
                event.cls == FailureClass::none);
}

struct FinallyRun {
  explicit FinallyRun(std::function<void(World&)> disturb, std::function<Outcome(std::string_view)> model = {},
                      Time end = kNever) {
    GraphStory story;
    auto first = story.task("first");
    story.task("second").after(first);
    story.task("wide").times(8);
    auto sum = story.task("sum");
    auto mail = story.task("mail").after(sum);
    sum.task().runs_finally = mail.task().runs_finally = true;
    graph = story.graph();
    WorldOptions options = cluster(2, 1);
    options.end_of_allocation = end;
    options.reserve = end == kNever ? Duration{0} : Duration(1s);
    options.model = [this, model](ElementId e, std::uint16_t, Random&) {
      return model ? model(graph.id(e)) : Outcome{100ms};
    };
    world.emplace(graph, plan_of(graph), options);
    disturb(*world);
    exit_code = world->run(kLimit);
  }
  void expect_it_ran(const std::string& run_state) {
    const auto began = events_of(*world, EventKind::finally_began);
    ASSERT_EQ(began.size(), 1u);
    EXPECT_EQ(began[0].text, run_state);
    EXPECT_EQ(world->state().state(graph.find("mail")), State::ok);
    const SimAttempt& last = world->attempts().back();
    EXPECT_EQ(graph.id(last.element), "mail");
    for (const SimAttempt& attempt : world->attempts()) {
      const bool is_of_finally = graph.task_of(attempt.element).runs_finally;
      EXPECT_TRUE(is_of_finally || attempt.end <= began[0].start) << graph.id(attempt.element);
    }
  }

  graph::Graph graph;
  std::optional<World> world;
  std::optional<int> exit_code;
};

TEST(Finally, runs_after_success) {
  FinallyRun run([](World&) {});
  EXPECT_EQ(run.exit_code, 0);
  run.expect_it_ran("OK");
}

TEST(Finally, runs_after_a_failure) {
  FinallyRun run([](World&) {},
                 [](std::string_view id) {
                   return id == "first" ? Outcome{100ms, FailureClass::error, 1} : Outcome{100ms};
                 });
  EXPECT_EQ(run.exit_code, 1);
  run.expect_it_ran("FAILED");
}

TEST(Finally, runs_after_a_cancel) {
  FinallyRun run([](World& world) {
    (void)world.run(Time{} + 250ms);
    world.request_stop(Engine::StopKind::stop, 130);
  });
  EXPECT_EQ(run.exit_code, 130);
  run.expect_it_ran("CANCELLED");
  EXPECT_GT(run.world->state().count(State::ready), 0u) << "the rest of the run can be resumed";
}

TEST(Finally, has_the_reserve_before_the_end_of_the_allocation) {
  FinallyRun run([](World&) {},
                 [](std::string_view id) { return Outcome{id.starts_with("wide") ? Duration(1h) : Duration(100ms)}; },
                 Time{} + 10s);
  EXPECT_EQ(run.exit_code, 4);
  run.expect_it_ran("INCOMPLETE");
  EXPECT_GE(run.world->attempts().back().start, Time{} + 9s);
  EXPECT_LT(run.world->now(), Time{} + 10s);
}

TEST(Finally, can_be_stopped_itself) {
  FinallyRun run(
      [](World& world) {
        (void)world.run(Time{} + 250ms);
        world.request_stop(Engine::StopKind::stop, 130);
        (void)world.run(Time{} + 1s);
        world.request_stop(Engine::StopKind::stop, 130);
      },
      [](std::string_view id) { return Outcome{id == "sum" ? Duration(1h) : Duration(100ms)}; });
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_LT(run.world->now(), Time{} + 2s);
}

TEST(Finally, runs_again_in_the_life_that_ends_the_run) {
  FinallyRun run([](World& world) {
    (void)world.run(Time{} + 250ms);
    world.request_stop(Engine::StopKind::drain, 130);
  });
  EXPECT_EQ(run.exit_code, 130);
  World second(run.graph, plan_of(run.graph), cluster(2, 1), run.world->store().events());
  EXPECT_EQ(second.run(kLimit), 0);
  const auto began = events_of(second, EventKind::finally_began);
  ASSERT_EQ(began.size(), 2u);
  EXPECT_EQ(began[1].text, "OK");
}

TEST(WhatIsLeft, says_when_no_single_worker_has_all_that_is_wanted_together) {
  GraphStory story;
  auto both = story.task("both").cores(2);
  both.task().request.gpus = 2;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 1);
  options.workers[0].cores = 4;
  options.workers[1].gpus = 2;
  World world(graph, plan_of(graph), options);
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_EQ(world.store().events().back().text,
            "1 element fits on no worker: both needs 2 cores, 2 GPUs together, which no worker has");
}

TEST(Hold, keeps_an_element_from_starting_until_it_is_released) {
  GraphStory story;
  auto a = story.task("a");
  story.task("b").after(a);
  story.task("c").times(10);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(1, 1);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{100ms}; };
  World world(graph, plan_of(graph), options);
  (void)world.run(Time{} + 50ms);
  world.hold_element(graph.find("b"));
  (void)world.run(Time{} + 500ms);
  EXPECT_EQ(world.state().state(graph.find("b")), State::held);
  world.release_element(graph.find("b"));
  EXPECT_EQ(world.run(kLimit), 0);
}

TEST(Hold, ends_the_run_as_incomplete_when_nothing_else_is_left) {
  GraphStory story;
  auto a = story.task("a");
  story.task("b").after(a);
  const graph::Graph graph = story.graph();
  World world(graph, plan_of(graph), cluster(1, 1));
  world.hold_element(graph.find("a"));
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_EQ(world.store().events().back().text, "1 element is held (fugle release RUN ELEMENT lets it start)");
}

}  // namespace
}  // namespace fugle::sim
