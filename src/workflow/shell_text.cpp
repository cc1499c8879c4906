#include "workflow/shell_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

/// A word of the message for the first character that a shell may take as something else.
std::string name_of_unsafe(std::string_view text) {
  const auto unsafe =
      std::find_if_not(text.begin(), text.end(), [](const char& c) { return is_shell_safe(std::string_view(&c, 1)); });
  const auto byte = static_cast<unsigned char>(*unsafe);
  if (byte == ' ') return "a blank";
  if (byte == '\n') return "a line break";
  if (byte == '\t') return "a tab";
  if (byte == '\'' || byte == '"') return "a quote";
  if (byte >= 0x80) return "a character outside ASCII";
  if (byte < ' ' || byte == 0x7F) return "a control character";
  return fmt::format("'{}'", *unsafe);
}

}  // namespace

std::optional<std::string> shell_problem(std::string_view source, const Value& value) {
  if (const List* list = std::get_if<List>(&value.data)) {
    for (const Value& item : *list)
      if (auto problem = shell_problem(source, item)) return problem;
    return std::nullopt;
  }
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr || text->empty() || is_shell_safe(*text)) return std::nullopt;
  return fmt::format("{} holds {} ({}); write ${{{{ q({}) }}}}", source, name_of_unsafe(*text), in_quotes(*text),
                     source);
}

}  // namespace fugle::workflow
