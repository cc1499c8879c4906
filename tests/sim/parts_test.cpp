// The parts a simulated world is made of.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/head_load.hpp"
#include "sim/memory_store.hpp"
#include "sim/message_size.hpp"
#include "sim/network.hpp"
#include "sim/processes.hpp"
#include "sim/rank_heap.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using namespace scheduler;

Time at(std::int64_t us) { return Time{} + std::chrono::microseconds(us); }

TEST(RankHeap, gives_the_earliest_first_and_the_lowest_of_equals) {
  RankHeap heap(5);
  heap.wake(3, at(10));
  heap.wake(1, at(10));
  heap.wake(4, at(5));
  heap.wake(4, at(50));  // not later than it was
  EXPECT_EQ(heap.first(), 4u);
  heap.remove(4);
  EXPECT_EQ(heap.first(), 1u);
  EXPECT_EQ(heap.when(4), kNever);
}

TEST(RankHeap, agrees_with_a_sorted_set) {
  constexpr std::uint32_t kRanks = 40;
  Random random(3);
  RankHeap heap(kRanks);
  std::set<std::pair<Time, std::uint32_t>> model;
  for (int i = 0; i < 20'000; ++i) {
    const auto rank = static_cast<std::uint32_t>(random.below(kRanks));
    const Time old = heap.when(rank);
    if (random.chance(0.4)) {
      heap.remove(rank);
      model.erase({old, rank});
    } else {
      const Time wanted = at(static_cast<std::int64_t>(random.below(100)));
      heap.wake(rank, wanted);
      if (wanted < old) model.erase({old, rank}), model.insert({wanted, rank});
    }
    ASSERT_EQ(heap.is_empty(), model.empty());
    if (!model.empty()) {
      ASSERT_EQ(heap.first(), model.begin()->second);
    }
  }
}

graph::Task some_task() {
  graph::Task task;
  task.name = "mdrun";
  task.env = {{"A", "1"}};
  return task;
}

Place some_place() { return {{0, 1}, {0}, {1}, true}; }

TEST(MessageSizes, are_those_of_the_encoded_messages) {
  LeasedElement leased;
  leased.releases = {ElementId(4), ElementId(5)};
  leased.id = "mdrun[8,2]";
  leased.packed_text = "text";
  Grant grant;
  grant.tasks.emplace_back(TaskId(0), std::make_shared<const graph::Task>(some_task()));
  grant.elements = {leased, leased};
  AttemptReport attempt;
  attempt.reason = "exit code 3";
  Report report;
  report.attempts = {attempt, attempt};
  report.returned = {ElementId(1)};
  const std::vector<Message> messages{Hello{.node = "n17"},
                                      grant,
                                      Revoke{{ElementId(1), ElementId(2)}},
                                      Release{{ElementId(1)}},
                                      StopAttempts{{ElementId(3)}},
                                      SignalAttempts{{ElementId(3)}, 10},
                                      Shutdown{},
                                      Tenure{Time{} + 1s},
                                      report,
                                      Placed{ElementId(1), 2, some_place()},
                                      StartParty{ElementId(1), 2, 1, {{WorkerId(3), "n3", some_place()}}},
                                      EndParty{ElementId(1), 2},
                                      CarryWord{{ElementId(1), 2, 0, 1, "hello"}},
                                      PartyWord{ElementId(1), 2, 0, 1, "hello"},
                                      CarryValue{{ValueWord::Kind::here, ElementId(1), WorkerId(2), "value"}},
                                      ValueWord{ValueWord::Kind::here, ElementId(1), WorkerId(2), "value"}};
  ASSERT_EQ(messages.size(), std::variant_size_v<Message>);
  MessageSizes sizes(1);
  for (const Message& message : messages) EXPECT_EQ(sizes.of(message), encode(message).size()) << message.index();
}

Network network(Latency latency, Places places = {}) {
  return Network(4, 1, latency, std::move(places), 7, Network::Carrying::values);
}

TEST(Network, takes_longer_the_further_apart_the_ranks_are) {
  Network net = network({10us, 20us, 30us, 0us}, {{0, 0, 1, 2}, {0, 0, 1}});
  EXPECT_EQ(net.post(0, 1, Shutdown{}, at(0)), at(10));
  EXPECT_EQ(net.post(0, 2, Shutdown{}, at(0)), at(20));
  EXPECT_EQ(net.post(0, 3, Shutdown{}, at(0)), at(30));
  EXPECT_EQ(net.next_arrival(3), at(30));
  EXPECT_EQ(net.next_arrival(0), kNever);
}

