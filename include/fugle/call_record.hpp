// What a call is in memory, for the templates of calls.hpp and the engine behind them; not for users. A record is
//
//   Call (48 bytes) | value, once there | function and plain arguments, until it ran | one Slot per value it waits for
//
// in one piece from a pool. It is counted by reference: by each handle (Value), by the slot of each call that waits for
// it, and by the engine while it is not finished. The slots that wait for a value form a list which starts in the
// record of that value; its end is marked by a word of its own once the value is there (complete() in engine.cpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fugle/serialize.hpp>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace fugle::detail {

class Engine;
struct Call;
struct CallExtra;

/// One value that one call waits for.
struct Slot {
  Call* producer = nullptr;
  Slot* next = nullptr;  ///< of those who wait for the same
  Call* consumer = nullptr;
};

/// How values of one C++ type are kept, and go to other ranks.
struct ValueType {
  std::uint64_t id = 0;
  std::uint32_t size = 0;
  void (*destroy)(void* value) = nullptr;                                      ///< null: nothing to do
  void (*encode)(const void* value, std::vector<std::byte>& bytes) = nullptr;  ///< null: stays on its rank
  std::size_t (*measure)(const void* value) = nullptr;                         ///< bytes that encode would append
  void (*decode)(ValueReader& bytes, void* memory) = nullptr;                  ///< makes a value in the memory
};

/// How calls of one function with one kind of arguments are made. All of these are in one table of the program, so that
/// other ranks find them by their id.
struct CallType {
  std::uint64_t id = 0;
  const char* name = nullptr;  ///< mangled
  const ValueType* value = nullptr;
  std::uint32_t payload_offset = 0;
  std::uint32_t payload_size = 0;
  bool takes_failures = false;                        ///< runs although a value it waits for could not be made
  void (*run)(Engine& engine, Call& call) = nullptr;  ///< null: a value without a call
  void (*destroy_payload)(void* payload) = nullptr;
  void (*encode)(const void* payload, std::vector<std::byte>& bytes) = nullptr;  ///< null: stays on its rank
  void (*decode)(ValueReader& bytes, void* payload) = nullptr;
};

enum CallFlag : std::uint16_t {
  kHasPayload = 1,
  kHasValue = 2,    ///< in this record
  kFailed = 4,      ///< outcome: std::exception_ptr*
  kAlias = 8,       ///< outcome: Call*, whose value is also the value of this one
  kElsewhere = 16,  ///< the value is on another rank: CallExtra::place
  kForwards = 32,   ///< it ran, and waits for the call whose value it returns
  kPlaced = 64,     ///< for another rank: CallExtra::target
  kReplies = 128,   ///< came from another rank, which is told of its end
  kAtHome = 256,    ///< must run on this rank: it was placed here, or it cannot travel
};

struct alignas(16) Call {
  const CallType* type = nullptr;
  std::atomic<Slot*> waiters{nullptr};
  void* outcome = nullptr;  ///< by flags: the value, an exception, another call
  CallExtra* extra = nullptr;
  std::atomic<std::uint32_t> refs{2};     ///< a handle and the engine
  std::atomic<std::uint32_t> missing{1};  ///< values that are not there yet, and one until it is submitted
  std::uint32_t num_slots = 0;
  std::atomic<std::uint16_t> flags{0};
  std::uint8_t size_class = 0;

  [[nodiscard]] std::byte* bytes() { return reinterpret_cast<std::byte*>(this); }
  [[nodiscard]] void* value_memory() { return bytes() + sizeof(Call); }
  [[nodiscard]] void* payload() { return bytes() + type->payload_offset; }
  [[nodiscard]] Slot* slots() { return reinterpret_cast<Slot*>(bytes() + type->payload_offset + type->payload_size); }
  [[nodiscard]] bool has(int any_of) const { return (flags.load(std::memory_order_acquire) & any_of) != 0; }
  /// By the one thread that has the record in hand.
  void set(int more) {
    flags.store(static_cast<std::uint16_t>(flags.load(std::memory_order_relaxed) | more), std::memory_order_release);
  }
  void unset(int less) {
    flags.store(static_cast<std::uint16_t>(flags.load(std::memory_order_relaxed) & ~less), std::memory_order_release);
  }
  [[nodiscard]] bool is_done() const { return waiters.load(std::memory_order_acquire) == done_mark(); }
  /// The record that has the value or the failure of a call that is done.
  [[nodiscard]] Call* root() { return has(kAlias) ? static_cast<Call*>(outcome) : this; }

