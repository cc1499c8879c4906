// Communicators of some of the ranks, for functions that several workers call together. Used by the threads that call
// them, for several groups at once: only the members take part, and nobody else waits. Needs MPI_THREAD_MULTIPLE.
//
// Members first say to their leader that they are ready, or why not, and which communicators of just this group they
// have at rest; the leader answers all of them the same: use that one, make a new one, or do not begin. Meanwhile each
// looks whether it was given up, so a member that died before it came holds nobody. Only then do they enter
// MPI_Comm_create_group, which blocks: one that dies in there holds the threads of the others, and the executor
// abandons them. Operations of different groups at one time are told apart by the number of the party: in the tags, and
// for what comes too late in each note.
//
// A communicator that was kept is used again: making one costs far more than agreeing on it (two ranks, Open MPI 4.1,
// 2 busy cores: 17 ms and 0.07 ms; CommunicatorsCost in tests/mpi). Only kMostAtRest stay; all are freed at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/task.hpp"

namespace fugle::transport {

class Communicators {
 public:
  static constexpr std::size_t kMostAtRest = 64;

  struct Wish {
    std::vector<std::uint32_t> ranks;  ///< of MPI_COMM_WORLD, in the order of their ranks in the new one; at least two
    std::uint32_t position = 0;        ///< of this one among them; 0 leads
    std::uint32_t number = 0;          ///< the same for all members, and not used for any other group
    graph::FailureClass cls = graph::FailureClass::none;  ///< not none: it is not ready
    std::string reason{};
  };
  struct Answer {
    std::shared_ptr<const void> communicator{};  ///< MPI_Comm, freed with its last holder; errors are returned on it
    /// It comes to rest instead, once it has no holder any more. Nothing may be under way on it.
    std::function<void()> keep{};
    graph::FailureClass cls = graph::FailureClass::none;  ///< not none: somebody was not ready, or it was given up
    std::string reason{};
  };

  /// `most_at_rest`: 0 makes a new one for each call.
  explicit Communicators(std::size_t most_at_rest = kMostAtRest);
  /// Before MPI_Finalize, and when nobody joins any more.
  ~Communicators();
  Communicators(const Communicators&) = delete;
  Communicators& operator=(const Communicators&) = delete;

  /// Blocks until all members have called. Throws EnvironmentError.
  [[nodiscard]] Answer join(const Wish& wish, const std::function<bool()>& is_given_up);

 private:
  class Rest;
  std::shared_ptr<Rest> rest_;  ///< shared by the communicators that are in use
};

}  // namespace fugle::transport
