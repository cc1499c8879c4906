#include "calls/mailbox.hpp"

#include <string>

#include "calls/remote.hpp"

namespace fugle::calls {
namespace {

void run_sending(Engine& engine, Call& call) {
  const Sending& sending = *static_cast<Sending*>(call.payload());
  Call& value = *call.slots()[0].producer->root();
  if (engine.remote() != nullptr && sending.rank != engine.remote()->rank()) {
    MessageWriter message(Word::value);
    message.put(sending.tag);
    put_outcome(message, value);
    engine.remote()->post(sending.rank, message.take());
    return;
  }
  MessageWriter message(Word::value);
  put_outcome(message, value);
  const std::vector<std::byte> bytes = message.take();
  constexpr std::size_t kHead = 2 * sizeof(std::uint64_t);
  engine.mailbox().deliver(sending.rank, sending.tag, std::span(bytes).subspan(kHead));
}

CallType make_sending_type() {
  CallType type;
  type.name = "send";
  type.value = &detail::kValueType<void>;
  type.payload_offset = sizeof(Call);
  type.payload_size = sizeof(Sending);
  type.takes_failures = true;
  type.run = &run_sending;
  return type;
}

std::string describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "a call threw something that is no std::exception";
  }
}

bool is_cancellation(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const CallCancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

const CallType& sending_type() {
  static const CallType type = make_sending_type();
  return type;
}

void put_outcome(MessageWriter& message, Call& call) {
  Call& root = *call.root();
  if (const std::exception_ptr failure = failure_of(root)) {
    message.put(is_cancellation(failure) ? How::cancelled : How::failed);
    message.put(std::string_view(describe(failure)));
    return;
  }
  message.put(How::inline_value);
  message.put_encoded([&](std::vector<std::byte>& bytes) { root.type->value->encode(root.outcome, bytes); });
}

void take_outcome(Engine& engine, Call& call, How how, MessageReader& message) {
  try {
    if (how == How::inline_value) {
      ValueReader bytes(message.encoded());
      call.type->value->decode(bytes, call.value_memory());
      call.outcome = call.value_memory();
      call.set(detail::kHasValue);
    } else if (how == How::cancelled) {
      engine.fail(call, std::make_exception_ptr(CallCancelled(message.text())));
    } else {
      engine.fail(call, std::make_exception_ptr(CallError(message.text())));
    }
  } catch (const std::exception& error) {
    engine.fail(call, std::make_exception_ptr(
                          CallError(std::string("a value of another rank cannot be read: ") + error.what())));
    engine.note_failure(failure_of(call));
  }
}

Mailbox::~Mailbox() {
  for (const auto& [key, call] : awaited_) detail::release(*call);
}

Call* Mailbox::receive(const CallType& type, int from, std::uint64_t tag) {
  Call* call = engine_.make(type, 0);
  std::vector<std::byte> outcome;
  {
    const std::lock_guard lock(mutex_);
    const auto arrived = arrived_.find({from, tag});
    if (arrived == arrived_.end()) {
      if (!awaited_.emplace(Key{from, tag}, call).second) {
        detail::discard_call(*call);
        throw CallMisuse("tag " + std::to_string(tag) + " of rank " + std::to_string(from) +
                         " is received twice; copy the Value instead");
      }
      num_unfulfilled_.fetch_add(1, std::memory_order_relaxed);
      return call;
    }
    outcome = std::move(arrived->second);
    arrived_.erase(arrived);
  }
  finish(*call, outcome);
  return call;
}

void Mailbox::deliver(int from, std::uint64_t tag, std::span<const std::byte> outcome) {
  Call* call = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto awaited = awaited_.find({from, tag});
    if (awaited == awaited_.end()) {
      arrived_[{from, tag}].assign(outcome.begin(), outcome.end());
      return;
    }
    call = awaited->second;
    awaited_.erase(awaited);
    num_unfulfilled_.fetch_sub(1, std::memory_order_relaxed);
  }
  finish(*call, outcome);
}

void Mailbox::finish(Call& call, std::span<const std::byte> outcome) {
  MessageReader message(outcome);
  take_outcome(engine_, call, message.how(), message);
  engine_.complete(call);
  detail::release(call);
}

void Mailbox::fail_unfulfilled() {
  std::map<Key, Call*> awaited;
  {
    const std::lock_guard lock(mutex_);
    awaited.swap(awaited_);
    num_unfulfilled_.store(0, std::memory_order_relaxed);
  }
  for (const auto& [key, call] : awaited) {
    const auto failure = std::make_exception_ptr(
        CallError("nothing was sent by rank " + std::to_string(key.first) + " with tag " + std::to_string(key.second)));
    engine_.fail(*call, failure);
    engine_.note_failure(failure);
    engine_.complete(*call);
    detail::release(*call);
  }
}

}  // namespace fugle::calls
