// A Store in memory that fails as the one on disk does. What was appended is written by the next commit and durable
// when the one after it begins, or at flush(). A fault comes with a commit and is final: nothing more becomes durable.
// A crash keeps the durable prefix, and of the rest any part that is a prefix: it may have been written but not synced.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "scheduler/ports.hpp"

namespace fugle::sim {

class MemoryStore final : public scheduler::Store {
 public:
  enum class Keeping : std::uint8_t { events, count };  ///< `count`: events are counted and forgotten

  MemoryStore() = default;
  explicit MemoryStore(Keeping keeping) : keeping_(keeping) {}
  /// Continues an earlier life.
  explicit MemoryStore(std::vector<scheduler::Event> events, Keeping keeping = Keeping::events)
      : keeping_(keeping),
        events_(std::move(events)),
        appended_(events_.size()),
        written_(events_.size()),
        durable_(events_.size()) {}

  void append(std::span<const scheduler::Event> events) override {
    appended_ += events.size();
    if (keeping_ == Keeping::events && !has_failed()) events_.insert(events_.end(), events.begin(), events.end());
  }
  [[nodiscard]] scheduler::Sequence appended() const override { return appended_; }
  [[nodiscard]] scheduler::Sequence durable() const override { return durable_; }
  void flush() override {
    commit();
    commit();
  }
  [[nodiscard]] std::optional<std::string> fault() const override {
    if (!has_failed()) return std::nullopt;
    return is_superseded() ? "another head continues the run" : "no space left on device";
  }
  [[nodiscard]] bool is_superseded() const override { return fault_ == Fault::superseded; }

  /// A group commit ends, the next one begins. True when that brought the fault.
  bool commit() {
    if (has_failed()) return false;
    if (will_fail_ != Fault::none) {
      fault_ = will_fail_;
      return true;
    }
    durable_ = written_;
    written_ = appended_;
    return false;
  }
  enum class Fault : std::uint8_t { none, disk, superseded };  ///< full or failing; a newer head continues the run
  /// The commit that is being written fails.
  void fail(Fault fault) { will_fail_ = fault; }

  /// Empty but for earlier lives when they are only counted. Without what came after a fault.
  [[nodiscard]] const std::vector<scheduler::Event>& events() const { return events_; }
  /// What the next life finds after a crash now.
  [[nodiscard]] std::vector<scheduler::Event> survivors(Random& random) const {
    const std::size_t kept = durable_ + random.below(events_.size() - durable_ + 1);
    return {events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(kept)};
  }

 private:
  [[nodiscard]] bool has_failed() const { return fault_ != Fault::none; }

  Keeping keeping_ = Keeping::events;
  std::vector<scheduler::Event> events_;
  scheduler::Sequence appended_ = 0;
  scheduler::Sequence written_ = 0;  ///< by the commit under way
  scheduler::Sequence durable_ = 0;
  Fault will_fail_ = Fault::none;
  Fault fault_ = Fault::none;
};

}  // namespace fugle::sim
