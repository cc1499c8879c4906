// How the script of a recorded job is started: shell text that makes the surroundings sbatch(1) promises (variables,
// directory, files for output), writes the script into the scratch directory of the attempt, as slurmd writes it into
// its spool, and becomes its interpreter. One text for all elements of an array: they are told apart by variables.
#pragma once

#include <string>

#include "workflow/sbatch_job.hpp"

namespace fugle::workflow {

/// Name of the variable of an array in the matrix of its task.
inline constexpr const char* kArrayVariable = "array";

/// Text for `bash -c`. `program`: fugle, for the srun of scripts; empty: they find that of their PATH.
[[nodiscard]] std::string launch_text(const SbatchCall& call, const SbatchJob& job, const std::string& program);

/// A pattern of -o, -e or -i as a shell word: %A %a %b %j %J %x %u %N %n %s %t and %%, with a width ("%4a"); a
/// backslash anywhere means that nothing is replaced (sbatch(1), FILENAME PATTERN).
[[nodiscard]] std::string pattern_word(const std::string& pattern, const SbatchCall& call, const SbatchJob& job);

}  // namespace fugle::workflow
