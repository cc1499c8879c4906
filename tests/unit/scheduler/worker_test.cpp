#include "scheduler/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "topology/topology.hpp"

namespace fugle::scheduler {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordingTransport final : public Transport {
 public:
  [[nodiscard]] WorkerId self() const override { return WorkerId(1); }
  [[nodiscard]] std::uint32_t num_ranks() const override { return 2; }
  void send(WorkerId, const Message& message) override { sent.push_back(message); }
  void poll(Incoming&) override {}

  [[nodiscard]] std::vector<Report> take_reports() {
    std::vector<Report> reports;
    for (Message& message : sent)
      if (auto* report = std::get_if<Report>(&message)) reports.push_back(std::move(*report));
    sent.clear();
    return reports;
  }
  std::vector<Message> sent;
};

class RecordingExecutor final : public Executor {
 public:
  void start(const Launch& launch) override { started.push_back(launch); }
  void start_after(const Launch& launch, ElementId predecessor) override {
    followers.emplace_back(launch.element, predecessor);
  }
  void start_now(ElementId) override {}
  void stop(ElementId, StopReason) override {}
  void signal(ElementId, int) override {}
  void poll(std::vector<AttemptReport>& reports) override {
    reports.insert(reports.end(), fresh.begin(), fresh.end());
    fresh.clear();
  }
  void host(const Launch& launch) override { hosted.push_back(launch); }
  void dismiss(ElementId element) override { dismissed.push_back(element); }
  void hear(const PartyWord& word) override { heard.push_back(word); }
  void poll_words(std::vector<PartyWord>& words) override { words = std::exchange(said, {}); }
  void end(ElementId element, FailureClass cls = FailureClass::none) {
    AttemptReport report;
    report.kind = AttemptReport::Kind::ended;
    report.element = element;
    report.cls = cls;
    fresh.push_back(report);
  }

  std::vector<Launch> started;
  std::vector<std::pair<ElementId, ElementId>> followers;
  std::vector<AttemptReport> fresh;
  std::vector<Launch> hosted;
  std::vector<ElementId> dismissed;
  std::vector<PartyWord> heard, said;
};

graph::Task task_with(std::uint32_t cores, graph::Bind bind = graph::Bind::automatic, std::uint32_t gpus = 0) {
  graph::Task task;
  task.name = "t";
  task.request = {cores, 0, gpus};
  task.bind = bind;
  return task;
}

/// A worker of a machine, and the grants for it.
struct Bench {
  explicit Bench(const topology::Node& machine)
      : outbox(transport),
        worker({machine.name, 1, machine.num_cores(), machine.mem_bytes,
                static_cast<std::uint32_t>(machine.gpus.size()), machine},
               outbox, executor) {
    transport.sent.clear();
  }

  LeasedElement& add(std::uint32_t element, const graph::Task& task) {
    const TaskId id(element);
    grant.tasks.emplace_back(id, std::make_shared<const graph::Task>(task));
    LeasedElement leased;
    leased.element = ElementId(element);
    leased.task = id;
    leased.order = element;
    return grant.elements.emplace_back(leased);
  }
  /// Granted to party 7, with so many cores here.
  void grant_part(std::uint32_t element, std::uint32_t cores) {
    add(element, task_with(cores, graph::Bind::core)).party = 7;
    send_grant();
  }
  void begin(std::uint32_t element, std::uint32_t party, std::uint32_t position) {
    worker.on_message(
        StartParty{ElementId(element), party, position, {{WorkerId(0), "n0", {}}, {WorkerId(1), "n1", {}}}});
  }
  template <class Wanted>
  [[nodiscard]] std::vector<Wanted> take_sent() {
    std::vector<Wanted> found;
    for (Message& message : std::exchange(transport.sent, {}))
      if (auto* wanted = std::get_if<Wanted>(&message)) found.push_back(std::move(*wanted));
    return found;
  }
  void send_grant() { worker.on_message(std::exchange(grant, {})); }
  Time step(Duration since_start = 0s) { return worker.step(Time{} + 1h + since_start); }
  [[nodiscard]] std::vector<std::uint32_t> started() const {
    std::vector<std::uint32_t> elements;
    for (const Launch& launch : executor.started) elements.push_back(launch.element.value());
    return elements;
  }

