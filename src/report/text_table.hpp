// Aligned columns of text. The last column is never padded, so the free-length one (an element id) belongs there and
// nothing needs to be cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::report {

enum class Align : unsigned char { left, right };

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header, std::vector<Align> alignment);

  void add(std::vector<std::string> row);
  [[nodiscard]] bool is_empty() const { return rows_.size() == 1; }
  /// Header and rows, one line each, two blanks between columns, `indent` blanks before.
  [[nodiscard]] std::string to_text(std::size_t indent = 0) const;

 private:
  std::vector<std::vector<std::string>> rows_;  ///< the header first
  std::vector<Align> alignment_;
};

/// Number of characters of UTF-8 text, each counted as one column.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// At most `width` columns; what is cut is shown as "...".
[[nodiscard]] std::string cut_to_width(std::string_view text, std::size_t width);

}  // namespace fugle::report
