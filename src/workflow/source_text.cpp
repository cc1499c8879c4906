#include "workflow/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace fugle::workflow {
namespace {

/// The parser counts bytes in an int.
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Bytes of the well-formed character at the start of the text (Unicode 15, table 3-7); 0: none.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead >= 0xC2 && lead <= 0xDF) return is_tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && second < 0xA0;
    const bool surrogate = lead == 0xED && second > 0x9F;
    return is_tail(1) && is_tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && second < 0x90;
    const bool beyond = lead == 0xF4 && second > 0x8F;
    return is_tail(1) && is_tail(2) && is_tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// The value of `\uXXXX` at the offset.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + at + 6;
  const auto result = std::from_chars(text.data() + at + 2, end, unit, 16);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return unit;
}

std::size_t count_backslashes_before(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (count < at && text[at - 1 - count] == '\\') ++count;
  return count;
}

}  // namespace

std::optional<SourceText> SourceText::make(std::string_view bytes, Diagnostics& diagnostics, std::uint32_t file) {
  if (bytes.size() > kMaxBytes) {
    diagnostics.error("E101", {1, 1, file}, "cannot read this: the file is larger than 1 GiB");
    return std::nullopt;
  }
  const std::size_t start = bytes.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  Position at{1, 1, file};
  for (std::size_t i = start; i < bytes.size();) {
    const std::size_t length = character_length(bytes.substr(i));
    if (length == 0) {
      diagnostics.error("E101", at, fmt::format("not UTF-8 at byte {}", i));
      return std::nullopt;
    }
    if (bytes[i] == '\n')
      at = {at.line + 1, 1, file};
    else
      at.column += static_cast<std::uint32_t>(length);
    i += length;
  }
  return SourceText(bytes.substr(start), file);
}

SourceText::SourceText(std::string_view utf8, std::uint32_t file) : text_(utf8), file_(file) {
  join_surrogates();
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

/// `\uD83D\uDE00` to `\U0001F600`: JSON writes characters beyond U+FFFF as two escapes, YAML as one.
void SourceText::join_surrogates() {
  if (text_.find("\\u") == std::string::npos) return;
  std::string joined;
  std::size_t copied = 0;
  for (std::size_t at = text_.find("\\u"); at != std::string::npos; at = text_.find("\\u", at + 2)) {
    const auto high = escaped_unit(text_, at), low = escaped_unit(text_, at + 6);
    const bool is_pair = high && low && *high >= 0xD800 && *high <= 0xDBFF && *low >= 0xDC00 && *low <= 0xDFFF;
    if (!is_pair || count_backslashes_before(text_, at) % 2 == 1) continue;
    const unsigned character = 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
    joined.append(text_, copied, at - copied);
    joined += fmt::format("\\U{:08X}", character);
    copied = at + 12;
    joints_.push_back({joined.size(), 2});
  }
  joined.append(text_, copied);
  text_ = std::move(joined);
}

std::size_t SourceText::line_of(std::size_t offset, std::size_t guess) const {
  const bool starts_before = guess < line_starts_.size() && line_starts_[guess] <= offset;
  if (starts_before && (guess + 1 == line_starts_.size() || offset < line_starts_[guess + 1])) return guess;
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<std::size_t>(next - line_starts_.begin()) - 1;
}

Position SourceText::position(std::size_t offset, std::size_t guess) const {
  const std::size_t line = line_of(offset, guess);
  const std::size_t start = line_starts_[line];
  std::size_t column = offset - start + 1;
  for (auto joint = std::lower_bound(joints_.begin(), joints_.end(), start,
                                     [](const Joint&j, std::size_t from) { return j.after < from; });
       joint != joints_.end() && joint->after <= offset; ++joint)
    column += joint->removed;
  return {static_cast<std::uint32_t>(line + 1), static_cast<std::uint32_t>(column), file_};
}

}  // namespace fugle::workflow
