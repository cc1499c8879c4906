// Keeps src/store/FORMAT.md true: the files of a small run look as in golden/, every dataset is described, and the
// example runs. With FUGLE_WRITE_GOLDEN in the environment the listings are written anew, to be looked at in the diff.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>

#include "graph_support.hpp"
#include "store/live_file.hpp"
#include "store/plan_file.hpp"
#include "store/run_door.hpp"
#include "store/snapshot.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;

const std::filesystem::path kHere = std::filesystem::path(__FILE__).parent_path();
const std::filesystem::path kFormat = kHere / "../../../src/store/FORMAT.md";

/// A run in which the first element was done and another one failed.
class Layout : public ::testing::Test {
 protected:
  Layout() {
    const graph::Graph graph = testing::fan(3);
    scheduler::RunState state(graph, 1);
    std::vector<scheduler::Event> events(4);
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].kind = i % 2 == 0 ? scheduler::EventKind::attempt_started : scheduler::EventKind::attempt_ended;
      events[i].element = ElementId(static_cast<std::uint32_t>(i / 2));
      events[i].attempt = 1;
      events[i].worker = WorkerId(0);
    }
    events[3].cls = graph::FailureClass::error;
    events[3].exit = 3;
    events[3].text = "exit code 3";
    scheduler::Effects effects;
    for (const auto& event : events) apply(state, event, effects);

    write_plan(run_.path(), graph, {"fan-20260601T043000-abcd", "fan", 1});
    JournalOptions options;
    options.capacity = capacity_for(graph.num_elements());
    FileStore(run_.path(), {}, options).append(events);
    const LiveFile live(run_.path(), state);
    write_snapshot(run_.path(), state, events);
    write_run_door(run_.path(), options.capacity);
  }
  TemporaryDirectory run_;
};

TEST_F(Layout, is_that_of_the_golden_listings) {
  if (testing::run_command("h5dump --version").exit != 0) GTEST_SKIP() << "SKIPPED: no h5dump";
  // Each alone, because h5dump follows the links of run.h5.
  for (const std::string name : {"run", "plan.0", "journal.0", "live", "snapshot"}) {
    const auto ran = testing::run_command("cd " + run_.path() + " && mkdir -p alone && cp -f " + name +
                                          ".h5 alone && cd alone && h5dump -H " + name + ".h5");
    ASSERT_EQ(ran.exit, 0) << ran.output;
    const std::string golden = kHere / "golden" / (name + ".txt");
    if (std::getenv("FUGLE_WRITE_GOLDEN") != nullptr) testing::write_bytes(golden, ran.output);
    EXPECT_EQ(ran.output, testing::read_bytes(golden)) << name;
  }
}

TEST_F(Layout, describes_every_dataset_and_attribute) {
  if (!std::filesystem::exists(kFormat)) GTEST_SKIP() << "SKIPPED: no FORMAT.md beside the sources";
  const std::string document = testing::read_bytes(kFormat);
  const std::regex named("(?:DATASET|ATTRIBUTE|EXTERNAL_LINK) \"([^\"]+)\"|\"([a-z_]+)\";");
  for (const auto& entry : std::filesystem::directory_iterator(kHere / "golden")) {
    const std::string listing = testing::read_bytes(entry.path());
    for (std::sregex_iterator it(listing.begin(), listing.end(), named), end; it != end; ++it) {
      const std::string name = (*it)[1].matched ? (*it)[1] : (*it)[2];
      const bool is_described =
          document.find("`" + name + "`") != std::string::npos || document.find("/" + name + "`") != std::string::npos;
      EXPECT_TRUE(is_described) << name << " of " << entry.path().filename();
    }
  }
}

TEST_F(Layout, lets_the_example_of_the_document_run) {
  if (!std::filesystem::exists(kFormat)) GTEST_SKIP() << "SKIPPED: no FORMAT.md beside the sources";
  const std::string document = testing::read_bytes(kFormat);
  const auto begin = document.find("```python\n") + 10;
  testing::write_bytes(run_ / "example.py", document.substr(begin, document.find("```", begin) - begin));
  const auto ran = testing::run_command("cd " + run_.path() + " && /usr/bin/python3 example.py");
  if (ran.output.find("ModuleNotFoundError") != std::string::npos) GTEST_SKIP() << "SKIPPED: " << ran.output;
  EXPECT_EQ(ran.exit, 0) << ran.output;
  EXPECT_EQ(ran.output,
            "prepare attempt 1 exit 0\n"
            "solve[0] attempt 1 exit 3\n"
            "states [1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]\n");
}

}  // namespace
}  // namespace fugle::store
