#include "store/live_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph_support.hpp"
#include "store_support.hpp"
#include "support/graphs.hpp"

namespace fugle::store {
namespace {

using scheduler::Event;
using scheduler::EventKind;
using scheduler::RunningAttempt;
using scheduler::State;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;

/// A head reduced to what observers see of it.
class LiveFileOfARun : public ::testing::Test {
 protected:
  explicit LiveFileOfARun(graph::Graph graph = testing::fan(5)) : graph_(std::move(graph)) {}
  void happen(Event event) {
    event.start = now_;
    scheduler::Effects effects;
    apply(run_, event, effects);
    if (event.kind == EventKind::attempt_started) {
      running_.push_back({event.element, event.attempt, event.worker, event.start});
    }
    if (event.kind == EventKind::attempt_ended) {
      std::erase_if(running_, [&](const RunningAttempt& r) { return r.element == event.element; });
    }
    live_.on_events(view(), {&event, 1}, effects);
  }
  void start(std::uint32_t element, std::uint16_t attempt = 1) {
    Event event;
    event.kind = EventKind::attempt_started;
    event.element = ElementId(element);
    event.attempt = attempt;
    event.worker = WorkerId(1);
    happen(event);
  }
  void end(std::uint32_t element, graph::FailureClass cls = graph::FailureClass::none, std::uint16_t attempt = 1) {
    Event event;
    event.kind = EventKind::attempt_ended;
    event.element = ElementId(element);
    event.attempt = attempt;
    event.worker = WorkerId(1);
    event.cls = cls;
    happen(event);
  }
  void begin_life() {
    Event event;
    event.kind = EventKind::run_started;
    happen(event);
  }
  /// What `status` sees after the next tick.
  LiveSummary look() {
    now_ += std::chrono::seconds(1);
    live_.on_tick(view());
    return read_live(directory_.path()).value();
  }
  [[nodiscard]] scheduler::HeadView view() const {
    return {run_, workers_, running_, now_, from_ns(5), /*appended=*/7, /*durable=*/6};
  }

