// How the bells come to be: the head opens a meeting, its invitation travels to the workers by MPI, and each worker
// joins with one stream socket: an abstract Unix socket on the head's node, TCP from other nodes. Both sides prove that
// they read the invitation by a random secret, so a stranger who finds the port is sent away.
//
// Knows nothing of MPI or of what the sockets are used for. Blocks, with a limit: used at the start only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace fugle::transport {

enum class Reach : std::uint8_t { this_node, other_nodes };

class Meeting {
 public:
  /// Listens on this node; with other_nodes also on a TCP port. Throws EnvironmentError.
  explicit Meeting(Reach reach);

  /// Where we are and the secrets, as text.
  [[nodiscard]] const std::string& invitation() const { return invitation_; }
  /// The sockets of ranks 1 to num_workers, in this order. Throws EnvironmentError when one does not come in time.
  [[nodiscard]] std::vector<Descriptor> gather(std::uint32_t num_workers, std::chrono::milliseconds patience);

 private:
  /// Lets one guest in, if he knows the secret and his seat is free.
  [[nodiscard]] bool admit(int door, std::vector<Descriptor>& seats) const;

  Descriptor unix_;
  Descriptor tcp_;
  std::string worker_secret_;
  std::string head_secret_;
  std::string invitation_;
};

/// A worker's socket to the head. Throws EnvironmentError when no address of the invitation answers.
[[nodiscard]] Descriptor join_meeting(const std::string& invitation, std::uint32_t rank, Reach head_is_on,
                                      std::chrono::milliseconds patience);

}  // namespace fugle::transport
