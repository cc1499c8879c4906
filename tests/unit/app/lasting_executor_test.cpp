#include "app/lasting_executor.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>

#include "graph/element_text.hpp"

namespace fugle::app {
namespace {

scheduler::Launch part_of_party() {
  graph::Task task;
  task.name = "mpi";
  task.workdir = "/";
  task.shape.nodes = 2;
  scheduler::Launch launch;
  launch.element = ElementId(7);
  launch.attempt = 1;
  launch.id = "mpi";
  launch.position = 1;
  graph::ElementText text;
  text.command = {"true"};
  graph::pack(task, text, launch.packed_text);
  launch.task = std::make_shared<graph::Task>(std::move(task));
  return launch;
}

TEST(LastingExecutor, takes_part_in_what_another_worker_leads) {
  std::string run_dir = (std::filesystem::temp_directory_path() / "fugle-test-XXXXXX").string();
  ASSERT_NE(::mkdtemp(run_dir.data()), nullptr);
  LastingExecutor executor(executor::Spawner(FUGLE_SPAWNER_PROGRAM), {WorkerId(0), "run", run_dir, {}});
  executor.host(part_of_party());
  executor.dismiss(ElementId(7));
  std::vector<scheduler::AttemptReport> reports;
  for (int i = 0; reports.empty() && i < 10'000; ++i) {
    pollfd waiting{executor.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
    executor.poll(reports);
  }
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].kind, scheduler::AttemptReport::Kind::ended);
  EXPECT_EQ(reports[0].element, ElementId(7));
  std::filesystem::remove_all(run_dir);
}

}  // namespace
}  // namespace fugle::app
