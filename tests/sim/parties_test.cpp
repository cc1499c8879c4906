// Attempts with several nodes, whole nodes, and what is kept free for what needs much. In a hostile world:
// fault_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graphs.hpp"
#include "topology/topology.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::Engine;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::FailureClass;
using scheduler::State;
using testing::GraphStory;
using ::testing::HasSubstr;

constexpr Time kLimit = Time{} + 24h;

/// Higher priorities first, else as they were added.
plan::Plan plan_by_priority(const graph::Graph& graph) {
  plan::Plan plan;
  std::vector<std::uint32_t> elements(graph.num_elements());
  std::iota(elements.begin(), elements.end(), 0u);
  const auto priority = [&](std::uint32_t e) { return graph.task_of(ElementId(e)).priority; };
  std::stable_sort(elements.begin(), elements.end(), [&](auto a, auto b) { return priority(a) > priority(b); });
  plan.order.resize(elements.size());
  for (std::uint32_t position = 0; position < elements.size(); ++position) plan.order[elements[position]] = position;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) plan.priority.push_back(priority(e));
  return plan;
}

struct WatchedRun {
  WatchedRun(const graph::Graph& graph, const WorldOptions& options) : world(graph, plan_by_priority(graph), options) {}

  /// To its end, with the invariants checked after every event.
  int finish() {
    while (world.advance() && world.now() < kLimit) world.check_invariants();
    return world.has_ended() ? world.exit_code() : -1;
  }
  /// Until the element runs, as the journal has it.
  void run_until_started(ElementId e) {
    while (world.state().state(e) != State::running && world.advance()) world.check_invariants();
  }
  [[nodiscard]] std::vector<Event> events(EventKind kind) {
    std::vector<Event> found;
    for (const Event& event : world.store().events())
      if (event.kind == kind) found.push_back(event);
    return found;
  }
  [[nodiscard]] Time start_of(std::uint32_t e) const {
    for (const SimAttempt& attempt : world.attempts())
      if (attempt.element == ElementId(e)) return attempt.start;
    return kNever;
  }

  World world;
};

TEST(Parties, run_on_as_many_nodes_as_they_ask_for_and_are_one_attempt) {
  GraphStory story;
  story.task("mpi").cores(2).task().shape.nodes = 3;
  const graph::Graph graph = story.graph();
  std::set<std::string> nodes;
  WorldOptions options = cluster(4, 2);
  options.on_message = [&](WorkerId, WorkerId, const scheduler::Message& message) {
    if (const auto* start = std::get_if<scheduler::StartParty>(&message))
      for (const scheduler::Member& member : start->members) nodes.insert(member.node);
  };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 0);
  EXPECT_EQ(nodes.size(), 3u);
  EXPECT_EQ(run.events(EventKind::attempt_started).size() + run.events(EventKind::attempt_ended).size(), 2u);
  EXPECT_EQ(run.world.attempts().size(), 1u);
  EXPECT_EQ(run.world.num_words_heard(), 4u) << "two members are greeted and answer";
}

/// The ranks of `per_node` nodes of one host count as one node.
TEST(Parties, take_one_worker_of_each_node) {
  GraphStory story;
  story.task("mpi").task().shape.nodes = 2;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(4, 2);
  for (scheduler::WorkerOffer& worker : options.workers) worker.node = "n0";
  WatchedRun alone(graph, options);
  EXPECT_EQ(alone.finish(), 4);
  EXPECT_THAT(alone.events(EventKind::run_ended).front().text, HasSubstr("mpi needs 2 nodes, the allocation has 1"));
  options.workers.back().node = "n1";
  WatchedRun two(graph, options);
  EXPECT_EQ(two.finish(), 0);
}

/// A function of so many ranks; with `late` after something else, so that all workers are there.
graph::Graph function_of(std::uint32_t ranks, std::uint32_t nodes = 0, bool late = true) {
  GraphStory story;
  auto function = story.task("function");
  if (late) function.after(story.task("before"));
  graph::Task& task = function.task();
  task.kind = graph::TaskKind::function;
  task.shape.ranks = ranks;
  task.shape.nodes = std::max(nodes, 1u);
  task.shape.part = nodes == 0 ? graph::Part::rank_anywhere : graph::Part::rank;
  return story.graph();
}

/// Six workers: two on n0, three on n1, one on n2.
WorldOptions three_hosts() {
  WorldOptions options = cluster(6, 1);
  const char* const nodes[] = {"n0", "n0", "n1", "n1", "n1", "n2"};
  for (std::size_t w = 0; w < 6; ++w) options.workers[w].node = nodes[w];
  return options;
}

