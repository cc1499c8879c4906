#include "transport/local_transport.hpp"

#include "base/assert.hpp"

namespace fugle::transport {

void LocalTransport::send(WorkerId to, const scheduler::Message& message) {
  FUGLE_EXPECT(to == self());
  queue_.push_back(message);
}

void LocalTransport::poll(Incoming& incoming) {
  for (scheduler::Message& message : queue_) incoming.messages.emplace_back(self(), std::move(message));
  queue_.clear();
}

}  // namespace fugle::transport
