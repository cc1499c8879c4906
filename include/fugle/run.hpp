// A program with a workflow of its own is a complete fugle.
#pragma once

#include <fugle/workflow.hpp>
#include <string_view>

namespace fugle {

namespace detail {
[[nodiscard]] int run(const Workflow& workflow, int argc, char** argv, std::string_view helpers);

/// The folder of fugle-spawner and fugle-plugin-host in the installation that the program is linked with: CMake's
/// target Fugleman::fugle says it.
#ifdef FUGLE_HELPERS
inline constexpr std::string_view kHelpers = FUGLE_HELPERS;
#else
inline constexpr std::string_view kHelpers;
#endif
}  // namespace detail

/// Does what the command line says, and returns the exit code for main(): all verbs and options of `fugle` (`prog help`
/// lists them), with `workflow` in the place of a FILE. Without a verb it runs the workflow: `prog`, `prog -n 4`,
/// `mpirun -n 4 prog`, `prog -j 8`; `prog resume` goes on with a run, `prog submit --nodes 2` makes a Slurm job of the
/// program. `prog --print` writes the workflow as a file that `fugle run -` takes; functions are in this program only.
/// Mistakes in the workflow are told all at once, each with the place in the program where it was made.
///
/// Call it once, first in main() but for making the workflow, and before any thread exists or MPI is used. Every rank
/// makes the workflow anew, and so does a resume: it must be the same each time.
///
/// It starts two helper programs of Fugleman, fugle-spawner and fugle-plugin-host. They are looked for beside the
/// program, in ../libexec/fugle from there, in the installation that the program is linked with, and last in that of
/// the `fugle` in PATH.
[[nodiscard]] inline int run(const Workflow& workflow, int argc, char** argv) {
  return detail::run(workflow, argc, argv, detail::kHelpers);
}

}  // namespace fugle
