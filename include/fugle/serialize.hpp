// Values as bytes, for results that go from rank to rank, and back. Numbers, enumerations, texts, the containers of the
// standard library, optional, variant, pair, tuple, unique_ptr, plain structures (trivially copyable, with no pointers
// inside: that cannot be seen here), and types of the user that name their fields:
//
//   struct Profile {
//     std::string name;
//     std::vector<double> samples;
//     friend auto fields(Profile& p) { return std::tie(p.name, p.samples); }
//   };
//
// Bytes are those of this machine: all ranks are one program on one kind of processor. Every length is checked before
// memory is taken for it, so that damaged bytes lead to a SerializeError and not to a crash; what they would say in the
// middle of plain numbers cannot be known. Writing measures first and then takes memory once; large vectors of plain
// elements are copied as a block, in both directions. Knows nothing of ranks and files; header only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace fugle {

/// The bytes are not those of a value of the type that was asked for, or a value is nested too deeply.
class SerializeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ValueReader;

namespace detail {

template <class T>
inline constexpr bool kIsView = std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_null_pointer_v<T>;
template <class C>
inline constexpr bool kIsView<std::basic_string_view<C>> = true;
template <class T, std::size_t n>
inline constexpr bool kIsView<std::span<T, n>> = true;
template <class T>
inline constexpr bool kIsView<std::reference_wrapper<T>> = true;

template <template <class...> class Template, class T>
inline constexpr bool kIsInstance = false;
template <template <class...> class Template, class... Ts>
inline constexpr bool kIsInstance<Template, Template<Ts...>> = true;

template <class T>
inline constexpr bool kIsArray = false;
template <class T, std::size_t n>
inline constexpr bool kIsArray<std::array<T, n>> = true;

template <class T>
concept HasFields = requires(T& value) {
  fields(value);
};

template <class T>
concept TupleLike = kIsInstance<std::pair, T> || kIsInstance<std::tuple, T>;

/// Vector, deque, list, string, set, map and all that are filled and walked as these are.
template <class T>
concept Container = requires(T& c, const T& k, typename T::value_type element) {
  k.begin();
  k.end();
  k.size();
  c.clear();
  c.insert(c.end(), std::move(element));
};

/// Copied as it is: sizeof(T) bytes.
template <class T>
inline constexpr bool kIsPlain =
    std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool> && !kIsView<T> && !HasFields<T> && !TupleLike<T> &&
    !kIsInstance<std::optional, T> && !kIsInstance<std::variant, T> && !kIsArray<T> && !std::is_reference_v<T> &&
    !std::is_array_v<T>;

/// Plain elements side by side.
template <class T>
concept Block = Container<T> && kIsPlain<typename T::value_type> && requires(T& c, const typename T::value_type* p) {
  c.data();
  c.assign(p, p);
};

/// What is inside containers of pairs can be assigned to, unlike their own elements.
template <class T>
struct Assignable {
  using type = T;
};
template <class K, class V>
struct Assignable<std::pair<const K, V>> {
  using type = std::pair<K, V>;
};

template <class T>
constexpr bool can_serialize();

template <class Tuple>
inline constexpr bool kAllSerialize = false;
template <template <class...> class Template, class... Ts>
inline constexpr bool kAllSerialize<Template<Ts...>> = (can_serialize<std::remove_cvref_t<Ts>>() && ...);

template <class T>
constexpr bool can_serialize() {
  if constexpr (std::is_same_v<T, bool> || kIsPlain<T> || HasFields<T>)
    return true;  // Of types with fields the fields are looked at when they are used: they may name themselves.
  else if constexpr (TupleLike<T> || kIsInstance<std::variant, T>)
    return kAllSerialize<T>;
  else if constexpr (kIsInstance<std::optional, T> || Container<T> || kIsArray<T>)
    return can_serialize<typename Assignable<typename T::value_type>::type>();
  else if constexpr (kIsInstance<std::unique_ptr, T>)
    return can_serialize<typename T::element_type>();
  else
    return false;
}

/// Values may be nested this deeply (lists of unique_ptr); beyond, the stack might not suffice.
inline constexpr int kDeepest = 5000;

[[noreturn]] inline void throw_too_deep() {
  throw SerializeError("a value is nested more than 5000 deep: use a vector instead of a list of pointers");
}

/// Adds up what will be written.
class ByteCounter {
 public:
  void put(const void*, std::size_t size) { size_ += size; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

}  // namespace detail

/// A type whose values can be written as bytes and read again.
template <class T>
concept Serializable = detail::can_serialize<std::remove_cv_t<T>>();

/// Appends bytes to a vector, which it does not own.
class ValueWriter {
 public:
  explicit ValueWriter(std::vector<std::byte>& bytes) : bytes_(bytes) {}
  void put(const void* from, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(from);
    bytes_.insert(bytes_.end(), first, first + size);
  }

