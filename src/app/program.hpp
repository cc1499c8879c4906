// What this process is beside being fugle: a C++ program may have made a workflow of its own (fugle::run), which stands
// where a FILE is not given, and functions that tasks call. Said once by main(), before anything else; fugle itself has
// neither. A fact of the process, as its name is.
#pragma once

#include <fugle/settings.hpp>
#include <string>
#include <vector>

#include "function/registry.hpp"

namespace fugle::app {

struct Program {
  std::string name{};                        ///< for messages, in the place of a file's
  std::string workflow_text{};               ///< as a file; empty: it has none
  std::vector<detail::PlacedLine> places{};  ///< in the program, of the lines of that text
  std::vector<detail::Mistake> mistakes{};   ///< of the calls that made it
  function::Registry functions{};
  std::string helpers{};  ///< folder of our helper programs where it was linked; empty: not known
};

/// Before the first use of this_program(); once.
void become(Program program);
[[nodiscard]] const Program& this_program();

}  // namespace fugle::app
