// fugle validate FILE: every mistake of the file at once; silent when there is none.
#include "app/load_workflow.hpp"
#include "base/error.hpp"

namespace fugle::app {

int validate_verb(const Args& args) {
  Usage usage("validate", "FILE",
              "Checks the file alone: no look at data, machine or programs. Silent when it is good.", 0, 1);
  auto add = usage.options.add_options();
  add("strict", "warnings are errors too");
  add("json", "the mistakes as JSON");
  add("print-resolved", "not in this version");
  add_load_options(usage.options);
  add_driver_words(usage);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  if (arguments->has("print-resolved"))
    throw UsageError("'--print-resolved' is not in this version of fugle; 'fugle plan FILE' shows what would run");
  LoadOptions options = load_options_from(*arguments);
  options.stage = Stage::validate;
  options.strict = arguments->has("strict");
  options.json = arguments->has("json");
  return load_workflow(options) ? 0 : static_cast<int>(ExitCode::usage);
}

}  // namespace fugle::app
