// All that a rank can run as one Executor: commands, and functions of this process.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "app/value_link.hpp"
#include "function/function_executor.hpp"
#include "function/routing_executor.hpp"
#include "scheduler/ports.hpp"

namespace fugle::app {

/// Functions of this program, and of plugins, which are loaded when they are first called. `plugin_path` is
/// FUGLE_PLUGIN_PATH.
[[nodiscard]] function::FunctionOptions function_options(WorkerId self, const std::string& run_id,
                                                         const std::string& run_dir, const std::string& plugin_path);

/// `Commands` is an executor of processes with fd() and is_broken(), which outlives this object. Isolated functions are
/// its own too; `link` is what its options use.
template <class Commands>
class RankExecutor final : public scheduler::Executor {
 public:
  RankExecutor(Commands& commands, function::FunctionOptions options, std::shared_ptr<ValueLink> link)
      : commands_(commands),
        self_(options.worker),
        functions_(std::move(options)),
        router_({commands_, functions_, commands_}, functions_.values(), self_),
        link_(std::move(link)) {
    link_->connect(functions_.values());
  }
  ~RankExecutor() override { link_->disconnect(); }
  RankExecutor(const RankExecutor&) = delete;
  RankExecutor& operator=(const RankExecutor&) = delete;

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
  void hear_value(const scheduler::ValueWord& word) override { router_.hear_value(word); }
  void poll_value_words(std::vector<scheduler::ValueWord>& words) override { router_.poll_value_words(words); }

  /// Readable when poll() has something to do: these, together.
  [[nodiscard]] std::vector<int> fds() const { return {commands_.fd(), functions_.fd()}; }
  [[nodiscard]] bool is_broken() const { return commands_.is_broken(); }
  /// Results of functions that earlier lives of the run left.
  void add_kept(function::KeptValues kept) { functions_.values().add_kept(std::move(kept)); }
  /// Functions still run that do not end: the process must be left by _exit.
  [[nodiscard]] bool has_abandoned() const { return functions_.has_abandoned(); }

 private:
  Commands& commands_;
  WorkerId self_;
  function::FunctionExecutor functions_;
  function::RoutingExecutor router_;
  std::shared_ptr<ValueLink> link_;  ///< shared with the options of `commands_`
};

}  // namespace fugle::app
