#include "report/text_table.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace fugle::report {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string pad(const std::string& text, std::size_t width, Align align) {
  const std::string blanks(width - std::min(width, display_width(text)), ' ');
  return align == Align::left ? text + blanks : blanks + text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  constexpr std::string_view kMore = "...";
  if (width <= kMore.size()) return std::string(kMore.substr(0, width));
  std::size_t end = 0;
  for (std::size_t columns = 0; columns < width - kMore.size(); ++columns) do
      ++end;
    while (end < text.size() && is_continuation(text[end]));
  return std::string(text.substr(0, end)) + std::string(kMore);
}

TextTable::TextTable(std::vector<std::string> header, std::vector<Align> alignment)
    : rows_{std::move(header)}, alignment_(std::move(alignment)) {
  FUGLE_EXPECT(rows_.front().size() == alignment_.size());
}

void TextTable::add(std::vector<std::string> row) {
  FUGLE_EXPECT(row.size() == alignment_.size());
  rows_.push_back(std::move(row));
}

std::string TextTable::to_text(std::size_t indent) const {
  std::vector<std::size_t> widths(alignment_.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  if (alignment_.back() == Align::left) widths.back() = 0;
  std::string text;
  for (const auto& row : rows_) {
    text.append(indent, ' ');
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c > 0) text += "  ";
      text += pad(row[c], widths[c], alignment_[c]);
    }
    text += '\n';
  }
  return text;
}

}  // namespace fugle::report
