// A new run of what an earlier one ran: its file, its parameters, as they were kept with it.
#pragma once

#include <string>

#include "app/arguments.hpp"
#include "app/carry_over.hpp"

namespace fugle::app {

struct RunAgain {
  Again again;
  std::string into;      ///< directory to run in instead of the old one, absolute; empty: there again
  std::string runs_dir;  ///< where the new run is made
  Args args;             ///< of the command line, for run.json
};

/// Makes the run directory, with what is kept in its journal, and says what runs again and what does not; nothing has
/// started then. Throws Error.
struct NewRun {
  std::string run_dir;  ///< empty: there is none, and what there is to say was said
  int exit_code = 0;
};
[[nodiscard]] NewRun make_run_again(const std::string& old_dir, const RunAgain& wanted);

}  // namespace fugle::app
