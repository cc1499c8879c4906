// Every code that a message about a workflow file may have, with its meaning and a line that brings it. The catalogue in
// ERRORS.md is made from it; tests/cli/schema_test.py holds it against the codes that the source uses.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fugle::workflow {

struct CodeMeaning {
  std::string_view code;
  std::string_view stage;  ///< V: `fugle validate` says it, P: `fugle plan`, R: while the run goes on
  std::string_view meaning;
  std::string_view example;  ///< a line that brings it
  std::string_view remedy;
};

/// In the order of codes.
[[nodiscard]] std::span<const CodeMeaning> error_catalogue();
/// As Markdown.
[[nodiscard]] std::string error_catalogue_text();

}  // namespace fugle::workflow
