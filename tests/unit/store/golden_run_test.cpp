// A run directory of each format version stays readable. golden_runs/ has one of each as it was once written, packed;
// with FUGLE_WRITE_GOLDEN in the environment that of the present version is written when there is none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "legal_run.hpp"
#include "store/inspect.hpp"
#include "store/live_file.hpp"
#include "store/plan_file.hpp"
#include "store/run_door.hpp"
#include "store/snapshot.hpp"

namespace fugle::store {
namespace {

using testing::TemporaryDirectory;

const std::filesystem::path kGolden = std::filesystem::path(__FILE__).parent_path() / "golden_runs";
constexpr std::size_t kFirstLife = 9;
constexpr std::size_t kSecondLife = 6;

void write_golden(const std::string& archive) {
  const TemporaryDirectory run;
  const graph::Graph graph = testing::fan(5);
  testing::HastyDisk disk;
  write_plan(run.path(), graph, {"fan-20260601T043000-abcd", "fan", testing::LegalRun::kSeed}, disk);
  const auto events = testing::write_lives(run.path(), graph, {kFirstLife, kSecondLife}, 256, disk);
  const auto state = testing::replay(graph, events);
  { const LiveFile live(run.path(), state); }
  write_snapshot(run.path(), state, events);
  write_run_door(run.path(), 256);
  ASSERT_EQ(testing::run_command("tar -C " + run.path() + " -czf " + archive + " .").exit, 0);
}

TEST(GoldenRun, of_format_1_is_read_whole) {
  const std::string archive = kGolden / "format_1.tar.gz";
  if (std::getenv("FUGLE_WRITE_GOLDEN") != nullptr && !std::filesystem::exists(archive)) write_golden(archive);
  const TemporaryDirectory run;
  const auto unpacked = testing::run_command("tar -C " + run.path() + " -xzf " + archive);
  ASSERT_EQ(unpacked.exit, 0) << unpacked.output;

  const PlanFile plan = read_plan(run.path());
  EXPECT_EQ(plan.facts.run, "fan-20260601T043000-abcd");
  EXPECT_EQ(plan.facts.workflow, "fan");
  ASSERT_EQ(plan.graph.num_real_elements(), 7u);
  EXPECT_EQ(plan.graph.id(ElementId(3)), "solve[2]");
  EXPECT_EQ(plan.graph.text(ElementId(3)).command.front(), "echo 2");
  EXPECT_EQ(plan.graph.task_of(ElementId(3)).request.cores, 4u);
  EXPECT_EQ(plan.graph.task_of(ElementId(3)).timeout, std::chrono::hours(1));

  const Recovered recovered = read_journal(run.path());
  EXPECT_EQ(recovered.events.size(), kFirstLife + kSecondLife);
  EXPECT_EQ(recovered.num_segments, 2u);
  EXPECT_EQ(recovered.epoch, 2u);
  EXPECT_EQ(recovered.events.front().kind, scheduler::EventKind::run_started);
  EXPECT_EQ(recovered.events.front().text, "host 1 me");
  const auto state = testing::replay(plan.graph, recovered.events);
  EXPECT_EQ(state.num_lives(), 2u);
  EXPECT_EQ(state.state(ElementId(0)), scheduler::State::ok);

  EXPECT_NO_THROW(check_snapshot(run.path()));
  EXPECT_TRUE(is_run_door_sound(run.path()));
  EXPECT_TRUE(inspect(run.path()).can_resume);
  { FileStore(run.path(), recovered, testing::small_journal()).append(testing::events_between(1, 1)); }
  EXPECT_EQ(read_journal(run.path()).events.size(), recovered.events.size() + 1);
}

}  // namespace
}  // namespace fugle::store
