#include "graph/list_slots.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::graph {

std::string list_slot(std::size_t input, bool quoted) {
  return fmt::format("{}{}{}{}", kSlot, quoted ? 'I' : 'i', input, kSlot);
}

std::string fill_list_slots(std::string_view text, const ListFile& file) {
  std::string filled;
  while (!text.empty()) {
    const std::size_t open = text.find(kSlot);
    filled += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = text.find(kSlot, open + 1);
    if (close == std::string_view::npos || close < open + 3)
      throw EnvironmentError("cannot read an element (a slot is not closed); its bytes are damaged");
    const char kind = text[open + 1];
    if (kind == 'i' || kind == 'I') {
      std::size_t input = 0;
      std::from_chars(text.data() + open + 2, text.data() + close, input);
      filled += kind == 'I' ? quote_for_shell(file(input)) : file(input);
    } else {
      filled += text.substr(open, close + 1 - open);
    }
    text.remove_prefix(close + 1);
  }
  return filled;
}

namespace {

/// Of what an attempt runs.
template <class Text, class Use>
void for_each_part(Text& text, const Use& use) {
  for (auto* parts : {&text.command, &text.restart_command})
    for (auto& part : *parts) use(part);
  for (auto* part : {&text.cleanup, &text.setup, &text.ready_command, &text.stop_command}) use(*part);
}

}  // namespace

bool has_list_slots(const ElementText& text) {
  bool has = false;
  for_each_part(text, [&](const std::string& part) {
    for (std::size_t at = part.find(kSlot); at != std::string::npos && !has; at = part.find(kSlot, at + 1))
      has = at + 1 < part.size() && (part[at + 1] == 'i' || part[at + 1] == 'I');
  });
  return has;
}

void fill_list_slots(ElementText& text, const ListFile& file) {
  for_each_part(text, [&](std::string& part) {
    if (part.find(kSlot) != std::string::npos) part = fill_list_slots(part, file);
  });
}

}  // namespace fugle::graph
