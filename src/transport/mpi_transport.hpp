// Messages between ranks over MPI, with a doorbell so that an idle rank sleeps in ppoll (no busy wait). mpi.h is
// included by the .cpp alone. A star: workers talk to the head (rank 0) and the head to workers.
#pragma once

#include <memory>
#include <string>

#include "scheduler/ports.hpp"

namespace fugle::transport {

/// MPI_Init_thread and MPI_COMM_WORLD with errors returned. Throws EnvironmentError. The spawner must exist already.
class MpiTransport final : public scheduler::Transport {
 public:
  MpiTransport();
  ~MpiTransport() override;

  [[nodiscard]] WorkerId self() const override;
  [[nodiscard]] std::uint32_t num_ranks() const override;
  void send(WorkerId to, const scheduler::Message& message) override;
  void poll(Incoming& incoming) override;
  [[nodiscard]] bool is_sending() const override;

  /// Rank's number and count on this node (by shared memory domain).
  [[nodiscard]] std::uint32_t local_index() const;
  [[nodiscard]] std::uint32_t num_local() const;
  /// From rank 0 to all, at the start: the same bytes everywhere afterwards. Collective.
  [[nodiscard]] std::string broadcast(const std::string& bytes);
  /// Readable when poll() may have something (an epoll descriptor over the doorbells).
  [[nodiscard]] int fd() const;
  /// Ends MPI: MPI_Finalize when all ranks are alive, else flushes and leaves MPI as it is (Finalize may hang after a
  /// death: the caller must leave by _exit).
  void finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// True when this process was started by an MPI launcher (mpirun or srun with PMI), judged by its environment.
[[nodiscard]] bool is_started_by_launcher();

}  // namespace fugle::transport
