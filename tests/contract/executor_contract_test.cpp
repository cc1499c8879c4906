#include "contract/executor_contract.hpp"

#include <poll.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "executor/process_executor.hpp"
#include "graph/element_text.hpp"

namespace fugle::testing {
namespace {

/// Real processes, by a real spawner.
class ProcessWorld {
 public:
  ProcessWorld()
      : run_dir_(make_folder()),
        spawner_(FUGLE_SPAWNER_PROGRAM),
        executor_(spawner_, {WorkerId(0), "run", run_dir_, {}}) {}
  ~ProcessWorld() { std::filesystem::remove_all(run_dir_); }
  ProcessWorld(const ProcessWorld&) = delete;
  ProcessWorld& operator=(const ProcessWorld&) = delete;

  scheduler::Executor& executor() { return executor_; }

  scheduler::Launch launch(std::uint32_t element, Behaviour behaviour) const {
    graph::Task task;
    task.name = "job";
    task.workdir = "/";
    task.shell = {"/bin/sh", "-c"};
    if (behaviour == Behaviour::exceeds_limit) task.timeout = std::chrono::milliseconds(50);
    graph::ElementText text;
    text.command = {script_of(behaviour)};
    scheduler::Launch launch;
    launch.element = ElementId(element);
    launch.id = "job";
    graph::pack(task, text, launch.packed_text);
    launch.task = std::make_shared<graph::Task>(std::move(task));
    return launch;
  }

  void wait() {
    pollfd waiting{executor_.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
  }

 private:
  static std::string make_folder() {
    std::string path = (std::filesystem::temp_directory_path() / "fugle-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    return path;
  }
  static std::string script_of(Behaviour behaviour) {
    switch (behaviour) {
      case Behaviour::ends_well: return "exit 0";
      case Behaviour::fails: return "exit 3";
      default: return "sleep 600";
    }
  }

  std::string run_dir_;
  executor::Spawner spawner_;
  executor::ProcessExecutor executor_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Process, ExecutorContract, ProcessWorld);

}  // namespace
}  // namespace fugle::testing
