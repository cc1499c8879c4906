// Messages between ranks over MPI, with a doorbell so that an idle rank sleeps in ppoll (no busy wait). A star: workers
// talk to the head (rank 0) and the head to workers. The protocol is told in channel.hpp. Knows of messages only how to
// encode and decode them. MPI is initialized with MPI_THREAD_MULTIPLE, for functions of the user; our calls are all
// from the thread that made the transport (but for those of communicators.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

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
  /// True while data is moving or waits for the next poll(). What the other side has not begun to take does not count:
  /// it will ask, and make fd() readable.
  [[nodiscard]] bool is_sending() const override;

  /// Rank's number and count on this node (by shared memory domain).
  [[nodiscard]] std::uint32_t local_index() const;
  [[nodiscard]] std::uint32_t num_local() const;
  /// From rank 0 to all, before the first message: returns rank 0's bytes on every rank. Collective; rank 0 waits until
  /// all living ranks have them, the others sleep until they come. Throws EnvironmentError when the head dies.
  [[nodiscard]] std::string broadcast(const std::string& bytes);
  /// From all ranks to rank 0, before the first message: returns, on rank 0, the bytes of each
  /// rank, empty for one that died; nothing elsewhere. Rank 0 sleeps until all living ranks have come, the others go
  /// on.
  [[nodiscard]] std::vector<std::string> gather(const std::string& bytes);
  /// Readable when poll() may have something (an epoll descriptor over the doorbells).
  [[nodiscard]] int fd() const;
  /// The last call, on every living rank, once nobody has anything to say: waits until all are here, drops messages
  /// that still arrive. True: MPI is finalized. False: a rank died, or was not clean (its threads may still be in MPI),
  /// so that MPI_Finalize could hang; MPI is left as it is, and the caller must leave by _exit.
  bool finish(bool is_clean = true);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// True when this process was started by an MPI launcher (mpirun or srun with PMI), judged by its environment.
[[nodiscard]] bool is_started_by_launcher();

/// Removes what makes is_started_by_launcher() true from the environment of this process, which is no rank: a shell
/// that srun started may have it, and what is started from there would take itself for that rank. Call it while there
/// is one thread.
void forget_launcher();

/// What a launcher of ours may pass as the parameter `btl`: everything that needs no special network.
inline constexpr const char* kAllNetworks = "vader,tcp,self";

/// Rank's number on its node, as the launcher tells; 0 when it does not.
[[nodiscard]] int launcher_local_rank();

/// Whether the launcher lets the other ranks live when one dies: mpirun does with --enable-recovery only.
[[nodiscard]] bool does_launcher_survive_lost_ranks();

/// Ranks of one node talk through shared memory alone, so that MPI opens no port for them. Does nothing where ranks are
/// on several nodes, where /dev/shm has too little room, or where the user has chosen a network.
void prefer_shared_memory();

/// mpirun binds a rank to a core or a package unless told otherwise, whatever the rank may use. A rank of ours is only
/// where tasks are started from: it takes all CPUs that its launcher has again. To be called before the spawner is
/// started. Does nothing under launchers whose binding is an allocation (srun).
void undo_launcher_binding();

}  // namespace fugle::transport
