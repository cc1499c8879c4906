// A Store that keeps nothing, for `fugle run --journal off`: to measure what the journal costs. It counts events and
// calls them durable, which is a lie on request: such a run can not be resumed, and who wires it says so to the user.
#pragma once

#include "scheduler/ports.hpp"

namespace fugle::store {

class NoJournal final : public scheduler::Store {
 public:
  void append(std::span<const scheduler::Event> events) override { appended_ += events.size(); }
  [[nodiscard]] scheduler::Sequence appended() const override { return appended_; }
  [[nodiscard]] scheduler::Sequence durable() const override { return appended_; }
  void flush() override {}
  [[nodiscard]] std::optional<std::string> fault() const override { return std::nullopt; }

 private:
  scheduler::Sequence appended_ = 0;
};

}  // namespace fugle::store
