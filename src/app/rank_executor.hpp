// All that a rank can run as one Executor: commands, and functions of this process.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "app/value_link.hpp"
#include "function/function_executor.hpp"
#include "function/routing_executor.hpp"
#include "scheduler/forwarding_executor.hpp"

namespace fugle::app {

/// Functions of this program, and of plugins, which are loaded when they are first called. `plugin_path` is
/// FUGLE_PLUGIN_PATH.
[[nodiscard]] function::FunctionOptions function_options(WorkerId self, const std::string& run_id,
                                                         const std::string& run_dir, const std::string& plugin_path);

/// `Commands` is an executor of processes with fd(), is_broken() and write_log(), which outlives this object. Isolated
/// functions are its own too; `link` is what its options use.
template <class Commands>
class RankExecutor final : public scheduler::ForwardingExecutor {
 public:
  RankExecutor(Commands& commands, function::FunctionOptions options, std::shared_ptr<ValueLink> link)
      : commands_(commands),
        self_(options.worker),
        functions_(logging_by(commands, std::move(options))),
        router_({commands_, functions_, commands_}, functions_.values(), self_),
        link_(std::move(link)) {
    link_->connect(functions_.values());
  }
  ~RankExecutor() override { link_->disconnect(); }
  RankExecutor(const RankExecutor&) = delete;
  RankExecutor& operator=(const RankExecutor&) = delete;

  /// Readable when poll() has something to do: these, together.
  [[nodiscard]] std::vector<int> fds() const { return {commands_.fd(), functions_.fd()}; }
  [[nodiscard]] bool is_broken() const { return commands_.is_broken(); }
  /// Results of functions that earlier lives of the run left.
  void add_kept(function::KeptValues kept) { functions_.values().add_kept(std::move(kept)); }
  /// Functions still run that do not end: the process must be left by _exit.
  [[nodiscard]] bool has_abandoned() const { return functions_.has_abandoned(); }

 private:
  [[nodiscard]] scheduler::Executor& inner() override { return router_; }
  static function::FunctionOptions logging_by(Commands& commands, function::FunctionOptions options) {
    options.log = [&commands](ElementId element, std::uint16_t attempt, std::string_view text) {
      commands.write_log(element, attempt, text);
    };
    return options;
  }

  Commands& commands_;
  WorkerId self_;
  function::FunctionExecutor functions_;
  function::RoutingExecutor router_;
  std::shared_ptr<ValueLink> link_;  ///< shared with the options of `commands_`
};

}  // namespace fugle::app
