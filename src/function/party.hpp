// How workers that call a function together find each other: what one of them says when it is ready, and what it gets.
// Knows nothing of MPI; app joins it to transport::Communicators.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/task.hpp"

namespace fugle::function {

struct PartyWish {
  std::vector<std::uint32_t> workers;  ///< in the order of their ranks
  std::uint32_t position = 0;          ///< of this one among them
  std::uint32_t number = 0;            ///< of the party: all of them say the same, and no others do
  /// What kept this one from being ready, if anything: then nobody calls.
  graph::FailureClass cls = graph::FailureClass::none;
  std::string reason{};
};

struct PartyAnswer {
  std::shared_ptr<const void> communicator{};  ///< an MPI_Comm; null when somebody was not ready
  /// The call has ended well, here: the next call of the same workers may use the communicator too.
  std::function<void()> keep{};
  graph::FailureClass cls = graph::FailureClass::none;  ///< what kept the first who was not ready
  std::string reason{};
};

/// Blocks until all are there, or `is_given_up()`: then the class is `cancelled`. Called by threads of functions, for
/// several parties at once. Throws Error.
using JoinParty = std::function<PartyAnswer(const PartyWish&, const std::function<bool()>& is_given_up)>;

}  // namespace fugle::function
