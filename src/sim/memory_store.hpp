// A Store in memory. What was appended is durable after the configured delay or at flush(); a crash keeps the durable
// prefix, and of the rest as much as the test says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::sim {

class MemoryStore final : public scheduler::Store {
 public:
  MemoryStore() = default;
  /// Continues an earlier life.
  explicit MemoryStore(std::vector<scheduler::Event> events) : events_(std::move(events)), durable_(events_.size()) {}

  void append(std::span<const scheduler::Event> events) override {
    events_.insert(events_.end(), events.begin(), events.end());
  }
  [[nodiscard]] scheduler::Sequence appended() const override { return events_.size(); }
  [[nodiscard]] scheduler::Sequence durable() const override { return durable_; }
  void flush() override { durable_ = events_.size(); }
  [[nodiscard]] std::optional<std::string> fault() const override { return fault_; }

  /// Makes everything appended so far durable (a group commit).
  void commit() { flush(); }
  void fail(std::string why) { fault_ = std::move(why); }
  [[nodiscard]] const std::vector<scheduler::Event>& events() const { return events_; }

 private:
  std::vector<scheduler::Event> events_;
  scheduler::Sequence durable_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace fugle::sim