std::vector<std::string> nodes_of_party(const graph::Graph& graph, WorldOptions options) {
  std::vector<std::string> nodes;
  std::set<WorkerId> workers;
  options.on_message = [&](WorkerId, WorkerId, const scheduler::Message& message) {
    const auto* start = std::get_if<scheduler::StartParty>(&message);
    if (start == nullptr || start->position != 1) return;
    for (const scheduler::Member& member : start->members) {
      nodes.push_back(member.node);
      workers.insert(member.worker);
    }
  };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 0);
  EXPECT_EQ(workers.size(), nodes.size()) << "different workers";
  return nodes;
}

TEST(Parties, of_a_function_are_any_workers_of_one_node_where_it_has_enough) {
  using Nodes = std::vector<std::string>;
  EXPECT_EQ(nodes_of_party(function_of(2), three_hosts()), (Nodes{"n0", "n0"}));
  EXPECT_EQ(nodes_of_party(function_of(3), three_hosts()), (Nodes{"n1", "n1", "n1"}));
  EXPECT_EQ(nodes_of_party(function_of(5), three_hosts()), (Nodes{"n0", "n0", "n1", "n1", "n1"})) << "near its input";
  EXPECT_EQ(nodes_of_party(function_of(3, 3), three_hosts()).size(), 3u);
  EXPECT_EQ(nodes_of_party(function_of(4, 2), three_hosts()), (Nodes{"n0", "n0", "n1", "n1"}));
}

TEST(Parties, of_a_function_with_more_ranks_than_workers_stay_ready_and_it_is_said) {
  const graph::Graph seven = function_of(7);
  WatchedRun run(seven, three_hosts());
  EXPECT_EQ(run.finish(), 4);
  EXPECT_THAT(run.events(EventKind::run_ended).front().text,
              HasSubstr("function needs 7 workers, the allocation has 6 on 3 nodes that could take part"));
  const graph::Graph uneven = function_of(6, 2);
  WatchedRun on_two(uneven, three_hosts());
  EXPECT_EQ(on_two.finish(), 4);
  EXPECT_THAT(on_two.events(EventKind::run_ended).front().text, HasSubstr("function needs 6 workers on 2 nodes"));
}

/// The others of a party may wait in MPI for the one that is gone: nothing but a stop ends them.
TEST(Parties, of_a_function_are_stopped_at_once_when_one_of_them_has_died) {
  const graph::Graph graph = function_of(3, 0, false);
  WorldOptions options = cluster(4, 2);
  options.model = [](ElementId, std::uint16_t attempt, Random&) { return Outcome{attempt == 1 ? 24h : 10ms}; };
  options.model_of_part = [](const SimAttempt& part) { return Outcome{part.attempt == 1 ? 24h : 10ms}; };
  std::vector<scheduler::Member> members;
  options.on_message = [&](WorkerId, WorkerId, const scheduler::Message& message) {
    if (const auto* start = std::get_if<scheduler::StartParty>(&message); start != nullptr && members.empty())
      members = start->members;
  };
  WatchedRun run(graph, options);
  run.run_until_started(ElementId(0));
  run.world.lose_worker(members[members[1].worker == WorkerId(0) ? 2 : 1].worker);
  EXPECT_EQ(run.finish(), 0);
  const auto ends = run.events(EventKind::attempt_ended);
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[0].cls, FailureClass::lost);
  EXPECT_EQ(ends[1].cls, FailureClass::none);
  EXPECT_LT(run.world.now(), Time{} + 1min);
}

TEST(Parties, of_more_nodes_than_there_are_stay_ready_and_it_is_said) {
  GraphStory story;
  story.task("mpi").task().shape.nodes = 8;
  story.task("small");
  const graph::Graph graph = story.graph();
  WatchedRun run(graph, cluster(4, 2));
  EXPECT_EQ(run.finish(), 4);
  EXPECT_EQ(run.world.state().state(ElementId(0)), State::ready);
  EXPECT_EQ(run.world.state().state(ElementId(1)), State::ok);
  EXPECT_THAT(run.events(EventKind::run_ended).front().text, HasSubstr("mpi needs 8 nodes, the allocation has 4"));
}