  RecordingTransport transport;
  RecordingExecutor executor;
  Outbox outbox;
  Worker worker;
  Grant grant;
};

topology::Node dual_socket() { return topology::synthetic("pack:2 l3:2 core:4 pu:1 gpu:1", "n"); }

TEST(Worker, binds_elements_of_several_cores_to_cores_of_their_own) {
  Bench bench(dual_socket());
  for (std::uint32_t e = 0; e < 4; ++e) bench.add(e, task_with(4, graph::Bind::l3));
  bench.send_grant();
  bench.step();
  ASSERT_THAT(bench.executor.started, SizeIs(4));
  std::set<std::uint32_t> cpus;
  for (const Launch& launch : bench.executor.started) {
    EXPECT_THAT(launch.place.cpus, SizeIs(4));
    const auto l3 = [&](std::uint32_t cpu) { return cpu / 4; };
    for (const std::uint32_t cpu : launch.place.cpus) EXPECT_EQ(l3(cpu), l3(launch.place.cpus.front()));
    cpus.insert(launch.place.cpus.begin(), launch.place.cpus.end());
  }
  EXPECT_THAT(cpus, SizeIs(16));
}

TEST(Worker, leaves_elements_of_one_core_where_the_system_puts_them_unless_asked) {
  Bench bench(dual_socket());
  bench.add(0, task_with(1));
  bench.add(1, task_with(1, graph::Bind::core));
  bench.add(2, task_with(4, graph::Bind::none));
  bench.send_grant();
  bench.step();
  EXPECT_THAT(bench.executor.started[0].place.cpus, IsEmpty());
  EXPECT_THAT(bench.executor.started[1].place.cpus, SizeIs(1));
  EXPECT_THAT(bench.executor.started[2].place.cpus, IsEmpty());
}

TEST(Worker, leases_each_gpu_to_one_attempt_at_a_time) {
  Bench bench(dual_socket());
  for (std::uint32_t e = 0; e < 3; ++e) bench.add(e, task_with(1, graph::Bind::none, 1));
  bench.send_grant();
  bench.step();
  ASSERT_THAT(bench.started(), ElementsAre(0, 1));
  EXPECT_NE(bench.executor.started[0].place.gpus, bench.executor.started[1].place.gpus);
  bench.executor.end(ElementId(0));
  bench.step();
  ASSERT_THAT(bench.started(), ElementsAre(0, 1, 2));
  EXPECT_EQ(bench.executor.started[2].place.gpus, bench.executor.started[0].place.gpus);
}

TEST(Worker, waits_for_needs_outside_the_lease_until_they_are_released) {
  Bench bench(dual_socket());
  bench.add(0, task_with(1)).waits_for = 1;
  bench.send_grant();
  bench.step();
  EXPECT_THAT(bench.started(), IsEmpty());
  bench.worker.on_message(Release{{ElementId(0), ElementId(77)}});
  bench.step();
  EXPECT_THAT(bench.started(), ElementsAre(0));
}

TEST(Worker, follows_no_edge_to_what_came_back_by_another_grant) {
  Bench bench(dual_socket());
  bench.add(0, task_with(1)).releases = {ElementId(1)};
  bench.add(1, task_with(1)).waits_for = 1;
  bench.send_grant();
  bench.step();
  bench.worker.on_message(Revoke{{ElementId(1)}});
  bench.add(1, task_with(1)).waits_for = 1;  // for something outside
  bench.send_grant();
  bench.executor.end(ElementId(0));
  bench.step();
  EXPECT_THAT(bench.started(), ElementsAre(0));
}

TEST(Worker, tells_at_once_what_somebody_waits_for_and_the_rest_later) {
  Bench bench(topology::uniform("n", 1, 1 << 30, 0));
  bench.grant.report_interval = 80ms;
  for (std::uint32_t e = 0; e < 4; ++e) bench.add(e, task_with(1)).is_awaited = e == 1;
  bench.send_grant();
  bench.step(1s);
  bench.executor.fresh.push_back({});
  bench.executor.fresh.back().element = ElementId(0);
  bench.step(1s);
  EXPECT_THAT(bench.transport.take_reports(), SizeIs(1)) << "the last report is long ago";
  bench.executor.end(ElementId(0));
  EXPECT_EQ(bench.step(1s + 10ms), Time{} + 1h + 1s + 80ms);
  EXPECT_THAT(bench.transport.take_reports(), IsEmpty());
  bench.executor.end(ElementId(1));
  bench.step(1s + 20ms);
  const auto reports = bench.transport.take_reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_THAT(reports[0].attempts, SizeIs(2));
}

TEST(Worker, reports_sooner_while_it_has_idle_cores) {
  Bench bench(topology::uniform("n", 2, 1 << 30, 0));
  bench.grant.report_interval = 80ms;
  bench.add(0, task_with(1));
  bench.send_grant();
  bench.step(1s);
  bench.executor.fresh.push_back({});
  bench.executor.fresh.back().element = ElementId(0);
  bench.step(1s);
  bench.executor.end(ElementId(0));
  EXPECT_EQ(bench.step(1s + 1ms), Time{} + 1h + 1s + 40ms);
}

TEST(Worker, reports_less_often_where_attempts_are_long) {
  Bench bench(topology::uniform("n", 2, 1 << 30, 0));
  bench.grant.report_interval = 80ms;
  for (std::uint32_t e = 0; e < 3; ++e) bench.add(e, task_with(1));
  bench.send_grant();
  bench.step(1s);
  bench.executor.end(ElementId(0));
  bench.executor.fresh.back().end = Time{} + 1s;
  bench.step(1s);
  bench.executor.end(ElementId(1));
  bench.executor.fresh.back().end = Time{} + 1s;
  EXPECT_EQ(bench.step(1s + 1ms), Time{} + 1h + 1s + 500ms / 2) << "one core is idle";
}

TEST(Worker, returns_what_cannot_end_in_time) {
  Bench bench(topology::uniform("n", 1, 1 << 30, 0));
  bench.grant.last_end = Time{} + 1h + 60s;
  for (std::uint32_t e = 0; e < 2; ++e) bench.add(e, task_with(1)).expected_s = 40;
  bench.send_grant();
  bench.step();
  EXPECT_THAT(bench.started(), ElementsAre(0));
  bench.executor.end(ElementId(0));
  bench.step(40s);
  EXPECT_THAT(bench.started(), ElementsAre(0));
  std::vector<ElementId> returned;
  for (const Report& report : bench.transport.take_reports())
    returned.insert(returned.end(), report.returned.begin(), report.returned.end());
  EXPECT_THAT(returned, ElementsAre(ElementId(1)));
}

TEST(Worker, takes_the_place_of_its_part_before_it_starts_anything_else) {
  Bench bench(topology::uniform("n", 4, 1 << 30, 0));
  bench.add(0, task_with(2));
  bench.send_grant();
  bench.step();
  bench.grant_part(1, 4);
  bench.add(2, task_with(1));
  bench.send_grant();
  bench.step();
  EXPECT_THAT(bench.started(), ElementsAre(0)) << "two cores are free, and kept";
  EXPECT_THAT(bench.take_sent<Placed>(), IsEmpty());

  bench.executor.end(ElementId(0));
  bench.step();
  const auto placed = bench.take_sent<Placed>();
  ASSERT_THAT(placed, SizeIs(1));
  EXPECT_EQ(placed[0].element, ElementId(1));
  EXPECT_EQ(placed[0].party, 7u);
  EXPECT_THAT(placed[0].place.cpus, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(bench.started(), ElementsAre(0)) << "it begins when all have their places";
  bench.step(1s);
  EXPECT_THAT(bench.take_sent<Placed>(), IsEmpty()) << "said once";
}

TEST(Worker, leads_its_part_or_hosts_it_as_it_is_told) {
  for (const std::uint32_t position : {0u, 1u}) {
    Bench bench(topology::uniform("n", 4, 1 << 30, 0));
    bench.grant_part(1, 2);
    bench.step();
    const auto placed = bench.take_sent<Placed>();
    ASSERT_THAT(placed, SizeIs(1));
    bench.begin(1, 6, position);
    EXPECT_THAT(bench.executor.hosted, IsEmpty()) << "that party was given up";
    EXPECT_THAT(bench.executor.started, IsEmpty());
    bench.begin(1, 7, position);
    const auto& begun = position == 0 ? bench.executor.started : bench.executor.hosted;
    const auto& not_begun = position == 0 ? bench.executor.hosted : bench.executor.started;
    ASSERT_THAT(begun, SizeIs(1));
    EXPECT_THAT(not_begun, IsEmpty());
    EXPECT_EQ(begun[0].position, position);
    EXPECT_THAT(begun[0].party, SizeIs(2));
    EXPECT_EQ(begun[0].place, placed[0].place) << "as it was said";
  }
}

TEST(Worker, gives_up_the_place_of_a_part_that_will_not_start) {
  Bench bench(topology::uniform("n", 4, 1 << 30, 0));
  bench.grant_part(1, 4);
  bench.add(2, task_with(4));
  bench.send_grant();
  bench.step();
  bench.worker.on_message(EndParty{ElementId(1), 6});
  bench.step();
  EXPECT_THAT(bench.started(), IsEmpty()) << "that is another party";
  bench.worker.on_message(EndParty{ElementId(1), 7});
  bench.step();
  EXPECT_THAT(bench.started(), ElementsAre(2));
  EXPECT_THAT(bench.executor.dismissed, IsEmpty());
  EXPECT_THAT(bench.transport.take_reports(), IsEmpty()) << "nothing is answered";
  bench.begin(1, 7, 1);
  EXPECT_THAT(bench.executor.hosted, IsEmpty());
}

TEST(Worker, holds_the_place_of_a_dismissed_part_until_nothing_is_left_of_it) {
  Bench bench(topology::uniform("n", 4, 1 << 30, 0));
  bench.grant_part(1, 3);
  bench.add(2, task_with(2));
  bench.send_grant();
  bench.step();
  bench.begin(1, 7, 1);
  bench.worker.on_message(EndParty{ElementId(1), 7});
  bench.step();
  EXPECT_THAT(bench.executor.dismissed, ElementsAre(ElementId(1)));
  EXPECT_THAT(bench.started(), IsEmpty());
  bench.executor.end(ElementId(1));
  bench.step();
  EXPECT_THAT(bench.started(), ElementsAre(2));
  const auto reports = bench.transport.take_reports();
  ASSERT_THAT(reports, SizeIs(1)) << "at once: the head waits for it";
  EXPECT_EQ(reports[0].attempts.at(0).element, ElementId(1));
}

TEST(Worker, hears_words_for_the_attempt_that_runs_here_and_carries_those_it_says) {
  Bench bench(topology::uniform("n", 4, 1 << 30, 0));
  bench.grant_part(1, 2);
  bench.step();
  const PartyWord word{ElementId(1), 1, 0, 1, "run"};
  const auto hear = [&bench](PartyWord said) { bench.worker.on_message(said); };
  hear(word);
  EXPECT_THAT(bench.executor.heard, IsEmpty()) << "it has not begun";
  bench.begin(1, 7, 1);
  hear({ElementId(1), 2, 0, 1, "of another attempt"});
  hear({ElementId(9), 1, 0, 1, "of an element that is not here"});
  hear(word);
  EXPECT_THAT(bench.executor.heard, ElementsAre(word));

  (void)bench.take_sent<Placed>();
  const PartyWord answer{ElementId(1), 1, 1, 0, "ended"};
  bench.executor.said = {answer};
  bench.step();
  EXPECT_THAT(bench.take_sent<CarryWord>(), ElementsAre(CarryWord{answer}));
}

TEST(Worker, begins_no_part_while_it_leaves) {
  Bench bench(topology::uniform("n", 4, 1 << 30, 0));
  bench.grant_part(1, 2);
  bench.step();
  bench.worker.on_message(Shutdown{});
  bench.begin(1, 7, 1);
  bench.step();
  EXPECT_THAT(bench.executor.hosted, IsEmpty());
  const auto reports = bench.transport.take_reports();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_TRUE(reports[0].goodbye);
}

graph::Task growing(std::uint64_t mem) {
  graph::Task task = task_with(1);
  task.request.mem_bytes = mem;
  task.retries.scale_mem = 2;
  return task;
}

TEST(Worker, gives_a_retry_more_as_far_as_the_node_has_it) {
  Bench bench(topology::uniform("n", 4, 1000, 0));
  bench.add(1, growing(300)).retries = 1;
  bench.add(2, growing(400)).retries = 3;
  bench.send_grant();
  bench.step();
  ASSERT_THAT(bench.executor.started, SizeIs(1)) << "the second needs all there is";
  EXPECT_EQ(bench.executor.started[0].granted.mem_bytes, 600u);
  EXPECT_EQ(bench.executor.started[0].task->request.mem_bytes, 600u);
  bench.executor.end(ElementId(1));
  bench.step();
  ASSERT_THAT(bench.executor.started, SizeIs(2));
  EXPECT_EQ(bench.executor.started[1].granted.mem_bytes, 1000u);
  bench.executor.end(ElementId(2));
  bench.step(10s);
  std::string reasons;
  for (const Report& report : bench.transport.take_reports())
    for (const AttemptReport& attempt : report.attempts) reasons += attempt.reason;
  EXPECT_THAT(reasons, ::testing::HasSubstr("scale.mem asks for"));
}

TEST(Worker, does_not_make_a_retry_wait_for_what_a_service_holds) {
  Bench bench(topology::uniform("n", 4, 1000, 0));
  graph::Task service = task_with(1);
  service.request.mem_bytes = 300;
  service.service.is_given = true;
  bench.add(1, service);
  bench.send_grant();
  bench.step();
  bench.add(2, growing(500)).retries = 1;
  bench.send_grant();
  bench.step();
  ASSERT_THAT(bench.executor.started, SizeIs(2));
  EXPECT_EQ(bench.executor.started[1].granted.mem_bytes, 700u);
}

}  // namespace
}  // namespace fugle::scheduler
