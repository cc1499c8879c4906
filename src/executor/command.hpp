// The words of an attempt's command and the values of its inputs, with per-attempt names filled in. What does not fit
// where it belongs becomes a file: a script too long for one argument, a list of inputs.
#pragma once

#include <string>
#include <vector>

#include "executor/scratch_folder.hpp"
#include "graph/element_text.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::executor {

// Both add the files they made to `files`, to be removed after the attempt. Throw EnvironmentError when they can not.

/// `shell_reads_a_file`: BASH_ENV is set, so that even a plain command needs its shell.
[[nodiscard]] std::vector<std::string> attempt_command(const scheduler::Launch& launch, const graph::ElementText& text,
                                                       const std::vector<std::string>& staged_outputs,
                                                       bool shell_reads_a_file, ScratchFolder& scratch,
                                                       std::vector<std::string>& files);
/// The values of FUGLE_IN_*, in the order of the task's inputs.
[[nodiscard]] std::vector<std::string> attempt_inputs(const scheduler::Launch& launch, const graph::ElementText& text,
                                                      ScratchFolder& scratch, std::vector<std::string>& files);

}  // namespace fugle::executor