 private:
  std::vector<std::byte>& bytes_;
};

/// Takes bytes from the front of a row, which must outlive it. Every take is checked.
class ValueReader {
 public:
  explicit ValueReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  [[nodiscard]] std::size_t num_left() const { return rest_.size(); }
  /// The next bytes, in place. Throws SerializeError when there are fewer.
  std::span<const std::byte> take(std::size_t size) {
    if (size > rest_.size()) throw SerializeError("a value ends too early: its bytes are cut off or damaged");
    const auto front = rest_.first(size);
    rest_ = rest_.subspan(size);
    return front;
  }
  void copy(void* to, std::size_t size) {
    const auto from = take(size);
    if (size != 0) std::memcpy(to, from.data(), size);
  }
  /// A number of elements of which each takes `least_bytes` at least.
  std::size_t take_count(std::size_t least_bytes) {
    std::uint64_t count = 0;
    copy(&count, sizeof count);
    if (count > num_left() / least_bytes) throw SerializeError("a value is longer than its bytes: they are damaged");
    return static_cast<std::size_t>(count);
  }

 private:
  std::span<const std::byte> rest_;
};

namespace detail {

template <class T, class Sink>
void write_value(Sink& sink, const T& value, int depth);
template <class T>
void read_value(ValueReader& reader, T& value, int depth);

template <class Sink>
void write_byte(Sink& sink, bool flag) {
  const unsigned char byte = flag ? 1 : 0;
  sink.put(&byte, 1);
}
inline bool read_flag(ValueReader& reader) {
  unsigned char byte = 0;
  reader.copy(&byte, 1);
  if (byte > 1)
    throw SerializeError("a value has neither true nor false where one of them must be: its bytes are damaged");
  return byte == 1;
}
template <class Sink>
void write_count(Sink& sink, std::uint64_t count) {
  sink.put(&count, sizeof count);
}

template <class Tuple, class Sink>
void write_tuple(Sink& sink, const Tuple& values, int depth) {
  // At least one byte each, so that a count can be held against the bytes that are left.
  if constexpr (std::tuple_size_v<Tuple> == 0) write_byte(sink, true);
  std::apply([&](const auto&... each) { (write_value(sink, each, depth + 1), ...); }, values);
}
template <class Tuple>
void read_tuple(ValueReader& reader, Tuple&& values, int depth) {
  if constexpr (std::tuple_size_v<std::remove_cvref_t<Tuple>> == 0) read_flag(reader);
  std::apply([&](auto&... each) { (read_value(reader, each, depth + 1), ...); }, values);
}

template <class T, class Sink>
void write_container(Sink& sink, const T& value, int depth) {
  write_count(sink, value.size());
  if constexpr (Block<T>) {
    if (!value.empty()) sink.put(value.data(), value.size() * sizeof(typename T::value_type));
  } else {
    for (const auto& each : value) {
      // Elements of vector<bool> and keys of maps are not what they look like.
      if constexpr (std::is_same_v<typename T::value_type, bool>)
        write_byte(sink, each);
      else
        write_value<typename T::value_type>(sink, each, depth + 1);
    }
  }
}

template <class T>
void read_container(ValueReader& reader, T& value, int depth) {
  using Element = typename Assignable<typename T::value_type>::type;
  value.clear();
  if constexpr (Block<T>) {
    const std::size_t count = reader.take_count(sizeof(Element));
    const auto bytes = reader.take(count * sizeof(Element));
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % alignof(Element) == 0) {
      const auto* first = reinterpret_cast<const Element*>(bytes.data());
      value.assign(first, first + count);  // one pass over the memory: no zeros before
    } else {
      value.resize(count);
      if (count != 0) std::memcpy(value.data(), bytes.data(), bytes.size());
    }
  } else {
    const std::size_t count = reader.take_count(1);
    for (std::size_t i = 0; i < count; ++i) {
      Element element{};
      read_value(reader, element, depth + 1);
      value.insert(value.end(), std::move(element));
    }
  }
}

template <class Variant, std::size_t i = 0>
void read_alternative(ValueReader& reader, Variant& value, std::size_t index, int depth) {
  if constexpr (i < std::variant_size_v<Variant>) {
    if (index != i) return read_alternative<Variant, i + 1>(reader, value, index, depth);
    std::variant_alternative_t<i, Variant> chosen{};
    read_value(reader, chosen, depth + 1);
    value.template emplace<i>(std::move(chosen));
  } else {
    throw SerializeError("a variant has an alternative that its type does not know: its bytes are damaged");
  }
}

template <class T, class Sink>
void write_value(Sink& sink, const T& value, int depth) {
  if (depth > kDeepest) throw_too_deep();
  if constexpr (std::is_same_v<T, bool>) {
    write_byte(sink, value);
  } else if constexpr (HasFields<T>) {
    write_tuple(sink, fields(const_cast<T&>(value)), depth);  // tie() gives references; none is written to
  } else if constexpr (kIsPlain<T>) {
    sink.put(&value, sizeof value);
  } else if constexpr (TupleLike<T>) {
    write_tuple(sink, value, depth);
  } else if constexpr (kIsArray<T>) {
    if constexpr (std::tuple_size_v<T> == 0) write_byte(sink, true);
    for (const auto& each : value) write_value(sink, each, depth + 1);
  } else if constexpr (kIsInstance<std::optional, T> || kIsInstance<std::unique_ptr, T>) {
    write_byte(sink, static_cast<bool>(value));
    if (value) write_value(sink, *value, depth + 1);
  } else if constexpr (kIsInstance<std::variant, T>) {
    if (value.valueless_by_exception()) throw SerializeError("a variant without a value cannot be written");
    write_count(sink, value.index());
    std::visit([&](const auto& chosen) { write_value(sink, chosen, depth + 1); }, value);
  } else {
    write_container(sink, value, depth);
  }
}

template <class T>
void read_value(ValueReader& reader, T& value, int depth) {
  if (depth > kDeepest) throw_too_deep();
  if constexpr (std::is_same_v<T, bool>) {
    value = read_flag(reader);
  } else if constexpr (HasFields<T>) {
    read_tuple(reader, fields(value), depth);
  } else if constexpr (kIsPlain<T>) {
    reader.copy(&value, sizeof value);
  } else if constexpr (TupleLike<T>) {
    read_tuple(reader, value, depth);
  } else if constexpr (kIsArray<T>) {
    if constexpr (std::tuple_size_v<T> == 0) read_flag(reader);
    for (auto& each : value) read_value(reader, each, depth + 1);
  } else if constexpr (kIsInstance<std::optional, T>) {
    value.reset();
    if (read_flag(reader)) read_value(reader, value.emplace(), depth + 1);
  } else if constexpr (kIsInstance<std::unique_ptr, T>) {
    value.reset();
    if (!read_flag(reader)) return;
    value = std::make_unique<typename T::element_type>();
    read_value(reader, *value, depth + 1);
  } else if constexpr (kIsInstance<std::variant, T>) {
    std::uint64_t index = 0;
    reader.copy(&index, sizeof index);
    read_alternative(reader, value, static_cast<std::size_t>(index), depth);
  } else {
    read_container(reader, value, depth);
  }
}

}  // namespace detail

/// How many bytes serialize() appends.
template <Serializable T>
[[nodiscard]] std::size_t serialized_size(const T& value) {
  detail::ByteCounter counter;
  detail::write_value(counter, value, 0);
  return counter.size();
}

/// Appends the value. Throws SerializeError when it is nested too deeply or a variant has lost its value.
template <Serializable T>
void serialize(ValueWriter& writer, const T& value) {
  detail::write_value(writer, value, 0);
}

/// Takes a value from the front. T can be made without arguments. Throws SerializeError.
template <Serializable T>
[[nodiscard]] T deserialize(ValueReader& reader) {
  T value{};
  detail::read_value(reader, value, 0);
  return value;
}

/// One value and nothing else.
template <Serializable T>
[[nodiscard]] std::vector<std::byte> to_bytes(const T& value) {
  std::vector<std::byte> bytes;
  bytes.reserve(serialized_size(value));
  ValueWriter writer(bytes);
  serialize(writer, value);
  return bytes;
}

/// Throws SerializeError, also when bytes are left over.
template <Serializable T>
[[nodiscard]] T from_bytes(std::span<const std::byte> bytes) {
  ValueReader reader(bytes);
  T value = deserialize<T>(reader);
  if (reader.num_left() != 0)
    throw SerializeError("a value has more bytes than it needs: it is of another type, or damaged");
  return value;
}

}  // namespace fugle
