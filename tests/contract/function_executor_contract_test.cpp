// Functions on threads of this process, alone and behind the router.
#include <poll.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "contract/executor_contract.hpp"
#include "function/function_executor.hpp"
#include "function/routing_executor.hpp"
#include "graph/element_text.hpp"

namespace fugle::testing {
namespace {

using function::CallInput;
using function::CallOutcome;

bool is_cancelled(const CallInput& input) {
  return std::atomic_ref<bool>(const_cast<bool&>(*input.is_cancelled)).load();
}

/// Does what its name says.
class Behaving final : public function::Callable {
 public:
  explicit Behaving(std::string name) : name_(std::move(name)) {}
  CallOutcome call(const CallInput& input) override {
    if (name_ == "fails") return {graph::FailureClass::error, 3, "exit code 3", {}};
    while (name_ == "waits" && !is_cancelled(input)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {graph::FailureClass::none, 0, {}, "result of " + std::string(input.element)};
  }

 private:
  std::string name_;
};

class FunctionWorld {
 public:
  FunctionWorld() : executor_(options(make_folder())) {}
  ~FunctionWorld() { std::filesystem::remove_all(run_dir_); }
  FunctionWorld(const FunctionWorld&) = delete;
  FunctionWorld& operator=(const FunctionWorld&) = delete;

  scheduler::Executor& executor() { return executor_; }
  function::FunctionExecutor& functions() { return executor_; }

  scheduler::Launch launch(std::uint32_t element, Behaviour behaviour) const {
    graph::Task task;
    task.kind = graph::TaskKind::function;
    task.isolate = false;
    task.name = "job";
    task.workdir = "/";
    task.function = behaviour == Behaviour::ends_well ? "ends" : behaviour == Behaviour::fails ? "fails" : "waits";
    if (behaviour == Behaviour::exceeds_limit) task.timeout = std::chrono::milliseconds(50);
    scheduler::Launch launch;
    launch.element = ElementId(element);
    launch.id = "job";
    graph::pack(task, graph::ElementText{}, launch.packed_text);
    launch.task = std::make_shared<graph::Task>(std::move(task));
    return launch;
  }

  void wait() {
    pollfd waiting{executor_.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
  }

 private:
  const std::string& make_folder() {
    run_dir_ = (std::filesystem::temp_directory_path() / "fugle-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(run_dir_.data()), nullptr);
    return run_dir_;
  }
  function::FunctionOptions options(const std::string& run_dir) {
    return {WorkerId(0), "run", run_dir, [this](const std::string& name) -> function::Callable& {
              if (name == "ends") return ends_;
              if (name == "fails") return fails_;
              if (name == "waits") return waits_;
              throw EnvironmentError("there is no function '" + name + "'");
            }};
  }

  Behaving ends_{"ends"};
  Behaving fails_{"fails"};
  Behaving waits_{"waits"};
  std::string run_dir_;
  function::FunctionExecutor executor_;
};

class NoExecutor final : public scheduler::Executor {
 public:
  void start(const scheduler::Launch&) override { ADD_FAILURE() << "it has no commands"; }
  void start_after(const scheduler::Launch& launch, ElementId) override { start(launch); }
  void start_now(ElementId) override {}
  void stop(ElementId, scheduler::StopReason) override {}
  void signal(ElementId, int) override {}
  void poll(std::vector<scheduler::AttemptReport>&) override {}
};

class RoutedWorld {
 public:
  scheduler::Executor& executor() { return router_; }
  scheduler::Launch launch(std::uint32_t element, Behaviour behaviour) const {
    return functions_.launch(element, behaviour);
  }
  void wait() { functions_.wait(); }

 private:
  NoExecutor commands_;
  FunctionWorld functions_;
  function::RoutingExecutor router_{
      {commands_, functions_.functions(), commands_}, functions_.functions().values(), WorkerId(0)};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Function, ExecutorContract, FunctionWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Routed, ExecutorContract, RoutedWorld);

}  // namespace
}  // namespace fugle::testing
