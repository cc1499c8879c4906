// fugle::run() of the C++ API.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fugle/run.hpp>

#include "app/command_table.hpp"
#include "app/program.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
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

}  // namespace

int run(const Workflow& workflow, int argc, char** argv) {
  try {
    const app::Args args(argv + std::min(argc, 1), argv + argc);
    if (!args.empty() && args[0] == "--print") {
      fmt::print("{}", workflow.to_json());
      return 0;
    }
    app::become({name_of_program(argc, argv), workflow.to_json(), function::registry_of(workflow)});
    return app::dispatch(with_verb(args));
  } catch (const Error& error) {
    return fail(error.what(), error.code());
  } catch (const std::invalid_argument& error) {
    return fail(error.what(), ExitCode::usage);
  } catch (const std::exception& error) {
    return fail(error.what(), ExitCode::environment);
  }
}

}  // namespace fugle
