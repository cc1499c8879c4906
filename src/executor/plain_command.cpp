#include "executor/plain_command.hpp"

#include "base/text.hpp"

namespace fugle::executor {

std::optional<std::vector<std::string>> plain_command(std::string_view script) {
  while (script.ends_with('\n')) script.remove_suffix(1);
  std::vector<std::string> words;
  for (const std::string_view word : split(script, ' ')) {
    if (word.empty()) continue;
    if (!is_shell_safe(word)) return std::nullopt;
    words.emplace_back(word);
  }
  const bool is_a_path = !words.empty() && words[0].find('/') != std::string::npos;
  if (!is_a_path || words[0].find('=') != std::string::npos) return std::nullopt;
  return words;
}

}  // namespace fugle::executor
