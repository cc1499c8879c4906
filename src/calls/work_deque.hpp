// Calls that one worker may run: it pushes and takes at the bottom, the newest first; others steal at the top, the
// oldest first. D. Chase and Y. Lev, Dynamic circular work-stealing deque, SPAA 2005; memory orders after N. M. Lê et
// al., Correct and efficient work-stealing for weak memory models, PPoPP 2013, with sequentially consistent operations
// in place of fences, which race detectors do not understand. Grows without limit; rings that were outgrown live as
// long as the deque, since a thief may still read them: together they are no larger than the last one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace fugle::calls {

template <class T>
class WorkDeque {
 public:
  WorkDeque() { grow(nullptr, 0, 0); }

  /// By the owner.
  void push(T* item) {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::int64_t top = top_.load(std::memory_order_acquire);
    Ring* ring = ring_.load(std::memory_order_relaxed);
    if (bottom - top >= static_cast<std::int64_t>(ring->size)) ring = grow(ring, top, bottom);
    ring->put(bottom, item);
    bottom_.store(bottom + 1, std::memory_order_seq_cst);  // ordered with the look for sleepers that follows
  }

  /// By the owner; null when there is none.
  T* take() {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (bottom < top_.load(std::memory_order_relaxed)) return nullptr;  // empty: top never falls
    Ring* ring = ring_.load(std::memory_order_relaxed);
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top > bottom) {
      bottom_.store(bottom + 1, std::memory_order_relaxed);
      return nullptr;
    }
    T* item = ring->get(bottom);
    if (top == bottom) {
      if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
        item = nullptr;
      bottom_.store(bottom + 1, std::memory_order_relaxed);
    }
    return item;
  }

  /// By anybody; null when there is none, or another one was faster.
  T* steal() {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
    if (top >= bottom) return nullptr;
    T* item = ring_.load(std::memory_order_acquire)->get(top);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst, std::memory_order_relaxed))
      return nullptr;
    return item;
  }

  /// A guess, unless nothing changes.
  [[nodiscard]] std::size_t size() const {
    const std::int64_t top = top_.load(std::memory_order_seq_cst);
    const std::int64_t bottom = bottom_.load(std::memory_order_seq_cst);
    return bottom > top ? static_cast<std::size_t>(bottom - top) : 0;
  }

 private:
  struct Ring {
    explicit Ring(std::size_t s) : size(s), items(new std::atomic<T*>[s]) {}
    void put(std::int64_t i, T* item) {
      items[static_cast<std::size_t>(i) & (size - 1)].store(item, std::memory_order_release);
    }
    [[nodiscard]] T* get(std::int64_t i) const {
      return items[static_cast<std::size_t>(i) & (size - 1)].load(std::memory_order_acquire);
    }
    std::size_t size;  ///< a power of two
    std::unique_ptr<std::atomic<T*>[]> items;
  };

  Ring* grow(const Ring* old, std::int64_t top, std::int64_t bottom) {
    auto ring = std::make_unique<Ring>(old == nullptr ? 256 : 2 * old->size);
    for (std::int64_t i = top; i < bottom; ++i) ring->put(i, old->get(i));
    ring_.store(ring.get(), std::memory_order_release);
    rings_.push_back(std::move(ring));
    return rings_.back().get();
  }

  alignas(64) std::atomic<std::int64_t> top_{0};
  alignas(64) std::atomic<std::int64_t> bottom_{0};
  std::atomic<Ring*> ring_{nullptr};
  std::vector<std::unique_ptr<Ring>> rings_;
};

}  // namespace fugle::calls