  TemporaryDirectory directory_;
  graph::Graph graph_;
  scheduler::RunState run_{graph_, 1};
  std::vector<scheduler::WorkerInfo> workers_;
  std::vector<RunningAttempt> running_;
  Time now_ = from_ns(1'000'000'000);
  LiveFile live_{directory_.path(), run_};
};

TEST_F(LiveFileOfARun, can_be_read_before_anything_happened) {
  const auto live = read_live(directory_.path());
  ASSERT_TRUE(live);
  EXPECT_EQ(live->total, 7u);
  EXPECT_EQ(live->counts, run_.counts());
  EXPECT_FALSE(live->ended);
}

TEST_F(LiveFileOfARun, tells_counts_workers_and_running_attempts) {
  workers_ = {{WorkerId(0), "node-a", 8, 0, 0, false, false, 3, 2},
              {WorkerId(1), "node-b", 16, 0, 0, true, false, 4, 1}};
  begin_life();
  start(0);
  const LiveSummary live = look();
  EXPECT_EQ(live.counts, run_.counts());
  EXPECT_EQ(live.heartbeat, now_);
  EXPECT_EQ(live.life_started, from_ns(5));
  EXPECT_EQ(live.durable, 6u);
  ASSERT_EQ(live.workers.size(), 2u);
  EXPECT_EQ(live.workers[0].node, "node-a");
  EXPECT_EQ(live.workers[0].condition, WorkerCondition::lost);
  EXPECT_EQ(live.workers[1].condition, WorkerCondition::alive);
  EXPECT_EQ(live.workers[1].worker, WorkerId(1));
  EXPECT_EQ(live.workers[1].cores, 16u);
  EXPECT_EQ(live.workers[1].cores_in_use, 1u);
  EXPECT_EQ(live.workers[1].num_ended, 4u);
  ASSERT_EQ(live.running.size(), 1u);
  EXPECT_EQ(live.running[0].element, ElementId(0));
  EXPECT_EQ(live.running[0].attempt, 1u);
  EXPECT_EQ(live.running[0].start, from_ns(1'000'000'000));
}

class LiveFileOfAService : public LiveFileOfARun {
 protected:
  LiveFileOfAService() : LiveFileOfARun(graph_with_service()) {}
  static graph::Graph graph_with_service() {
    fugle::testing::GraphStory story;
    story.task("db").task().service.is_given = true;
    story.task("other");
    return story.graph();
  }
};

TEST_F(LiveFileOfAService, tells_whether_it_is_ready) {
  begin_life();
  start(0);
  start(1);
  LiveSummary live = look();
  ASSERT_EQ(live.running.size(), 2u);
  EXPECT_EQ(live.running[0].service, scheduler::ServicePhase::starting);
  EXPECT_EQ(live.running[1].service, scheduler::ServicePhase::none);
  Event ready;
  ready.kind = EventKind::service_ready;
  ready.element = ElementId(0);
  ready.attempt = 1;
  happen(ready);
  live = look();
  ASSERT_EQ(live.running.size(), 2u);
  EXPECT_EQ(live.running[0].service, scheduler::ServicePhase::ready);
}

TEST_F(LiveFileOfARun, lists_running_attempts_oldest_first_and_forgets_those_that_ended) {
  begin_life();
  start(0);
  end(0);
  now_ += std::chrono::seconds(9);
  start(4);
  now_ -= std::chrono::seconds(5);
  start(2);
  now_ += std::chrono::seconds(1);
  start(3);
  auto live = look();
  ASSERT_EQ(live.running.size(), 3u);
  EXPECT_EQ(live.running[0].element, ElementId(2));
  EXPECT_EQ(live.running[2].element, ElementId(4));
  end(2);
  live = look();
  ASSERT_EQ(live.running.size(), 2u);
  EXPECT_EQ(live.running[0].element, ElementId(3));
}

TEST_F(LiveFileOfARun, lists_failed_elements_in_order_until_they_get_another_chance) {
  begin_life();
  start(0);
  end(0);
  start(3);
  start(1);
  end(3, graph::FailureClass::oom);
  end(1, graph::FailureClass::error);
  EXPECT_THAT(look().failed, ElementsAre(ElementId(3), ElementId(1)));
  Event retry;
  retry.kind = EventKind::retry_all;
  happen(retry);
  start(3, 2);
  end(3, graph::FailureClass::oom, 2);
  EXPECT_THAT(look().failed, ElementsAre(ElementId(3)));
}

TEST_F(LiveFileOfARun, says_when_the_head_left_in_order) {
  EXPECT_FALSE(look().ended);
  live_.on_end(view());
  EXPECT_TRUE(read_live(directory_.path())->ended);
}

TEST_F(LiveFileOfARun, keeps_states_and_attempts_readable_by_h5py) {
  begin_life();
  start(0);
  end(0);
  start(2);
  (void)look();
  const auto ran =
      testing::run_command("/usr/bin/python3 -c \"import h5py; f = h5py.File('" + (directory_ / "live.h5") +
                           "', 'r'); print(list(f['state'][:7]), list(f['attempt'][:7]), f['summary'][0]['total'])\"");
  if (ran.exit != 0) GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3: " << ran.output;
  EXPECT_EQ(ran.output, "[8, 1, 3, 1, 1, 1, 0] [1, 0, 1, 0, 0, 0, 0] 7\n");
}

TEST_F(LiveFileOfARun, takes_at_most_five_reads) {
  workers_ = {{WorkerId(0), "node-a", 8, 0, 0, true, false, 3, 2}};
  begin_life();
  start(0);
  end(0);
  start(1);
  start(2);
  end(1, graph::FailureClass::error);
  (void)look();
  const auto count_reads = [] {
    // Number of read system calls of this process so far.
    const std::string io = testing::read_bytes("/proc/self/io");
    return std::stoul(io.substr(io.find("syscr: ") + 7));
  };
  const auto first = count_reads();
  const auto before = count_reads();
  const auto cost_of_counting = before - first;
  ASSERT_TRUE(read_live(directory_.path()));
  EXPECT_LE(count_reads() - before - cost_of_counting, 5u);
}

TEST(LiveFile, is_not_there_or_not_readable_without_an_error) {
  const TemporaryDirectory directory;
  EXPECT_EQ(read_live(directory.path()), std::nullopt);
  testing::write_bytes(directory / "live.h5", "");
  EXPECT_EQ(read_live(directory.path()), std::nullopt);
  testing::write_bytes(directory / "live.h5", std::string(20000, 'x'));
  EXPECT_EQ(read_live(directory.path()), std::nullopt);
}

TEST(LiveFile, starts_from_what_earlier_lives_left) {
  const TemporaryDirectory directory;
  const graph::Graph graph = testing::fan(3);
  scheduler::RunState run(graph, 1);
  scheduler::Effects effects;
  Event event;
  event.kind = EventKind::attempt_started;
  event.element = ElementId(0);
  event.attempt = 1;
  event.worker = WorkerId(0);
  apply(run, event, effects);
  event.kind = EventKind::attempt_ended;
  event.cls = graph::FailureClass::error;
  event.exit = 1;
  apply(run, event, effects);
  const LiveFile live(directory.path(), run);
  const auto summary = read_live(directory.path());
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->counts[static_cast<std::size_t>(State::failed)], 1u);
  EXPECT_THAT(summary->failed, ElementsAre(ElementId(0)));
  EXPECT_THAT(summary->running, IsEmpty());
}

}  // namespace
}  // namespace fugle::store
