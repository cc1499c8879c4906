// What the tests under mpirun share: the transport of this process, and how to wait on it. All ranks run the same tests
// in the same order.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include "contract/transport_contract.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::testing {

/// Made by main() before the tests.
transport::MpiTransport& world();
Mailbox& mailbox();

inline bool is_head() { return world().self() == WorkerId(0); }

/// Sleeps until the bell rings. No message takes 20 s: such a wait is a lost wake-up, and fails the test.
inline void sleep_on_bells() {
  pollfd bells{world().fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&bells, 1, 20'000), 1) << "rank " << world().self() << " missed a wake-up";
}

/// All ranks of `peers` meet: nobody goes on before all have come.
inline void meet(const std::vector<WorkerId>& peers) {
  report_to_head(mailbox(), peers);
  follow_the_head(mailbox(), peers);
}
inline void meet() { meet(peers_of(world())); }

}  // namespace fugle::testing
