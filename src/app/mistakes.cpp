#include "app/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

#include "app/program.hpp"

namespace fugle::app {
namespace {

using workflow::Diagnostic;
using workflow::Diagnostics;
using workflow::Position;

bool is_of_this_program(const Diagnostics& mistakes) {
  return !this_program().workflow_text.empty() && mistakes.file() == this_program().name;
}

Position position_of(const std::source_location& place) { return {place.line(), place.column()}; }

/// Where the program said what stands in that line of its workflow's text.
std::optional<std::source_location> place_of_line(std::uint32_t line) {
  const auto& places = this_program().places;
  const auto next = std::upper_bound(places.begin(), places.end(), line,
                                     [](std::uint32_t wanted, const auto& placed) { return wanted < placed.line; });
  if (line == 0 || next == places.begin()) return std::nullopt;
  return std::prev(next)->place;
}

/// Of lines that a message names in brackets: "(line 9)", "(first at line 41)".
std::string with_places(std::string text) {
  for (const std::string_view opening : {"(line ", "(first at line "}) {
    const std::size_t at = text.find(opening);
    if (at == std::string::npos) continue;
    const std::size_t begin = at + opening.size() - 5;
    std::uint32_t line = 0;
    const char* const end = std::from_chars(text.data() + begin + 5, text.data() + text.size(), line).ptr;
    if (const auto place = place_of_line(line))
      text.replace(begin, static_cast<std::size_t>(end - text.data()) - begin,
                   fmt::format("{}:{}", place->file_name(), place->line()));
  }
  return text;
}

/// The same, in the program and not in the text that nobody has seen.
Diagnostic in_program(Diagnostic mistake) {
  if (mistake.at.file != 0) return mistake;  // it is in a file, which the program's text includes
  if (const auto place = place_of_line(mistake.at.line)) {
    mistake.file = place->file_name();
    mistake.at = position_of(*place);
  }
  mistake.text = with_places(std::move(mistake.text));
  for (workflow::Note& note : mistake.notes) {
    const auto place = place_of_line(note.at.line);
    if (!place) continue;
    note.at = position_of(*place);
    // Notes are of the file of their mistake.
    if (mistake.file != place->file_name()) note.text += fmt::format(" (in {})", place->file_name());
  }
  return mistake;
}

}  // namespace

void print_mistakes(const Diagnostics& mistakes, MistakeForm form) {
  Diagnostics shown = Diagnostics::about_files_of(mistakes);
  const bool is_own = is_of_this_program(mistakes);
  for (const Diagnostic& mistake : mistakes.all())
    shown.add(is_own && mistake.file.empty() ? in_program(mistake) : mistake);
  shown.sort();
  if (form == MistakeForm::json)
    fmt::print("{}\n", shown.to_json());
  else
    fmt::print(stderr, "{}", shown.to_text());
}

void add_own_mistakes(Diagnostics& mistakes) {
  for (const detail::Mistake& mistake : this_program().mistakes) {
    Diagnostic diagnostic;
    diagnostic.code = mistake.code;
    diagnostic.text = mistake.text;
    diagnostic.file = mistake.place.file_name();
    diagnostic.at = position_of(mistake.place);
    mistakes.add(std::move(diagnostic));
  }
}

}  // namespace fugle::app
