// Words that nobody may read, replaced by "***" wherever they stand in a text. Knows nothing of where they come from.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace fugle {

class Mask {
 public:
  static constexpr std::string_view kInstead = "***";

  Mask() = default;
  /// Empty ones are left out. Of a word with several lines each line is one too, as programs print them one by one,
  /// unless it is shorter than kShortestLine.
  explicit Mask(const std::vector<std::string>& words);
  static constexpr std::size_t kShortestLine = 8;

  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  [[nodiscard]] bool is_empty() const { return words_.empty(); }
  /// Where several words begin at one place, the longest counts.
  [[nodiscard]] std::string applied(std::string_view text) const;
  void apply(std::string& text) const;

  /// The same for a text that comes in pieces: what may be the beginning of a word is held back until more comes.
  class Stream {
   public:
    [[nodiscard]] std::string next(const Mask& mask, std::string_view piece);
    /// What was held back, at the end of the text.
    [[nodiscard]] std::string rest(const Mask& mask);

   private:
    std::string held_;
  };

 private:
  enum class End : bool { open, closed };
  /// Returns how much of the text was looked at; the rest may be the beginning of a word, where the text is open.
  std::size_t look(std::string_view text, End end, std::string& out) const;
  [[nodiscard]] bool may_begin_at(std::string_view text) const;

  std::vector<std::string> words_;   ///< longest first
  std::array<bool, 256> begins_{};  ///< by first byte
};

}  // namespace fugle
