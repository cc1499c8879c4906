// Plain values as bytes and back: little endian, strings with their length. For messages between ranks and for blobs in
// files; both ends know the order of the fields. Knows nothing of what the bytes mean.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace fugle {

class ByteWriter {
 public:
  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void put(T value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  void put(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  template <class Tag>
  void put(Id<Tag> id) {
    put(id.value());
  }
  void put(Duration d) { put(static_cast<std::int64_t>(d.count())); }
  void put(Time t) { put(to_ns(t)); }
  /// A count, then `each(item)` for every item.
  template <class Range, class Each>
  void put_all(const Range& items, Each each) {
    put(static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) each(item);
  }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reading past the end, or what ByteWriter can not have written, gives zero values and sets failed(): check it once,
/// after the last field. Never takes more memory than a small multiple of the bytes at hand.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>) [[nodiscard]] T get() {
    T value{};
    if (rest_.size() < sizeof value) return fail(), value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  template <class T>
  requires std::same_as<T, bool>
  [[nodiscard]] T get() {
    const auto value = get<std::uint8_t>();
    if (value > 1) fail();
    return value == 1;
  }
  /// An enumerator from 0 to `last`; it is `last` that grows with new ones.
  template <class Enum>
  requires std::is_enum_v<Enum>
  [[nodiscard]] Enum get_enum(Enum last) {
    using Number = std::underlying_type_t<Enum>;
    const auto value = get<Number>();
    if (value <= static_cast<Number>(last) && value >= Number{}) return static_cast<Enum>(value);
    return fail(), Enum{};
  }
  template <class T>
  requires std::same_as<T, std::string>
  [[nodiscard]] T get() {
    const auto size = get<std::uint32_t>();
    if (rest_.size() < size) return fail(), T{};
    T text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  template <class T>
  requires(std::same_as<T, ElementId> || std::same_as<T, TaskId> || std::same_as<T, WorkerId>) [[nodiscard]] T get() {
    return T(get<std::uint32_t>());
  }
  [[nodiscard]] Duration get_duration() { return Duration{get<std::int64_t>()}; }
  [[nodiscard]] Time get_time() { return from_ns(get<std::int64_t>()); }
  /// As many items as the count says, each made by `each()`.
  template <class Item, class Each>
  [[nodiscard]] std::vector<Item> get_all(Each each) {
    const auto count = get<std::uint32_t>();
    std::vector<Item> items;
    if (count > rest_.size()) fail();  // an item has a byte at least
    for (std::uint32_t i = 0; i < count && !failed_; ++i) items.push_back(each());
    return items;
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  void fail() { failed_ = true, rest_ = {}; }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace fugle
