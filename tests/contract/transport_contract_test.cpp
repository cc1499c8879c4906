#include "contract/transport_contract.hpp"

#include "transport/local_transport.hpp"

namespace fugle::transport {
namespace {

TEST(LocalTransport, keeps_the_contract_of_transports) {
  LocalTransport transport;
  EXPECT_EQ(transport.num_ranks(), 1u);
  testing::Mailbox mailbox(transport, [] { FAIL() << "one rank never waits for another"; });
  testing::keeps_the_contract(mailbox);
  EXPECT_FALSE(transport.is_sending());
}

}  // namespace
}  // namespace fugle::transport
