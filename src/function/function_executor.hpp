// Runs attempts of kind `function` on threads of this rank. The thread of the Engine, which uses it, is never blocked;
// fd() wakes it. Results are kept as values; what a function takes must be there before it is started (see
// RoutingExecutor).
//
// What differs from processes: nothing of a function can be killed. stop() and the end of its `timeout` let
// is_cancelled() be true in it, and the attempt ends when the function returns; after `grace` a line on stderr says
// what is waited for. On a shutdown such functions are abandoned after their grace: their attempts are reported
// cancelled, and has_abandoned() says that the process must be left by _exit. Who needs more gives the task
// `isolate: true`. Those that several workers call together wait for each other in MPI, perhaps for one that is gone:
// where such a function does not end within its grace it is abandoned likewise, and the run goes on. A crash is that of
// the rank. What a function prints goes to the stdout and stderr of the rank. maxrss_kb and the bytes read and written
// are not known and 0; cpu_ms is that of the thread that called.
//
// Classes: `error` for an exception, with its what(); `setup` when there is no such function or no scratch directory;
// `output` as in ProcessExecutor; `launch` when no thread could be started; `lost` when a result that it is to be given
// is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "function/callable.hpp"
#include "function/party.hpp"
#include "function/value_store.hpp"
#include "scheduler/ports.hpp"

namespace fugle::function {

struct FunctionOptions {
  WorkerId worker;
  std::string run_id;
  std::string run_dir;  ///< absolute
  /// The function of a task (Task::function). Throws Error when there is none; the message is for the user.
  std::function<Callable&(const std::string& name)> find;
  /// Of functions that several workers call together. Empty: there is no MPI.
  JoinParty join_party{};
  /// Lines that functions say, for the logs of their attempts; called by poll(). Empty: they go to stderr.
  std::function<void(ElementId element, std::uint16_t attempt, std::string_view text)> log{};
};

class FunctionExecutor final : public scheduler::Executor {
 public:
  /// Throws EnvironmentError when descriptors have run out.
  explicit FunctionExecutor(FunctionOptions options);
  /// Waits for the functions that run, unless they were abandoned.
  ~FunctionExecutor() override;

  void start(const scheduler::Launch& launch) override;
  void start_after(const scheduler::Launch& launch, ElementId predecessor) override;
  void start_now(ElementId element) override;
  void stop(ElementId element, scheduler::StopReason reason) override;
  /// Functions get no signals.
  void signal(ElementId, int) override {}
  void poll(std::vector<scheduler::AttemptReport>& reports) override;
  /// Calls the function too, with the same communicator; what it returns here is dropped.
  void host(const scheduler::Launch& launch) override;
  /// Functions end by themselves.
  void dismiss(ElementId) override {}

  /// Readable when poll() has something to do.
  [[nodiscard]] int fd() const;
  [[nodiscard]] bool has_abandoned() const;
  [[nodiscard]] ValueStore& values();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::function
