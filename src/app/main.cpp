// fugle: the command line. Verbs are in command_table.cpp; whatever goes wrong with the environment or the user's input
// ends here as one line and an exit code.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "app/command_table.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"

int main(int argc, char** argv) {
  try {
    return fugle::app::dispatch({argv + 1, argv + argc});
  } catch (const fugle::Error& error) {
    fmt::print(stderr, "fugle: {}\n", fugle::printable(error.what()));
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "fugle: {}\n", fugle::printable(error.what()));
    return static_cast<int>(fugle::ExitCode::environment);
  }
}
