// One process, no MPI: the head and its worker in one Engine. Messages to ourselves go through a queue.
#pragma once

#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::transport {

class LocalTransport final : public scheduler::Transport {
 public:
  [[nodiscard]] WorkerId self() const override { return WorkerId(0); }
  [[nodiscard]] std::uint32_t num_ranks() const override { return 1; }
  void send(WorkerId to, const scheduler::Message& message) override;
  void poll(Incoming& incoming) override;
  [[nodiscard]] bool is_sending() const override { return !queue_.empty(); }

 private:
  std::vector<scheduler::Message> queue_;
};

}  // namespace fugle::transport
