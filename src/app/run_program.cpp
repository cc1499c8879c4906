// fugle::run() of the C++ API.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fugle/run.hpp>

#include "app/command_table.hpp"
#include "app/mistakes.hpp"
#include "app/program.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "executor/process_executor.hpp"
#include "function/program_function.hpp"

namespace fugle {
namespace {

std::string name_of_program(int argc, char** argv) {
  return argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string("program");
}

/// Without a verb the workflow is run.
app::Args with_verb(app::Args args) {
  const bool has_verb =
      !args.empty() && (!args[0].starts_with('-') || args[0] == "--help" || args[0] == "-h" || args[0] == "--version");
  if (!has_verb) args.insert(args.begin(), "run");
  return args;
}

int fail(const char* what, ExitCode code) {
  fmt::print(stderr, "fugle: {}\n", printable(what));
  return static_cast<int>(code);
}

app::Program program_of(const Workflow& workflow, int argc, char** argv, std::string_view helpers) {
  app::Program program;
  program.name = name_of_program(argc, argv);
  program.workflow_text = workflow.to_json();
  program.places = workflow.places();
  program.mistakes = workflow.mistakes();
  program.functions = function::registry_of(workflow);
  program.helpers = helpers;
  return program;
}

/// What was told of its making, alone. A resume does not look at the workflow, but calls its functions.
bool is_made_well() {
  if (app::this_program().mistakes.empty()) return true;
  workflow::Diagnostics mistakes(app::this_program().name);
  app::add_own_mistakes(mistakes);
  app::print_mistakes(mistakes);
  return false;
}

}  // namespace

int detail::run(const Workflow& workflow, int argc, char** argv, std::string_view helpers) {
  try {
    app::Args args = with_verb(app::Args(argv + std::min(argc, 1), argv + argc));
    app::become(program_of(workflow, argc, argv, helpers));
    executor::set_helper_folder(app::this_program().helpers);
    const bool is_print = args[0] == "run" && args.size() > 1 && args[1] == "--print";
    if ((is_print || args[0] == "resume") && !is_made_well()) return static_cast<int>(ExitCode::usage);
    if (is_print) {
      fmt::print("{}", app::this_program().workflow_text);
      return 0;
    }
    return app::dispatch(args);
  } catch (const Error& error) {
    return fail(error.what(), error.code());
  } catch (const std::exception& error) {
    return fail(error.what(), ExitCode::environment);
  }
}

}  // namespace fugle
