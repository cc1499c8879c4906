#include "workflow/key_reference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "workflow/choices.hpp"
#include "workflow/key_scopes.hpp"
#include "workflow/markdown.hpp"

namespace fugle::workflow {

std::string key_reference() {
  std::string text =
      "# Keys of a workflow file\n\n"
      "Made by `fugle schema --keys`; `fugle schema` prints the same for editors, as JSON Schema. Any other key is\n"
      "refused. Keys of tasks marked * may stand in `defaults` and in templates for all tasks.\n";
  for (const ScopeOfKeys& place : kScopes) {
    text += fmt::format("\n## {}\n\n| key | takes | meaning |\n|---|---|---|\n", place.title);
    for (const Key& key : keys_of(place.scope)) {
      if (!key.is_built) continue;
      const auto choices = choices_of(key.scope, key.name);
      const std::string takes =
          choices.empty() ? std::string(expectation(key.type)) : fmt::format("{}", fmt::join(choices, ", "));
      text += fmt::format("| `{}`{} | {} | {} |\n", key.name, key.is_in_defaults ? "*" : "", takes, in_table(key.help));
    }
  }
  return text;
}

}  // namespace fugle::workflow
