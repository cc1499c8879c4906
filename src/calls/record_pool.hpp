// Memory of call records: slabs cut into pieces of one size class, multiples of 16 bytes. Each worker has a Cache of
// free pieces which nobody else touches; what it has too many of goes to the pool, in batches, where a cache that is
// empty finds it. A piece knows its slab, and the slab its pool, by address: so a handle of a value can give its record
// back wherever it is, even after the engine has gone. The pool then lives until the last record is back (leave()).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace fugle::calls {

class RecordPool {
 public:
  static constexpr std::size_t kUnit = 16;
  static constexpr std::size_t kClasses = 64;           ///< up to 1008 bytes; larger ones have a slab each
  static constexpr std::size_t kSlabBytes = 64 * 1024;  ///< and the address of each is a multiple of it

  struct Piece {
    Piece* next;
  };
  struct FreeList {
    Piece* first = nullptr;
    std::uint32_t count = 0;
  };
  class Cache {
   public:
    std::array<FreeList, kClasses> free;
    std::uint64_t num_given = 0;
    std::uint64_t num_back = 0;
  };

  explicit RecordPool(void* owner) : owner_(owner) {}

  /// Memory for `bytes`; size_class says how to give it back.
  void* give(Cache& cache, std::size_t bytes, std::uint8_t& size_class);
  void take_back(Cache& cache, void* memory, std::uint8_t size_class);
  /// By a thread that has no cache. May delete the pool, after leave().
  void take_back_outside(void* memory, std::uint8_t size_class);
  /// Its owner ends; `num_live` records are still out as far as caches know. Deletes the pool when none is.
  void leave(std::uint64_t num_live);

  /// Of a record: the pool it came from.
  static RecordPool& of(const void* memory);
  /// Null after leave().
  [[nodiscard]] void* owner() const { return owner_.load(std::memory_order_acquire); }

 private:
  ~RecordPool();
  struct Slab {
    RecordPool* pool;
  };
  Slab* new_slab(std::size_t bytes);
  void refill(FreeList& list, std::size_t size_class);
  void put_batch(FreeList& list, std::size_t size_class);

  std::atomic<void*> owner_;
  std::mutex mutex_;  ///< guards what follows
  std::array<std::vector<FreeList>, kClasses> batches_;
  std::vector<Slab*> slabs_;
  std::int64_t num_back_outside_ = 0;
  std::int64_t num_live_at_leave_ = -1;
};

}  // namespace fugle::calls
