// The executor of a process without MPI: when its spawner dies it starts another one, which a rank may not. The
// attempts of the dead one are lost, the run goes on. Three spawners in a row that end nothing are given up.
#pragma once

#include <cstdint>
#include <memory>

#include "executor/process_executor.hpp"
#include "scheduler/forwarding_executor.hpp"

namespace fugle::app {

class LastingExecutor final : public scheduler::ForwardingExecutor {
 public:
  /// Takes the first spawner. Throws EnvironmentError.
  LastingExecutor(executor::Spawner spawner, executor::ExecutorOptions options);
  ~LastingExecutor() override;
  LastingExecutor(const LastingExecutor&) = delete;
  LastingExecutor& operator=(const LastingExecutor&) = delete;

  void poll(std::vector<scheduler::AttemptReport>& reports) override;
  void write_log(ElementId element, std::uint16_t attempt, std::string_view text) {
    executor_->write_log(element, attempt, text);
  }

  /// Readable when poll() has something to do.
  [[nodiscard]] int fd() const { return epoll_; }
  /// Given up.
  [[nodiscard]] bool is_broken() const { return executor_->is_broken(); }

 private:
  [[nodiscard]] scheduler::Executor& inner() override { return *executor_; }
  void start_executor(executor::Spawner spawner);
  void renew();

  executor::ExecutorOptions options_;
  int epoll_;
  std::unique_ptr<executor::Spawner> spawner_;
  std::unique_ptr<executor::ProcessExecutor> executor_;  ///< over spawner_: made after it, destroyed before it
  std::uint32_t num_fruitless_ = 0;                      ///< spawners in a row that ended no attempt
};

}  // namespace fugle::app