  static Slot* done_mark() { return reinterpret_cast<Slot*>(std::uintptr_t{1}); }
};
static_assert(sizeof(Call) == 48);

template <class T>
inline constexpr std::size_t kSizeOf = sizeof(T);
template <>
inline constexpr std::size_t kSizeOf<void> = 0;

inline constexpr std::size_t round_up(std::size_t size, std::size_t unit) { return (size + unit - 1) / unit * unit; }

/// FNV-1a of a name.
constexpr std::uint64_t hash_name(const char* name) {
  std::uint64_t hash = 14695981039346656037ull;
  for (; *name != '\0'; ++name) hash = (hash ^ static_cast<unsigned char>(*name)) * 1099511628211ull;
  return hash;
}

// The engine, as far as templates need it. Defined in src/calls.

void register_type(const CallType& type);
/// An address that means the same function in all processes of the program; `FunctionAddress` is plain.
struct FunctionAddress {
  std::uint64_t module = 0;
  std::uint64_t offset = 0;
};
FunctionAddress portable_address(void* function);
void* address_here(FunctionAddress address);

/// A record with two references (the handle's and the engine's), whose payload is not made yet.
Call* make_call(Engine& engine, const CallType& type, std::size_t num_slots);
/// Gives back a record whose payload could not be made.
void discard_call(Call& call);
/// The slot takes a reference of the producer.
void connect(Call& consumer, std::size_t slot, Call& producer);
/// From now on it may run. `rank`: where; -1 if that does not matter.
void submit(Engine& engine, Call& call, int rank);
/// The value is in its memory: the call is done without having run.
void submit_done(Engine& engine, Call& call);
/// Called by a call that runs: its value will be the value of `inner`, of which it takes over a reference.
void forward_to(Engine& engine, Call& call, Call& inner);
void retain(Call& call);
void release(Call& call);

template <class T>
void encode_as(const void* value, std::vector<std::byte>& bytes) {
  const T& typed = *static_cast<const T*>(value);
  bytes.reserve(bytes.size() + serialized_size(typed));
  ValueWriter writer(bytes);
  serialize(writer, typed);
}
template <class T>
void decode_as(ValueReader& bytes, void* memory) {
  new (memory) T(deserialize<T>(bytes));
}

template <class T>
ValueType make_value_type() {
  ValueType type;
  type.id = hash_name(typeid(T).name());
  if constexpr (!std::is_void_v<T>) {
    static_assert(alignof(T) <= 16, "values of calls may be aligned to 16 bytes at most");
    type.size = static_cast<std::uint32_t>(sizeof(T));
    if constexpr (!std::is_trivially_destructible_v<T>) type.destroy = [](void* p) { static_cast<T*>(p)->~T(); };
    if constexpr (Serializable<T>) {
      type.encode = &encode_as<T>;
      type.measure = [](const void* value) { return serialized_size(*static_cast<const T*>(value)); };
      type.decode = [](ValueReader& bytes, void* memory) { decode_as<T>(bytes, memory); };
    }
  } else {
    type.encode = [](const void*, std::vector<std::byte>&) {};
    type.measure = [](const void*) { return std::size_t{0}; };
    type.decode = [](ValueReader&, void*) {};
  }
  return type;
}
// Initialised before main() in no order that one could know: only its address may be used there.
template <class T>
inline const ValueType kValueType = make_value_type<T>();

/// A type that is in the table of the program since before main(), or since its library was loaded.
struct RegisteredType {
  explicit RegisteredType(CallType t) : type(t) { register_type(type); }
  CallType type;
};

/// A value without a call: given by the user, or received.
template <class T>
CallType make_plain_type() {
  CallType type;
  type.name = typeid(T).name();
  type.id = hash_name(type.name);  // that of the value
  type.value = &kValueType<T>;
  type.payload_offset = static_cast<std::uint32_t>(sizeof(Call) + round_up(kSizeOf<T>, 8));
  return type;
}
template <class T>
inline const RegisteredType kPlainType{make_plain_type<T>()};

}  // namespace fugle::detail