TEST(Network, keeps_the_order_of_each_pair_and_tells_of_a_death_last) {
  Network net = network({10us, 20us, 30us, 500us});
  for (std::uint32_t i = 0; i < 50; ++i) net.post(1, 0, Revoke{{ElementId(i)}}, at(i));
  net.close(1);
  net.post_loss(1, 0, at(50));
  Transport::Incoming incoming;
  net.collect(0, at(10'000), incoming);
  ASSERT_EQ(incoming.messages.size(), 50u);
  for (std::uint32_t i = 0; i < 50; ++i)
    EXPECT_EQ(std::get<Revoke>(incoming.messages[i].second).elements[0], ElementId(i));
  EXPECT_EQ(incoming.lost, std::vector{WorkerId(1)});
  EXPECT_EQ(net.post(0, 1, Shutdown{}, at(60)), kNever) << "nobody is there";
}

TEST(Network, loses_with_a_rank_the_latest_of_what_it_said) {
  Network net = network({10us, 20us, 30us, 0us});
  for (std::uint32_t i = 0; i < 5; ++i) net.post(1, 0, Revoke{{ElementId(i)}}, at(i));
  net.post(2, 0, Revoke{{ElementId(9)}}, at(9));
  net.close(1);
  net.lose_latest(1, 0, 2);
  net.post_loss(1, 0, at(50));
  Transport::Incoming incoming;
  net.collect(0, at(10'000), incoming);
  ASSERT_EQ(incoming.messages.size(), 4u);
  EXPECT_EQ(std::get<Revoke>(incoming.messages[2].second).elements[0], ElementId(2));
  EXPECT_EQ(std::get<Revoke>(incoming.messages[3].second).elements[0], ElementId(9));
  EXPECT_EQ(incoming.lost, std::vector{WorkerId(1)});
}

TEST(Network, delays_a_part_of_the_messages_by_much) {
  Network net(400, 1, {10us, 20us, 30us, 0us, 0.5, 1s}, {}, 7, Network::Carrying::values);
  std::uint32_t num_late = 0;
  for (std::uint32_t to = 1; to < 400; ++to) num_late += net.post(0, to, Shutdown{}, at(0)) > at(20);
  EXPECT_GT(num_late, 150u);
  EXPECT_LT(num_late, 250u);
}

struct Executed {
  explicit Executed(LaunchCost cost = {}, Outcome outcome = {1ms})
      : processes(2, 10, cost,
                  {[outcome](const SimAttempt&) { return outcome; },
                   [this](const SimAttempt& attempt, const graph::Request&) { ended.push_back(attempt); }}) {}

  static Launch launch(std::uint32_t element) {
    Launch launch;
    launch.element = ElementId(element);
    launch.granted = {2, 100, 0};
    return launch;
  }
  std::vector<AttemptReport> poll(Time now) {
    std::vector<AttemptReport> reports;
    processes.poll(0, now, reports);
    return reports;
  }

  std::vector<SimAttempt> ended;
  Processes processes;
};

TEST(Processes, start_one_after_another_and_cost_what_they_cost) {
  Executed run({100us, 50us});
  run.processes.start(0, Executed::launch(1), at(0));
  run.processes.start(0, Executed::launch(2), at(0));
  EXPECT_EQ(run.processes.in_use(0), (graph::Request{4, 200, 0}));
  EXPECT_EQ(run.processes.next_due(0), at(100)) << "the first has started";
  EXPECT_EQ(run.poll(at(200)).size(), 2u);
  EXPECT_EQ(run.processes.next_due(0), at(1150));
  EXPECT_EQ(run.poll(at(5000)).size(), 2u);
  EXPECT_EQ(run.ended[1].start, at(100));
  EXPECT_EQ(run.ended[1].end, at(1250));
  EXPECT_EQ(run.processes.in_use(0), (graph::Request{0, 0, 0}));
  EXPECT_EQ(run.processes.next_due(0), kNever);
}

TEST(Processes, a_follower_starts_when_its_place_is_left_however_late_that_is_noticed) {
  Executed run;
  run.processes.start(0, Executed::launch(1), at(0));
  run.processes.start_after(0, Executed::launch(2), ElementId(1), at(10));
  EXPECT_EQ(run.processes.in_use(0).cores, 2u);
  const auto reports = run.poll(at(1700));
  ASSERT_EQ(reports.size(), 3u) << "1 started and ended, 2 started";
  EXPECT_EQ(reports[2].element, ElementId(2));
  EXPECT_EQ(reports[2].start, at(1000));
}

TEST(Processes, that_are_stopped_end_as_cancelled_also_while_they_wait) {
  Executed run;
  run.processes.start(0, Executed::launch(1), at(0));
  run.processes.start_after(0, Executed::launch(2), ElementId(1), at(0));
  run.processes.stop(0, ElementId(2), at(10));
  run.processes.stop(0, ElementId(1), at(10));
  const auto reports = run.poll(at(9000));
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[1].element, ElementId(2));
  EXPECT_EQ(reports[1].cls, FailureClass::cancelled);
  EXPECT_EQ(reports[2].element, ElementId(1));
  EXPECT_EQ(reports[2].cls, FailureClass::cancelled);
  EXPECT_EQ(run.processes.next_due(0), kNever);
}

TEST(Processes, die_with_their_rank_and_are_not_reported) {
  Executed run;
  run.processes.start(0, Executed::launch(1), at(0));
  run.processes.start_after(0, Executed::launch(2), ElementId(1), at(0));
  run.processes.kill_all(0, at(500));
  EXPECT_TRUE(run.poll(at(9000)).empty());
  ASSERT_EQ(run.ended.size(), 1u);
  EXPECT_FALSE(run.ended[0].completed);
  EXPECT_EQ(run.processes.in_use(0).cores, 0u);
  run.processes.start(1, Executed::launch(2), at(600));
  EXPECT_EQ(run.processes.in_use(1).cores, 2u);
}

TEST(Processes, that_can_not_be_launched_are_reported_by_their_end_alone) {
  Executed run({}, {1ms, FailureClass::launch, 0});
  run.processes.start(0, Executed::launch(1), at(0));
  EXPECT_EQ(run.processes.in_use(0).cores, 0u);
  const auto reports = run.poll(at(100));
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].kind, AttemptReport::Kind::ended);
  EXPECT_EQ(reports[0].cls, FailureClass::launch);
}

TEST(Processes, are_lost_with_their_spawner_and_none_is_launched_until_it_is_mended) {
  Executed run;
  run.processes.start(0, Executed::launch(3), at(0));
  run.processes.start(0, Executed::launch(1), at(800));
  run.processes.start_after(0, Executed::launch(2), ElementId(1), at(800));
  run.processes.break_spawner(0, at(1500));  // 3 has ended by then, though nobody knows
  run.processes.start(0, Executed::launch(4), at(1510));
  std::map<ElementId, FailureClass> ended;
  for (const AttemptReport& report : run.poll(at(9000)))
    if (report.kind == AttemptReport::Kind::ended) ended.emplace(report.element, report.cls);
  const std::map<ElementId, FailureClass> expected{{ElementId(1), FailureClass::lost},
                                                   {ElementId(2), FailureClass::lost},
                                                   {ElementId(3), FailureClass::none},
                                                   {ElementId(4), FailureClass::launch}};
  EXPECT_EQ(ended, expected);
  EXPECT_EQ(run.processes.in_use(0).cores, 0u);
  run.processes.mend_spawner(0);
  run.processes.start(0, Executed::launch(5), at(9100));
  EXPECT_EQ(run.processes.in_use(0).cores, 2u);
}

std::vector<Event> some_events(std::size_t count) {
  std::vector<Event> events(count);
  for (std::size_t i = 0; i < count; ++i) events[i].exit = static_cast<int>(i);
  return events;
}

TEST(MemoryStore, has_durable_what_was_appended_before_the_latest_commit_began) {
  MemoryStore store;
  store.append(some_events(3));
  store.commit();
  EXPECT_EQ(store.durable(), 0u) << "it is being written";
  store.append(some_events(2));
  store.commit();
  EXPECT_EQ(store.durable(), 3u);
  store.flush();
  EXPECT_EQ(store.durable(), 5u);
}

TEST(MemoryStore, keeps_in_a_crash_what_was_durable_and_any_part_of_the_rest_as_a_prefix) {
  MemoryStore store;
  store.append(some_events(2));
  store.flush();
  store.append(some_events(3));
  Random random(1);
  std::set<std::size_t> lengths;
  for (int i = 0; i < 100; ++i) {
    const auto kept = store.survivors(random);
    EXPECT_TRUE(std::equal(kept.begin(), kept.end(), store.events().begin()));
    lengths.insert(kept.size());
  }
  EXPECT_EQ(lengths, (std::set<std::size_t>{2, 3, 4, 5}));
}

TEST(MemoryStore, has_nothing_more_durable_after_a_fault_and_forgets_what_comes_then) {
  MemoryStore store;
  store.append(some_events(2));
  store.commit();
  store.fail(MemoryStore::Fault::disk);
  EXPECT_FALSE(store.fault()) << "nobody has noticed";
  EXPECT_TRUE(store.commit());
  EXPECT_TRUE(store.fault());
  EXPECT_FALSE(store.is_superseded());
  store.append(some_events(2));
  store.flush();
  EXPECT_EQ(store.durable(), 0u);
  EXPECT_EQ(store.appended(), 4u);
  EXPECT_EQ(store.events().size(), 2u);
}

TEST(HeadLoad, adds_up_what_a_step_costs) {
  HeadLoad load({5us, 7us, 2us});
  load.begin(at(100), 3);
  EXPECT_EQ(load.free_at(), at(126));
  load.add_events(10);
  EXPECT_EQ(load.send(), at(153));
  load.end();
  EXPECT_EQ(load.busy(), 53us);
}

}  // namespace
}  // namespace fugle::sim
