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
  enum class Keeping : std::uint8_t { events, count };  ///< `count`: events are counted and forgotten

  MemoryStore() = default;
  explicit MemoryStore(Keeping keeping) : keeping_(keeping) {}
  /// Continues an earlier life.
  explicit MemoryStore(std::vector<scheduler::Event> events, Keeping keeping = Keeping::events)
      : keeping_(keeping), events_(std::move(events)), appended_(events_.size()), durable_(events_.size()) {}

  void append(std::span<const scheduler::Event> events) override {
    appended_ += events.size();
    if (keeping_ == Keeping::events) events_.insert(events_.end(), events.begin(), events.end());
  }
  [[nodiscard]] scheduler::Sequence appended() const override { return appended_; }
  [[nodiscard]] scheduler::Sequence durable() const override { return durable_; }
  void flush() override { durable_ = appended_; }
  [[nodiscard]] std::optional<std::string> fault() const override { return fault_; }

  /// Makes everything appended so far durable (a group commit).
  void commit() { flush(); }
  void fail(std::string why) { fault_ = std::move(why); }
  /// Empty but for earlier lives when they are only counted.
  [[nodiscard]] const std::vector<scheduler::Event>& events() const { return events_; }

 private:
  Keeping keeping_ = Keeping::events;
  std::vector<scheduler::Event> events_;
  scheduler::Sequence appended_ = 0;
  scheduler::Sequence durable_ = 0;
  std::optional<std::string> fault_;
};

}  // namespace fugle::sim
