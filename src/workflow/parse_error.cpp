#include "workflow/parse_error.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kNone = std::string_view::npos;

std::size_t start_of_line(std::string_view text, std::size_t offset) {
  const std::size_t newline = offset == 0 ? kNone : text.rfind('\n', offset - 1);
  return newline == kNone ? 0 : newline + 1;
}

std::size_t end_of_line(std::string_view text, std::size_t offset) {
  return std::min(text.find('\n', offset), text.size());
}

/// Offset after the quote that closes the one at `open`; kNone when the text ends first.
std::size_t after_quoted(std::string_view text, std::size_t open) {
  const char quote = text[open];
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\')
      ++i;
    else if (quote == '\'' && text.substr(i, 2) == "''")
      ++i;
    else if (text[i] == quote)
      return i + 1;
  }
  return kNone;
}

/// What a reader who takes the text token by token sees before the place of the refusal.
struct Sights {
  std::size_t flow_marker = kNone;  ///< first ${{ that stands bare inside { } or [ ]
  std::size_t open_quote = kNone;   ///< a quote that swallows what looks like the next line's key
};

/// Tokens roughly as YAML has them: quotes only where a token starts, comments, block scalars by their indentation.
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t end) : text_(text), end_(std::min(end, text.size())) {}

  Sights scan() {
    while (at_ < end_) step();
    return sights_;
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
      ++at_;
      at_start_ = true;
    } else if (c == '#' && at_start_) {
      at_ = end_of_line(text_, at_);
    } else if (at_start_ && (c == '"' || c == '\'')) {
      take_quoted();
    } else if (at_start_ && depth_ == 0 && (c == '|' || c == '>')) {
      take_block();
    } else {
      take_plain(c);
    }
  }

  void take_quoted() {
    const std::size_t open = at_;
    const std::size_t after = after_quoted(text_, open);
    at_ = after == kNone ? text_.size() : after;
    at_start_ = false;
    const std::size_t last_line = start_of_line(text_, at_);
    if (after == kNone || (last_line > open && looks_like_key(text_.substr(last_line, at_ - 1 - last_line))))
      sights_.open_quote = open;
    else if (last_line > open)
      sights_.open_quote = kNone;
    quote_line_end_ = end_of_line(text_, std::min(at_, text_.size()));
  }

  static bool looks_like_key(std::string_view swallowed) {
    return swallowed.find(": ") != kNone || swallowed.ends_with(':') || swallowed.find("- ") != kNone;
  }

  void take_block() {
    const std::size_t line = start_of_line(text_, at_);
    const std::size_t indent = std::min(text_.find_first_not_of(' ', line), text_.size()) - line;
    at_ = end_of_line(text_, at_);
    while (at_ < text_.size()) {
      const std::size_t next = at_ + 1;
      const std::size_t content = text_.find_first_not_of(' ', next);
      const bool is_blank = content == kNone || text_[content] == '\n';
      if (!is_blank && content - next <= indent) break;
      at_ = end_of_line(text_, next);
    }
    at_start_ = true;
  }

  void take_plain(char c) {
    if (depth_ > 0 && sights_.flow_marker == kNone && text_.substr(at_, 3) == "${{") sights_.flow_marker = at_;
    const bool is_flow = depth_ > 0;
    if (c == '[' || c == '{') {
      if (at_start_ || is_flow) ++depth_, at_start_ = true;
    } else if (is_flow && (c == ']' || c == '}')) {
      --depth_, at_start_ = false;
    } else {
      at_start_ = is_flow && c == ',';
    }
    ++at_;
    // An unclosed quote explains only what goes wrong on the line where it seemed to close.
    if (at_ > quote_line_end_) sights_.open_quote = kNone;
  }

  std::string_view text_;
  std::size_t end_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool at_start_ = true;
  std::size_t quote_line_end_ = 0;
  Sights sights_;
};