TEST(Parties, whose_member_dies_are_stopped_and_tried_again) {
  GraphStory story;
  story.task("mpi").cores(2).task().shape.nodes = 2;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(4, 2);
  options.model = [](ElementId, std::uint16_t attempt, Random&) { return Outcome{attempt == 1 ? 24h : 10ms}; };
  std::vector<scheduler::Member> members;
  options.on_message = [&](WorkerId, WorkerId, const scheduler::Message& message) {
    if (const auto* start = std::get_if<scheduler::StartParty>(&message); start != nullptr && members.empty())
      members = start->members;
  };
  for (const std::size_t dies : {0u, 1u}) {
    members.clear();
    WatchedRun run(graph, options);
    run.run_until_started(ElementId(0));
    // The head's own death is another matter.
    const std::size_t position = members[dies].worker == WorkerId(0) ? 1 - dies : dies;
    run.world.lose_worker(members[position].worker);
    EXPECT_EQ(run.finish(), 0);
    const auto ends = run.events(EventKind::attempt_ended);
    ASSERT_EQ(ends.size(), 2u);
    EXPECT_EQ(ends[0].cls, FailureClass::lost);
    EXPECT_EQ(ends[0].worker, members[0].worker) << "the attempt is the leader's";
    EXPECT_EQ(ends[1].cls, FailureClass::none);
    EXPECT_LT(run.world.now(), Time{} + 1min) << "what is left of the first is stopped, not waited for";
  }
}

TEST(Parties, fail_when_a_member_fails_and_their_leader_does_not) {
  GraphStory story;
  story.task("function").task().shape.nodes = 2;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 2);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{10ms}; };
  options.model_of_part = [](const SimAttempt&) { return Outcome{1ms, FailureClass::error, 3}; };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 1);
  ASSERT_EQ(run.events(EventKind::attempt_ended).size(), 1u);
  EXPECT_EQ(run.events(EventKind::attempt_ended)[0].cls, FailureClass::error);
}

TEST(Parties, that_wait_for_their_places_can_be_cancelled_and_held) {
  GraphStory story;
  story.task("mpi").cores(2).task().shape.nodes = 2;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 2);
  for (const bool is_cancelled : {true, false}) {
    bool is_granted = false;
    options.on_message = [&](WorkerId, WorkerId, const scheduler::Message& message) {
      is_granted = is_granted || std::holds_alternative<scheduler::Grant>(message);
    };
    WatchedRun run(graph, options);
    while (!is_granted && run.world.advance()) {
    }
    if (is_cancelled)
      run.world.cancel_element(ElementId(0));
    else
      run.world.hold_element(ElementId(0));
    EXPECT_EQ(run.finish(), is_cancelled ? 1 : 4);
    EXPECT_EQ(run.world.state().state(ElementId(0)), is_cancelled ? State::cancelled : State::held);
    EXPECT_TRUE(run.world.attempts().empty());
  }
}

TEST(Parties, that_run_are_ended_as_a_whole_when_they_are_cancelled_or_the_run_is) {
  GraphStory story;
  story.task("mpi").cores(2).task().shape.nodes = 2;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 2);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{24h}; };
  for (const bool is_run : {true, false}) {
    WatchedRun run(graph, options);
    run.run_until_started(ElementId(0));
    if (is_run)
      run.world.request_stop(Engine::StopKind::stop, 130);
    else
      run.world.cancel_element(ElementId(0));
    EXPECT_EQ(run.finish(), is_run ? 130 : 1);
    EXPECT_EQ(run.world.state().state(ElementId(0)), State::cancelled);
    EXPECT_LT(run.world.now(), Time{} + 1min);
  }
}

TEST(WholeNodes, run_nothing_else) {
  GraphStory story;
  story.task("small").times(60);
  story.task("whole").times(6).task().request.whole_node = true;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 4);
  options.model = [](ElementId e, std::uint16_t, Random& random) {
    return Outcome{std::chrono::milliseconds(e.value() < 60 ? 1 + random.below(20) : 50)};
  };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 0);
  const auto& attempts = run.world.attempts();
  for (const SimAttempt& whole : attempts) {
    if (whole.element.value() < 60) continue;
    for (const SimAttempt& other : attempts)
      EXPECT_TRUE(other.element == whole.element || other.worker != whole.worker || other.end <= whole.start ||
                  other.start >= whole.end);
  }
}

TEST(WholeNodes, are_not_to_be_had_where_each_node_has_several_workers) {
  GraphStory story;
  story.task("whole").task().request.whole_node = true;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(2, 4);
  options.workers[1].node = "n0";
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 4);
  EXPECT_THAT(run.events(EventKind::run_ended).front().text, HasSubstr("needs a whole node"));
}

/// As many as the attempts that start one after another while something waits.
TEST(Reservation, keeps_nodes_for_what_is_passed_over_too_often) {
  GraphStory story;
  story.task("before").times(16);
  story.task("mpi").cores(4).task().shape.nodes = 3;
  story.task("after").times(400);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(4, 4);
  options.model = [](ElementId, std::uint16_t, Random& random) {
    return Outcome{std::chrono::milliseconds(50 + random.below(100))};
  };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 0);
  const Time started = run.start_of(16);
  const auto& attempts = run.world.attempts();
  const auto earlier =
      std::count_if(attempts.begin(), attempts.end(), [&](const SimAttempt& other) { return other.start < started; });
  EXPECT_LT(earlier, 100) << "it waits for some generations of others, not for all";
}

