// What ranks say to each other about calls, as bytes. Every field is eight bytes or a multiple, so that blocks of
// numbers inside keep their alignment; records are named by their address on the rank that has them, which is sound
// since a record that another rank knows is held until that rank has let it go.
#pragma once

#include <cstdint>
#include <cstring>
#include <fugle/serialize.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "calls/engine.hpp"

namespace fugle::calls {

enum class Word : std::uint64_t {
  ship,     ///< a call to run: owner's record, type, whether it was placed, payload, values
  done,     ///< of a shipped call: owner's record, then its value, where it is, or how it failed
  get,      ///< asks for a value: record there, record here
  data,     ///< a value that was asked for
  release,  ///< a record is not needed any more
  value,    ///< of send(): tag, then as in done
  cancel,
  steal,   ///< asks for calls
  stolen,  ///< how many calls were shipped because of it
};
enum class How : std::uint64_t { inline_value, elsewhere, failed, cancelled };

/// Begins with room for its own length, so that several fit into one frame without being copied again.
class MessageWriter {
 public:
  explicit MessageWriter(Word word) {
    bytes_.reserve(64);
    put(std::uint64_t{0});
    put(static_cast<std::uint64_t>(word));
  }
  void put(std::uint64_t number) { append(&number, sizeof number); }
  void put(How how) { put(static_cast<std::uint64_t>(how)); }
  void put(const Call* record) { put(reinterpret_cast<std::uint64_t>(record)); }
  void put(std::string_view text) {
    put(std::uint64_t{text.size()});
    append(text.data(), text.size());
    pad();
  }
  /// Whatever `encode` appends, with its length before and padding after.
  template <class Encode>
  void put_encoded(Encode encode) {
    const std::size_t at = bytes_.size();
    put(std::uint64_t{0});
    encode(bytes_);
    const std::uint64_t size = bytes_.size() - at - sizeof size;
    std::memcpy(bytes_.data() + at, &size, sizeof size);
    pad();
  }
  [[nodiscard]] std::vector<std::byte> take() {
    const std::uint64_t size = bytes_.size() - sizeof size;
    std::memcpy(bytes_.data(), &size, sizeof size);
    return std::move(bytes_);
  }

 private:
  void append(const void* from, std::size_t size) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + size);
    if (size != 0) std::memcpy(bytes_.data() + at, from, size);
  }
  void pad() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }
  std::vector<std::byte> bytes_;
};

class MessageReader {
 public:
  explicit MessageReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool is_at_end() const { return bytes_.num_left() == 0; }
  std::uint64_t number() { return deserialize<std::uint64_t>(bytes_); }
  Word word() { return static_cast<Word>(number()); }
  How how() { return static_cast<How>(number()); }
  Call* record() { return reinterpret_cast<Call*>(number()); }
  std::span<const std::byte> encoded() {
    const std::uint64_t size = number();
    const auto bytes = bytes_.take(size);
    bytes_.take((8 - size % 8) % 8);
    return bytes;
  }
  std::string text() {
    const auto bytes = encoded();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::span<const std::byte> rest() { return bytes_.take(bytes_.num_left()); }
  /// The next of the messages in a frame.
  std::span<const std::byte> message() { return bytes_.take(number()); }

 private:
  ValueReader bytes_;
};

/// Value or failure of a record that is done and here.
void put_outcome(MessageWriter& message, Call& call);
/// The same, read into a record of the same type. Throws nothing: what cannot be read is a failure.
void take_outcome(Engine& engine, Call& call, How how, MessageReader& message);

}  // namespace fugle::calls
