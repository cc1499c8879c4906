#include "function/exit_guard.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/error.hpp"
#include "base/printable.hpp"

namespace fugle::function {
namespace {

thread_local std::string_view element_of_thread;  ///< empty: no function is called

/// Runs in the thread that called exit().
void refuse_exit() {
  if (element_of_thread.empty()) return;
  const std::string text = fmt::format(
      "fugle: the function of '{}' called exit(), which ends this worker; let it return or throw, or, if it is one of "
      "a "
      "plugin, call it in a process of its own ('isolate: true')\n",
      printable(element_of_thread));
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(static_cast<int>(ExitCode::environment));
}

}  // namespace

ExitGuard::ExitGuard(std::string_view element) : outer_(element_of_thread) {
  static const bool is_registered = std::atexit(refuse_exit) == 0;
  (void)is_registered;
  element_of_thread = element;
}

ExitGuard::~ExitGuard() { element_of_thread = outer_; }

}  // namespace fugle::function