/// Offset of a tab in the indentation of the line; kNone when there is none.
std::size_t find_indentation_tab(std::string_view text, std::size_t offset) {
  const std::size_t start = start_of_line(text, offset);
  const std::size_t end = std::min(text.find_first_not_of(kBlanks, start), text.size());
  const std::size_t tab = text.find('\t', start);
  return tab < end ? tab : kNone;
}

/// Whether the `:` at the offset follows a bare word, not a quoted one or a bracket.
bool follows_plain_text(std::string_view text, std::size_t offset) {
  const std::size_t before = offset == 0 ? kNone : text.find_last_not_of(kBlanks, offset - 1);
  return before != kNone && before >= start_of_line(text, offset) &&
         std::string_view("\"'}]").find(text[before]) == kNone;
}

/// A line of one bare word above the line of the `:`; the parser takes both for one text.
std::optional<ParseCause> find_key_without_colon(std::string_view text, std::size_t colon) {
  const std::size_t line = start_of_line(text, colon);
  if (line == 0 || text.substr(line, colon - line).find(':') != kNone) return std::nullopt;
  const std::size_t above = start_of_line(text, line - 1);
  const std::size_t start = text.find_first_not_of(' ', above);
  const std::size_t end = text.find_last_not_of(" \t\r\n", line - 1);
  if (end == kNone || end < start || !is_name(text.substr(start, end + 1 - start))) return std::nullopt;
  return ParseCause{start,
                    fmt::format("cannot read this: no ':' after {}", in_quotes(text.substr(start, end + 1 - start)))};
}

std::string word_at(std::string_view text, std::size_t offset) {
  return in_quotes(text.substr(offset, std::min(text.find_first_of(" \t\r\n,]}", offset), text.size()) - offset));
}

}  // namespace

ParseCause explain_refusal(std::string_view text, std::size_t offset, std::string_view refusal) {
  if (refusal.find("tab when looking for indentation") != kNone || refusal.find("illegal tab") != kNone)
    return {offset, "tab used for indentation; use spaces"};
  const Sights sights = Scanner(text, std::min(offset + 1, text.size())).scan();
  if (sights.flow_marker != kNone) return {sights.flow_marker, "quote values containing ${{ inside { } or [ ]"};
  if (sights.open_quote != kNone) return {sights.open_quote, "quote opened here is never closed"};
  if (const std::size_t tab = find_indentation_tab(text, offset); tab != kNone)
    return {tab, "tab used for indentation; use spaces"};
  if (offset > 0 && (text[offset - 1] == '"' || text[offset - 1] == '\''))
    return {offset, "cannot read this: text after the closing quote; quote the whole value"};
  const char c = offset < text.size() ? text[offset] : '\0';
  if (c == ':' && follows_plain_text(text, offset)) {
    if (const auto key = find_key_without_colon(text, offset)) return *key;
    return {offset, "': ' inside a plain value; quote the value"};
  }
  if (c == '*')
    return {offset, fmt::format("cannot read this: alias {} has no anchor before it; quote a value that begins with *",
                                word_at(text, offset))};
  if (refusal == "unknown token" && (c == '@' || c == '`' || c == '%'))
    return {offset, fmt::format("cannot read this: a value can not begin with {}; quote it", c)};
  return {offset, fmt::format("cannot read this: {}", refusal)};
}

std::optional<std::size_t> find_unclosed_quote(std::string_view text, std::size_t offset) {
  if (offset >= text.size() || (text[offset] != '"' && text[offset] != '\'')) return std::nullopt;
  if (after_quoted(text, offset) != kNone) return std::nullopt;
  return offset;
}

std::size_t skip_properties(std::string_view text, std::size_t offset) {
  for (;;) {
    const std::size_t start = text.find_first_not_of(" \t\r\n", offset);
    if (start == kNone || (text[start] != '!' && text[start] != '&'))
      return std::min(start == kNone ? offset : start, text.size());
    offset = std::min(text.find_first_of(" \t\r\n,]}", start), text.size());
  }
}

}  // namespace fugle::workflow
