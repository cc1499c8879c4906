#include "base/shell_words.hpp"

namespace fugle {

std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool is_word = false;
  for (char quote = '\0'; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    const bool is_blank = c == ' ' || c == '\t' || c == '\n';
    if (quote == '\0' && is_blank) {
      if (is_word) words.push_back(std::move(word));
      word.clear();
      is_word = false;
      continue;
    }
    is_word = true;
    if (quote == '\0' && (c == '"' || c == '\''))
      quote = c;
    else if (quote != '\0' && c == quote)
      quote = '\0';
    else if (c == '\\' && quote != '\'' && text.size() > 1)
      text.remove_prefix(1), word += text.front();
    else
      word += c;
  }
  if (is_word) words.push_back(std::move(word));
  return words;
}

}  // namespace fugle
