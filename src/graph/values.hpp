// The values that one attempt gave its outputs which are no files, and their way as bytes from the worker to the head.
// Knows nothing of where they come from (executor/given_values.hpp) or what they mean (workflow).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::graph {

inline constexpr std::size_t kMaxValue = 64 << 10;       ///< bytes of a value, and of an item of a list
inline constexpr std::size_t kMaxValueFile = 16 << 20;   ///< bytes of a list or document that comes from a file

struct GivenValue {
  std::uint32_t output = 0;  ///< index in Task::output_names
  std::string text;          ///< as written; of a list one item in each line
  bool operator==(const GivenValue&) const = default;
};

[[nodiscard]] std::string encode_values(std::span<const GivenValue> values);
/// Nothing: not what encode_values() made.
[[nodiscard]] std::optional<std::vector<GivenValue>> decode_values(std::string_view bytes);

}  // namespace fugle::graph
