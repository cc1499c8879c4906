// Regular expressions whose search takes time linear in the text, whatever the pattern: for patterns that users write
// and that are run over output nobody has seen, in a process that many depend on. The syntax is that of ECMAScript
// without what needs backtracking (\1, look-around), and the meaning is the same: the leftmost match, and of several
// that begin there the one that earlier alternatives and greedy repeats prefer. Bytes are matched, not characters; a
// search never leaves the line it is given, ^ and $ are its ends.
//
// The method is Pike's (R. Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009): all threads of a
// small program go through the text side by side, in order of preference. Needs nothing else of ours: the spawner
// includes it too.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fugle {

class Pattern {
 public:
  /// Why a text is no pattern: in words ("')' is missing"), and at which byte.
  struct Problem {
    std::string text;
    std::size_t at = 0;
  };
  static std::variant<Pattern, Problem> parse(std::string_view text);

  /// Groups that capture: "(...)" and "(?<name>...)".
  [[nodiscard]] std::uint32_t num_groups() const { return num_groups_; }
  /// Bytes that stand in every match, as many as are known; may be empty.
  [[nodiscard]] const std::string& literal() const { return literal_; }

  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view group;  ///< the first one; empty: it took no part
  };
  /// The first match that begins at `from` or later.
  [[nodiscard]] std::optional<Match> search(std::string_view line, std::size_t from = 0) const;

 private:
  friend class PatternParser;
  friend class PatternSearch;

  enum class Op : std::uint8_t { bytes, split, jump, save, line_begin, line_end, word_edge, no_word_edge, match };
  /// `split` prefers x to y; `save` and `jump` have x, `bytes` the number of its set.
  struct Instruction {
    Op op = Op::match;
    std::uint32_t x = 0;
    std::uint32_t y = 0;
  };

  std::vector<Instruction> program_;
  std::vector<std::bitset<256>> sets_;
  std::uint32_t num_groups_ = 0;
  std::string literal_;
};

}  // namespace fugle
