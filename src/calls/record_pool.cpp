#include "calls/record_pool.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace fugle::calls {
namespace {

constexpr std::uint32_t kBatch = 256;
constexpr std::size_t kFirstPiece = 64;  ///< bytes of the slab that its own line takes

}  // namespace

RecordPool::~RecordPool() {
  for (Slab* slab : slabs_) std::free(slab);
}

RecordPool& RecordPool::of(const void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory) / kSlabBytes * kSlabBytes;
  return *reinterpret_cast<const Slab*>(address)->pool;
}

RecordPool::Slab* RecordPool::new_slab(std::size_t bytes) {
  void* memory = std::aligned_alloc(kSlabBytes, (bytes + kSlabBytes - 1) / kSlabBytes * kSlabBytes);
  if (memory == nullptr) throw std::bad_alloc();
  return new (memory) Slab{this};
}

void* RecordPool::give(Cache& cache, std::size_t bytes, std::uint8_t& size_class) {
  const std::size_t units = (bytes + kUnit - 1) / kUnit;
  ++cache.num_given;
  if (units >= kClasses) {
    size_class = 0;
    return reinterpret_cast<std::byte*>(new_slab(bytes + kFirstPiece)) + kFirstPiece;
  }
  size_class = static_cast<std::uint8_t>(units);
  FreeList& list = cache.free[units];
  if (list.first == nullptr) refill(list, units);
  Piece* piece = list.first;
  list.first = piece->next;
  --list.count;
  return piece;
}

void RecordPool::take_back(Cache& cache, void* memory, std::uint8_t size_class) {
  ++cache.num_back;
  if (size_class == 0) {
    std::free(static_cast<std::byte*>(memory) - kFirstPiece);
    return;
  }
  FreeList& list = cache.free[size_class];
  list.first = new (memory) Piece{list.first};
  if (++list.count >= 2 * kBatch) put_batch(list, size_class);
}

void RecordPool::put_batch(FreeList& list, std::size_t size_class) {
  FreeList batch{list.first, kBatch};
  Piece* last = list.first;
  for (std::uint32_t i = 1; i < kBatch; ++i) last = last->next;
  list.first = last->next;
  list.count -= kBatch;
  last->next = nullptr;
  const std::lock_guard lock(mutex_);
  batches_[size_class].push_back(batch);
}

void RecordPool::refill(FreeList& list, std::size_t size_class) {
  const std::lock_guard lock(mutex_);
  auto& batches = batches_[size_class];
  if (!batches.empty()) {
    list = batches.back();
    batches.pop_back();
    return;
  }
  Slab* slab = new_slab(kSlabBytes);
  slabs_.push_back(slab);
  auto* bytes = reinterpret_cast<std::byte*>(slab);
  const std::size_t step = size_class * kUnit;
  for (std::size_t at = kSlabBytes - step; at >= kFirstPiece; at -= step) {
    list.first = new (bytes + at) Piece{list.first};
    ++list.count;
    if (at < step) break;
  }
}

void RecordPool::take_back_outside(void* memory, std::uint8_t size_class) {
  bool is_last = false;
  {
    const std::lock_guard lock(mutex_);
    if (size_class == 0)
      std::free(static_cast<std::byte*>(memory) - kFirstPiece);
    else
      batches_[size_class].push_back({new (memory) Piece{nullptr}, 1});
    is_last = ++num_back_outside_ == num_live_at_leave_;
  }
  if (is_last) delete this;
}

void RecordPool::leave(std::uint64_t num_live) {
  bool is_empty = false;
  {
    const std::lock_guard lock(mutex_);
    owner_.store(nullptr, std::memory_order_release);
    num_live_at_leave_ = static_cast<std::int64_t>(num_live);
    is_empty = num_back_outside_ == num_live_at_leave_;
  }
  if (is_empty) delete this;
}

}  // namespace fugle::calls
