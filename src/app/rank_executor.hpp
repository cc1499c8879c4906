// All that a rank can run as one Executor: commands, and functions of this process.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "function/function_executor.hpp"
#include "function/routing_executor.hpp"
#include "scheduler/ports.hpp"

namespace fugle::app {

/// Functions of this program, told from those of plugins.
[[nodiscard]] function::Callable& find_function(const std::string& name);

/// `Commands` is an executor of processes with fd() and is_broken(), which outlives this object.
template <class Commands>
class RankExecutor final : public scheduler::Executor {
 public:
  RankExecutor(Commands& commands, function::FunctionOptions options)
      : commands_(commands), functions_(std::move(options)), router_({commands_, functions_, functions_}) {}

  void start(const scheduler::Launch& launch) override { router_.start(launch); }
  void start_after(const scheduler::Launch& launch, ElementId predecessor) override {
    router_.start_after(launch, predecessor);
  }
  void start_now(ElementId element) override { router_.start_now(element); }
  void stop(ElementId element, scheduler::StopReason reason) override { router_.stop(element, reason); }
  void signal(ElementId element, int signal) override { router_.signal(element, signal); }
  void poll(std::vector<scheduler::AttemptReport>& reports) override { router_.poll(reports); }
  void host(const scheduler::Launch& launch) override { router_.host(launch); }
  void dismiss(ElementId element) override { router_.dismiss(element); }
  void hear(const scheduler::PartyWord& word) override { router_.hear(word); }
  void poll_words(std::vector<scheduler::PartyWord>& words) override { router_.poll_words(words); }

  /// Readable when poll() has something to do: these, together.
  [[nodiscard]] std::vector<int> fds() const { return {commands_.fd(), functions_.fd()}; }
  [[nodiscard]] bool is_broken() const { return commands_.is_broken(); }
  /// Functions still run that do not end: the process must be left by _exit.
  [[nodiscard]] bool has_abandoned() const { return functions_.has_abandoned(); }

 private:
  Commands& commands_;
  function::FunctionExecutor functions_;
  function::RoutingExecutor router_;
};

}  // namespace fugle::app
