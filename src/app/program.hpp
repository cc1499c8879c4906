// What this process is beside being fugle: a C++ program may have made a workflow of its own (fugle::run), which stands
// where a FILE is not given, and functions that tasks call. Said once by main(), before anything else; fugle itself has
// neither. A fact of the process, as its name is.
#pragma once

#include <string>

#include "function/registry.hpp"

namespace fugle::app {

struct Program {
  std::string name;           ///< for messages, in the place of a file's
  std::string workflow_text;  ///< as a file; empty: it has none
  function::Registry functions;
};

/// Before the first use of this_program(); once.
void become(Program program);
[[nodiscard]] const Program& this_program();

}  // namespace fugle::app
