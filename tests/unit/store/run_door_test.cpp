#include "store/run_door.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "graph_support.hpp"
#include "store/live_file.hpp"
#include "store/plan_file.hpp"
#include "store/snapshot.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using testing::append_durably;
using ::testing::HasSubstr;
using testing::small_journal;
using testing::TemporaryDirectory;

testing::Ran python(const std::string& script) {
  return testing::run_command("/usr/bin/python3 -c \"" + script + "\"");
}

bool has_h5py() { return python("import h5py").exit == 0; }

class RunDoor : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_h5py()) GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3";
    write_run_door(run_.path(), small_journal().capacity);
  }
  /// Number of events that h5py sees through run.h5, and the last of them.
  std::string see_events() {
    return python("import h5py; f = h5py.File('" + (run_ / "run.h5") +
                  "', 'r'); e = f['events'][:]; e = e[e['seq'] > 0]; print(len(e), e['seq'].max() if len(e) else 0)")
        .output;
  }
  TemporaryDirectory run_;
};

TEST_F(RunDoor, shows_the_events_of_all_segments_of_a_run_that_goes_on) {
  EXPECT_EQ(see_events(), "0 0\n");
  FileStore store(run_.path(), {}, small_journal());
  append_durably(store, 100, 50);
  EXPECT_EQ(see_events(), "100 100\n");
  append_durably(store, 900, 50);
  EXPECT_EQ(see_events(), "1000 1000\n");
}

TEST_F(RunDoor, is_opened_by_nobody_in_a_way_that_hinders_the_writer) {
  FileStore store(run_.path(), {}, small_journal());
  append_durably(store, 10, 10);
  const auto before = testing::read_bytes(run_ / "journal.0.h5");
  // Others than root are refused the modes that write.
  for (const char* mode : {"r", "a"}) {
    (void)python("import h5py; h5py.File('" + (run_ / "journal.0.h5") + "', '" + mode + "')");
    EXPECT_TRUE(testing::read_bytes(run_ / "journal.0.h5") == before) << mode;
  }
  // Leaves a mark in the superblock, which version 2 of it ignores.
  (void)python("import h5py, os, signal; f = h5py.File('" + (run_ / "journal.0.h5") +
               "', 'r+'); os.kill(os.getpid(), signal.SIGKILL)");
  EXPECT_EQ(see_events(), "10 10\n");
  append_durably(store, 10, 10);
  EXPECT_EQ(read_journal(run_.path()).events, testing::events_between(1, 20));
}

TEST_F(RunDoor, leads_to_the_other_files_and_names_the_numbers) {
  const graph::Graph graph = testing::fan(3);
  const scheduler::RunState state(graph, 1);
  write_plan(run_.path(), graph, {"run", "workflow", 1});
  const LiveFile live(run_.path(), state);
  write_snapshot(run_.path(), state, {});
  const auto ran = python("import h5py; f = h5py.File('" + (run_ / "run.h5") +
                          "', 'r'); print(f['live/state'][:5], f['snapshot/elements/state'][:5], "
                          "f['plan'].attrs['workflow'], f.attrs['states'][8], f.attrs['kinds'][6])");
  EXPECT_EQ(ran.output, "[1 0 0 0 0] [1 0 0 0 0] b'workflow' b'OK' b'attempt_ended'\n");
}

TEST_F(RunDoor, can_be_shown_by_h5dump_before_the_files_behind_it_exist) {
  const auto ran = testing::run_command("h5dump -H " + (run_ / "run.h5"));
  EXPECT_EQ(ran.exit, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("EXTERNAL_LINK \"live\""));
}

TEST(Snapshot, holds_the_latest_attempt_of_each_element) {
  if (!has_h5py()) GTEST_SKIP() << "SKIPPED: no h5py for /usr/bin/python3";
  const TemporaryDirectory run;
  const graph::Graph graph = testing::fan(2);
  scheduler::RunState state(graph, 1);
  scheduler::Effects effects;
  std::vector<scheduler::Event> events(2);
  events[0] = {.kind = scheduler::EventKind::attempt_started,
               .attempt = 1,
               .element = ElementId(0),
               .worker = WorkerId(3),
               .start = from_ns(11),
               .text = ""};
  events[1] = events[0];
  events[1].kind = scheduler::EventKind::attempt_ended;
  events[1].cls = graph::FailureClass::oom;
  events[1].exit = -9;
  events[1].end = from_ns(22);
  events[1].maxrss_kb = 1000;
  for (const auto& event : events) apply(state, event, effects);
  write_snapshot(run.path(), state, events);
  const auto ran =
      python("import h5py; f = h5py.File('" + (run / "snapshot.h5") +
             "', 'r')['elements']; print([int(f[k][0]) for k in ('state', 'attempt', 'class', 'exit', 'start_ns', "
             "'end_ns', 'worker', 'maxrss_kb')], f['worker'][1])");
  EXPECT_EQ(ran.output, "[12, 1, 4, -9, 11, 22, 3, 1000] 4294967295\n");
}

TEST(Snapshot, holds_an_empty_graph) {
  const TemporaryDirectory run;
  const graph::Graph graph(graph::GraphBuilder().build());
  EXPECT_NO_THROW(write_snapshot(run.path(), scheduler::RunState(graph, 1), {}));
}

}  // namespace
}  // namespace fugle::store
