// The words of an expression (FORMAT.md section 3): numbers, texts, names and signs. Knows nothing of what they mean.
#pragma once

#include <cstdint>
#include <string_view>

#include "workflow/value.hpp"

namespace fugle::workflow {

enum class TokenKind : std::uint8_t { end, number, text, name, sign };

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;  ///< of its first byte in the source
  std::string_view spelling;
  Value value;  ///< of a number or text
};

/// Reads one token after the other. Throws ExpressionError (E401).
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view source) : source_(source) {}
  [[nodiscard]] Token next();

 private:
  Token number();
  Token quoted();
  Token name();
  Token sign();
  [[nodiscard]] Token from(std::size_t start, TokenKind kind, Value value = {}) const;
  void append_escaped(std::string& text);

  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace fugle::workflow
