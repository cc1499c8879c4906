// fugle schema: the workflow format for editors and people, from the tables that the reader itself uses.
#include <cstdio>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "base/error.hpp"
#include "workflow/error_catalogue.hpp"
#include "workflow/key_reference.hpp"

namespace fugle::app {

int schema_verb(const Args& args) {
  Usage usage("schema", "", "Prints the workflow format: a JSON Schema, with which editors complete and check files.",
              0, 0);
  usage.options.add_options()("json-schema", "JSON Schema, draft 2020-12; what is printed without options")(
      "keys", "the keys as Markdown")("errors", "the codes of messages as Markdown");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  if (arguments->has("json-schema") + arguments->has("keys") + arguments->has("errors") > 1)
    throw UsageError(
        "--json-schema, --keys and --errors exclude each other; 'fugle schema --help' says what they print");
  const std::string text = arguments->has("keys")     ? workflow::key_reference()
                           : arguments->has("errors") ? workflow::error_catalogue_text()
                                                      : workflow::json_schema();
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace fugle::app
