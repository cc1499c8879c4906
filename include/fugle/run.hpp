// A program with a workflow of its own is a complete fugle.
#pragma once

#include <fugle/workflow.hpp>

namespace fugle {

/// Does what the command line says, and returns the exit code for main(): all verbs and options of `fugle` (`prog help`
/// lists them), with `workflow` in the place of a FILE. Without a verb it runs the workflow: `prog`, `prog -n 4`,
/// `mpirun -n 4 prog`, `prog -j 8`; `prog resume` goes on with a run, `prog submit --nodes 2` makes a Slurm job of the
/// program. `prog --print` writes the workflow as a file that `fugle run -` takes; functions are in this program only.
///
/// Call it once, first in main() but for making the workflow, and before any thread exists or MPI is used. Every rank
/// makes the workflow anew, and so does a resume: it must be the same each time.
[[nodiscard]] int run(const Workflow& workflow, int argc, char** argv);

}  // namespace fugle
