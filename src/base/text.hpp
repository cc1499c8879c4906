// Small text helpers shared by all rooms: sizes, hashes, numbers, spelling suggestions, quoting.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fugle {

/// FNV-1a, 64 bits. For ids and seeds; not for security.
[[nodiscard]] constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325u) {
  std::uint64_t hash = seed;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

/// The whole of `text` as a number, as std::from_chars reads it; nothing: it is none, or too large.
template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "512B", "1.0M", "2.5G": powers of 1024, one decimal above bytes.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// The known word nearest to `word`: edit distance (with transpositions) at most 2 and at most a third of its length;
/// ties go to the first in `known`.
[[nodiscard]] std::optional<std::string_view> nearest_word(std::string_view word,
                                                           std::span<const std::string_view> known);

/// One shell word: as it is when it holds only letters, digits and `_ . / : = , @ % + -`, else in single quotes.
[[nodiscard]] std::string quote_for_shell(std::string_view word);
/// True when the word needs no quotes in a shell.
[[nodiscard]] bool is_shell_safe(std::string_view word);

/// "1 life", "3 lives".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view one, std::string_view several);

[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> words, std::string_view separator);

}  // namespace fugle
