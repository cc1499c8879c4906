#include "scheduler/engine.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "scheduler/head.hpp"
#include "scheduler/outbox.hpp"
#include "scheduler/worker.hpp"

namespace fugle::scheduler {

Engine::Engine(WorkerOffer offer, Transport& transport, Executor& executor, HeadOptions* head)
    : transport_(transport), outbox_(std::make_unique<Outbox>(transport)) {
  if (head != nullptr) head_ = std::make_unique<Head>(std::move(*head), *outbox_, transport.num_ranks());
  worker_ = std::make_unique<Worker>(std::move(offer), *outbox_, executor);
}

Engine::~Engine() = default;

Time Engine::step(Time now) {
  incoming_.messages.clear();
  incoming_.lost.clear();
  transport_.poll(incoming_);
  for (const auto& [from, message] : incoming_.messages) deliver(from, message, now);
  for (const WorkerId rank : incoming_.lost) {
    if (head_ != nullptr)
      head_->on_lost(rank, now);
    else if (rank == WorkerId(0))
      worker_->on_head_lost();
  }
  Time deadline = kNever;
  do {
    while (outbox_->has_local()) deliver(transport_.self(), outbox_->take_local(), now);
    deadline = worker_->step(now);
    if (head_ != nullptr && !outbox_->has_local()) deadline = std::min(deadline, head_->step(now));
  } while (outbox_->has_local());
  return transport_.is_sending() ? now : deadline;
}

void Engine::deliver(WorkerId from, const Message& message, Time now) {
  const bool is_for_head = std::holds_alternative<Hello>(message) || std::holds_alternative<Report>(message) ||
                           std::holds_alternative<Tenure>(message) || std::holds_alternative<Placed>(message) ||
                           std::holds_alternative<CarryWord>(message) || std::holds_alternative<CarryValue>(message);
  if (is_for_head) {
    FUGLE_EXPECT(head_ != nullptr, "a worker rank got a message meant for the head");
    head_->on_message(from, message, now);
  } else {
    worker_->on_message(message);
  }
}

bool Engine::is_done() const {
  return worker_->is_done() && (head_ == nullptr || head_->is_done()) && !transport_.is_sending();
}

int Engine::exit_code() const { return head_ == nullptr ? 0 : head_->exit_code(); }

bool Engine::is_out_of_time() const { return head_ != nullptr && head_->is_out_of_time(); }

std::vector<std::string> Engine::drained_nodes() const {
  return head_ == nullptr ? std::vector<std::string>() : head_->drained_nodes();
}

void Engine::request_stop(StopKind kind, int exit_code, const std::string& why, Time now) {
  FUGLE_EXPECT(head_ != nullptr);
  head_->request_stop(kind, exit_code, why, now);
}

void Engine::set_end_of_allocation(Time end, Time now) {
  FUGLE_EXPECT(head_ != nullptr);
  head_->set_end_of_allocation(end, now);
}

void Engine::set_skip_finally(bool skips) {
  FUGLE_EXPECT(head_ != nullptr);
  head_->set_skip_finally(skips);
}

void Engine::leave() { worker_->leave(); }

std::uint32_t Engine::num_workers() const {
  FUGLE_EXPECT(head_ != nullptr);
  return head_->num_workers();
}

void Engine::cancel_element(ElementId element, const std::string& who, Time now) {
  FUGLE_EXPECT(head_ != nullptr);
  head_->cancel_element(element, who, now);
}

void Engine::hold_element(ElementId element, const std::string& who, Time now) {
  FUGLE_EXPECT(head_ != nullptr);
  head_->hold_element(element, who, now);
}

void Engine::release_element(ElementId element, const std::string& who, Time now) {
  FUGLE_EXPECT(head_ != nullptr);
  head_->release_element(element, who, now);
}

}  // namespace fugle::scheduler
