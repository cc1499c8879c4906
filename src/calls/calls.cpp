// What include/fugle/calls.hpp declares: the engine does it.
#include <fugle/calls.hpp>

#include "calls/engine.hpp"
#include "calls/mailbox.hpp"
#include "calls/mpi_link.hpp"
#include "calls/remote.hpp"

namespace fugle {
namespace {

std::unique_ptr<detail::Link> link_of(const CallsOptions& options) {
  return options.communicator ? calls::make_mpi_link(*options.communicator) : nullptr;
}

}  // namespace

Calls::Calls(const CallsOptions& options) : Calls(options, link_of(options)) {}

Calls::Calls(const CallsOptions& options, std::unique_ptr<detail::Link> link)
    : engine_(new detail::Engine(*this, options, std::move(link)), [](detail::Engine* engine) { delete engine; }) {
  engine_->start_threads();
}

Calls::~Calls() = default;

void Calls::wait() { engine_->wait(); }
void Calls::cancel() { engine_->cancel_everywhere(); }
bool Calls::is_cancelled() const { return engine_->is_cancelled(); }
int Calls::rank() const { return engine_->remote() == nullptr ? 0 : engine_->remote()->rank(); }
int Calls::num_ranks() const { return engine_->remote() == nullptr ? 1 : engine_->remote()->num_ranks(); }
unsigned Calls::num_threads() const { return engine_->num_threads(); }

void Calls::check_rank(int rank) const {
  if (rank >= 0 && rank < num_ranks()) return;
  throw CallMisuse("there is no rank " + std::to_string(rank) + " among the " + std::to_string(num_ranks()) +
                   " of these calls");
}

void Calls::send_record(detail::Call& value, int rank, std::uint64_t tag) {
  check_rank(rank);
  detail::Call* call = engine_->make(calls::sending_type(), 1);
  new (call->payload()) calls::Sending{rank, tag};
  detail::connect(*call, 0, value);
  engine_->submit(*call, this->rank());
  detail::release(*call);
}

detail::Call* Calls::receive_record(const detail::CallType& type, int rank, std::uint64_t tag) {
  check_rank(rank);
  return engine_->mailbox().receive(type, rank, tag);
}

}  // namespace fugle
