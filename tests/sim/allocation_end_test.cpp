// The end of an allocation that turns out to be another one than was said at the start.
#include <gtest/gtest.h>

#include <optional>

#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "support/graphs.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using scheduler::FailureClass;
using scheduler::State;
using testing::GraphStory;

constexpr Time kLimit = Time{} + 1h;

/// Tasks of 10 s, one at a time.
struct ShortJob {
  explicit ShortJob(int num_tasks, Time end) {
    GraphStory story;
    story.task("t").times(num_tasks).takes(10s);
    graph = story.graph();
    options = cluster(1, 1);
    options.end_of_allocation = end;
    options.reserve = 2s;
    options.expected_s.assign(graph.num_elements(), 10);
    options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{10s}; };
  }
  graph::Graph graph;
  WorldOptions options;
};

TEST(AllocationEnd, extended_lets_what_was_put_aside_start) {
  ShortJob job(4, Time{} + 25s);
  World world(job.graph, plan_of(job.graph), job.options);
  world.run(Time{} + 15s);
  world.set_end_of_allocation(Time{} + 60s);
  EXPECT_EQ(world.run(kLimit), 0);
  EXPECT_EQ(world.attempts().size(), 4u);
}

TEST(AllocationEnd, cut_keeps_what_no_longer_fits_from_starting) {
  ShortJob job(4, kNever);
  World world(job.graph, plan_of(job.graph), job.options);
  world.run(Time{} + 5s);
  world.set_end_of_allocation(Time{} + 25s);
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_EQ(world.attempts().size(), 2u) << "workers hear of it though they have all they can run";
  EXPECT_LE(world.now(), Time{} + 23s);
}

TEST(AllocationEnd, cut_below_what_runs_stops_it_where_the_reserve_begins) {
  ShortJob job(1, kNever);
  World world(job.graph, plan_of(job.graph), job.options);
  world.run(Time{} + 5s);
  world.set_end_of_allocation(Time{} + 8s);
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_LT(world.now(), Time{} + 7s);
  EXPECT_EQ(world.state().state(ElementId(0)), State::ready);
}

TEST(AllocationEnd, in_the_past_stops_at_once) {
  ShortJob job(1, kNever);
  World world(job.graph, plan_of(job.graph), job.options);
  world.run(Time{} + 5s);
  world.set_end_of_allocation(Time{} + 1s);
  EXPECT_EQ(world.run(kLimit), 4);
  EXPECT_LT(world.now(), Time{} + 6s);
}

/// A task that steps each second, and on the signal writes a checkpoint and goes on.
struct Checkpoints {
  Checkpoints() {
    GraphStory story;
    auto task = story.task("long").takes(100s);
    task.task().restart = {true, 10, 10s};
    graph = story.graph();
    options = cluster(1, 1);
    options.reserve = 2s;
    options.expected_s = {100};
    options.end_of_allocation = Time{} + 45s;
    options.on_message = [this](WorkerId, WorkerId, const scheduler::Message& message) {
      num_asked += std::holds_alternative<scheduler::SignalAttempts>(message) ? 1 : 0;
    };
    options.workers[0].cores = 0;
    options.workers.push_back({"n2", 2, 1, 1u << 30, 0, {}});
    options.model = [](ElementId, std::uint16_t, Random&) { return Outcome{100s}; };
    options.model_of_checkpoint = [this](ElementId) { return Outcome{100s - (world->now() - Time{})}; };
    world.emplace(graph, plan_of(graph), options);
  }
  graph::Graph graph;
  WorldOptions options;
  int num_asked = 0;
  std::optional<World> world;
};

TEST(AllocationEnd, extended_before_the_signal_was_sent_moves_it) {
  Checkpoints run;
  run.world->run(Time{} + 30s);
  run.world->set_end_of_allocation(Time{} + 90s);
  run.world->run(Time{} + 79s);
  EXPECT_EQ(run.num_asked, 0);
  run.world->run(Time{} + 81s);
  EXPECT_EQ(run.num_asked, 1);
}

TEST(AllocationEnd, extended_after_the_signal_has_it_sent_again_before_the_new_end) {
  Checkpoints run;
  run.world->run(Time{} + 36s);
  EXPECT_EQ(run.num_asked, 1);
  run.world->set_end_of_allocation(Time{} + 46s);
  run.world->run(Time{} + 37s);
  EXPECT_EQ(run.num_asked, 1) << "a second more is no reason to ask again while it writes";
  run.world->set_end_of_allocation(Time{} + 90s);
  run.world->run(Time{} + 81s);
  EXPECT_EQ(run.num_asked, 2);
}

TEST(AllocationEnd, cut_sends_the_signal_at_once_where_it_is_due) {
  Checkpoints run;
  run.world->run(Time{} + 5s);
  run.world->set_end_of_allocation(Time{} + 12s);
  run.world->run(Time{} + 6s);
  EXPECT_EQ(run.num_asked, 1);
}

TEST(Finally, waits_for_the_next_job_when_that_becomes_known_late) {
  GraphStory story;
  story.task("long");
  story.task("last").task().runs_finally = true;
  const graph::Graph graph = story.graph();
  for (const bool skips : {false, true}) {
    WorldOptions options = cluster(1, 1);
    options.end_of_allocation = Time{} + 10s;
    options.reserve = 5s;
    options.model = [&](ElementId e, std::uint16_t, Random&) {
      return graph.id(e) == "last" ? Outcome{1s} : Outcome{24h};
    };
    World world(graph, plan_of(graph), options);
    world.run(Time{} + 1s);
    world.set_skip_finally(skips);
    EXPECT_EQ(world.run(kLimit), 4);
    EXPECT_EQ(world.state().state(graph.find("last")), skips ? State::waiting : State::ok);
  }
}

TEST(Finally, runs_when_a_person_stopped_the_run_also_where_another_job_was_to_come) {
  GraphStory story;
  story.task("long");
  story.task("last").task().runs_finally = true;
  const graph::Graph graph = story.graph();
  WorldOptions options = cluster(1, 1);
  options.skip_finally = true;
  options.model = [&](ElementId e, std::uint16_t, Random&) {
    return graph.id(e) == "last" ? Outcome{1s} : Outcome{24h};
  };
  World world(graph, plan_of(graph), options);
  world.run(Time{} + 1s);
  world.request_stop(scheduler::Engine::StopKind::stop, 130);
  EXPECT_EQ(world.run(kLimit), 130);
  EXPECT_EQ(world.state().state(graph.find("last")), State::ok);
}

}  // namespace
}  // namespace fugle::sim
