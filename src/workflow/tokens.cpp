#include "workflow/tokens.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "workflow/expression.hpp"

namespace fugle::workflow {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr std::array<std::string_view, 22> kSigns = {"&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*",
                                                     "/",  "%",  "!",  "?",  ":",  "(",  ")", "[", "]", ",", "."};

std::string shown(char c) {
  if (c > ' ' && c < '\x7F') return fmt::format("'{}'", c);
  return fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

Token Tokenizer::from(std::size_t start, TokenKind kind, Value value) const {
  return {kind, start, source_.substr(start, at_ - start), std::move(value)};
}

Token Tokenizer::next() {
  while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
  if (at_ == source_.size()) return from(at_, TokenKind::end);
  const char c = source_[at_];
  if (is_digit(c)) return number();
  if (c == '\'' || c == '"') return quoted();
  if (is_name_start(c)) return name();
  return sign();
}

Token Tokenizer::number() {
  const std::size_t start = at_;
  const auto digits = [&] {
    const std::size_t first = at_;
    while (at_ < source_.size() && is_digit(source_[at_])) ++at_;
    return at_ - first;
  };
  const auto peek = [&](std::size_t ahead) { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; };
  bool whole = true;
  if (digits() > 1 && source_[start] == '0') syntax_error(start, "a number may not begin with 0");
  if (peek(0) == '.' && is_digit(peek(1))) {
    whole = false;
    ++at_;
    digits();
  }
  if (peek(0) == 'e' || peek(0) == 'E') {
    whole = false;
    ++at_;
    if (peek(0) == '+' || peek(0) == '-') ++at_;
    if (digits() == 0) syntax_error(start, "this is not a number");
  }
  if (is_name_char(peek(0))) syntax_error(start, "this is neither a number nor a name");

  const char* first = source_.data() + start;
  const char* last = source_.data() + at_;
  std::int64_t integer = 0;
  if (whole) {
    if (std::from_chars(first, last, integer).ec != std::errc{}) syntax_error(start, "this number is too large");
    return from(start, TokenKind::number, integer);
  }
  double real = 0;
  if (std::from_chars(first, last, real).ec != std::errc{}) syntax_error(start, "this number is out of range");
  return from(start, TokenKind::number, real);
}

void Tokenizer::append_escaped(std::string& text) {
  const char c = at_ < source_.size() ? source_[at_++] : '\0';
  switch (c) {
    case '"':
    case '\\': text += c; break;
    case 'n': text += '\n'; break;
    case 't': text += '\t'; break;
    default: syntax_error(at_ - 1, R"(in "..." only \" \\ \n \t are known after a backslash)");
  }
}

Token Tokenizer::quoted() {
  const std::size_t start = at_;
  const char quote = source_[at_++];
  std::string text;
  while (at_ < source_.size()) {
    const char c = source_[at_++];
    if (c == '\\' && quote == '"') {
      append_escaped(text);
    } else if (c != quote) {
      text += c;
    } else if (quote == '\'' && at_ < source_.size() && source_[at_] == '\'') {
      text += c;
      ++at_;
    } else {
      return from(start, TokenKind::text, std::move(text));
    }
  }
  syntax_error(start, "quote opened here is never closed");
}

Token Tokenizer::name() {
  const std::size_t start = at_;
  const auto goes_on = [&] {
    if (at_ == source_.size()) return false;
    if (is_name_char(source_[at_])) return true;
    return source_[at_] == '-' && at_ + 1 < source_.size() && is_name_char(source_[at_ + 1]);
  };
  while (goes_on()) ++at_;
  return from(start, TokenKind::name);
}

Token Tokenizer::sign() {
  const std::size_t start = at_;
  for (const std::string_view sign : kSigns) {
    if (!source_.substr(at_).starts_with(sign)) continue;
    at_ += sign.size();
    return from(start, TokenKind::sign);
  }
  const char c = source_[at_];
  if (c == '=') syntax_error(at_, "write '==' to compare");
  if (c == '&' || c == '|') syntax_error(at_, fmt::format("write '{0}{0}'", c));
  syntax_error(at_, fmt::format("unexpected {}", shown(c)));
}

}  // namespace fugle::workflow