/// 4 cores: one runs for 100 s. The large one, which needs all four, can begin then.
TEST(Reservation, is_not_delayed_by_what_fills_the_gap) {
  GraphStory story;
  story.task("long").priority(2);
  story.task("large").cores(4).priority(1);
  story.task("short").times(6);
  story.task("too_long").times(3);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(1, 4);
  options.expected_s = {100, 50, 30, 30, 30, 30, 30, 30, 200, 200, 200};
  options.model = [&](ElementId e, std::uint16_t, Random&) {
    return Outcome{from_seconds(options.expected_s[e.value()])};
  };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 0);
  EXPECT_LT(to_seconds(run.start_of(1) - Time{}), 101);
  for (std::uint32_t e = 2; e < 8; ++e) EXPECT_LT(run.start_of(e), Time{} + 100s) << "it ends before, and goes first";
  for (std::uint32_t e = 8; e < 11; ++e) EXPECT_GT(run.start_of(e), Time{} + 100s);
}

TEST(Reservation, leaves_to_others_what_is_not_needed) {
  GraphStory story;
  story.task("gpu").times(2).priority(1).task().request.gpus = 1;
  story.task("cpu").times(8);
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(1, 4);
  options.workers[0].gpus = 1;
  options.expected_s.assign(10, 100);
  options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{100s}; };
  WatchedRun run(graph, options);
  EXPECT_EQ(run.finish(), 0);
  EXPECT_LT(run.start_of(4), Time{} + 1s) << "three cores are free beside the first";
}

/// Two cores each, and one core each, on 8 cores; the CPUs of each attempt are its own (Watch).
WorldOptions machine_of_8_cores(std::uint64_t seed) {
  WorldOptions options = cluster(1, 8);
  options.workers[0].machine = topology::synthetic("numa:2(memory=8589934592) core:4 pu:1", "n0");
  options.workers[0].mem_bytes = std::uint64_t{1} << 34;
  options.seed = seed;
  options.model = [](ElementId, std::uint16_t, Random& random) {
    return Outcome{std::chrono::milliseconds(1 + random.below(40))};
  };
  return options;
}

TEST(Packing, of_40_tasks_of_two_ranks_and_400_of_one_core_shares_no_core_and_keeps_priorities) {
  for (const bool are_mpi_first : {true, false}) {
    GraphStory story;
    auto mpi = story.task("mpi").times(40).cores(2).priority(are_mpi_first ? 1 : 0);
    mpi.task().shape.ranks = 2;
    auto serial = story.task("serial").times(400).priority(are_mpi_first ? 0 : 1);
    serial.task().bind = graph::Bind::core;
    const graph::Graph graph = story.graph();
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      WatchedRun run(graph, machine_of_8_cores(seed));
      ASSERT_EQ(run.finish(), 0) << "seed " << seed;
      Time last_of_first{}, first_of_last = kNever;
      for (const SimAttempt& attempt : run.world.attempts()) {
        const bool is_first = (attempt.element.value() < 40) == are_mpi_first;
        if (is_first)
          last_of_first = std::max(last_of_first, attempt.start);
        else
          first_of_last = std::min(first_of_last, attempt.start);
      }
      // A core that those of higher priority leave when none of them is READY any more is for the others.
      EXPECT_GE(first_of_last, last_of_first) << "seed " << seed;
    }
  }
}

TEST(Packing, of_parties_and_tasks_of_one_core_comes_to_its_end) {
  GraphStory story;
  for (const std::uint32_t nodes : {2u, 3u})
    for (const std::uint32_t cores : {1u, 3u, 4u})
      story.task("mpi" + std::to_string(nodes) + std::to_string(cores)).times(7).cores(cores).task().shape.nodes =
          nodes;
  story.task("serial").times(300);
  const graph::Graph graph = story.graph();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    WorldOptions options = cluster(5, 4);
    options.seed = seed;
    options.model = [](ElementId e, std::uint16_t, Random& random) {
      // Some are so short that workers get backlogs of them.
      return Outcome{e.value() % 3 == 0 ? Duration(std::chrono::microseconds(200 + random.below(2000)))
                                        : Duration(std::chrono::milliseconds(1 + random.below(40)))};
    };
    WatchedRun run(graph, options);
    ASSERT_EQ(run.finish(), 0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fugle::sim
