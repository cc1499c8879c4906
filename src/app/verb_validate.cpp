// fugle validate FILE: every mistake of the file at once; silent when there is none.
#include "app/load_workflow.hpp"
#include "base/error.hpp"

namespace fugle::app {

int validate_verb(const Args& args) {
  Usage usage("validate", "FILE",
              "Checks the file alone: no look at data, machine or programs. Silent when it is good.", 0, 1);
  auto add = usage.options.add_options();
  add("strict", "warnings are errors too");
  add("json", "the mistakes as JSON; with --print-resolved: the workflow, the origins and the warnings");
  add("print-resolved",
      "the whole file as it is in effect: what it includes, templates, defaults, -p; with the origin of each value");
  add_load_options(usage.options);
  add_driver_words(usage);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  LoadOptions options = load_options_from(*arguments);
  options.stage = Stage::validate;
  options.strict = arguments->has("strict");
  options.json = arguments->has("json");
  options.prints_resolved = arguments->has("print-resolved");
  return load_workflow(options) ? 0 : static_cast<int>(ExitCode::usage);
}

}  // namespace fugle::app
