// The words of an attempt's command and the values of its inputs, with per-attempt names filled in. What does not fit
// where it belongs becomes a file: a script too long for one argument, a list of inputs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "executor/node_folder.hpp"
#include "executor/surroundings.hpp"
#include "graph/element_text.hpp"
#include "scheduler/attempt.hpp"

namespace fugle::executor {

/// Where the files of one attempt are made.
struct AttemptFiles {
  const scheduler::Launch& launch;
  NodeFolder& folder;
  std::vector<std::string>& paths;  ///< of those made, to be removed after the attempt
};

// All throw EnvironmentError when they can not make a file.

/// `command`: ElementText::command, or another to be run in its place. `preparation`: what comes before it in its
/// shell, or in one of its own. `shell_reads_a_file`: BASH_ENV is set, so that even a plain command needs its shell.
[[nodiscard]] std::vector<std::string> attempt_command(const scheduler::Launch& launch,
                                                       const std::vector<std::string>& command,
                                                       const graph::SlotValues& slots, const Preparation& preparation,
                                                       bool shell_reads_a_file, const AttemptFiles& files);
/// The words, after a shell that makes the preparation and becomes them.
[[nodiscard]] std::vector<std::string> prepared(const Preparation& preparation, std::vector<std::string> words,
                                                const AttemptFiles& files);
/// The words of its cleanup, by the shell of the task; none when it has no cleanup.
[[nodiscard]] std::vector<std::string> cleanup_command(const scheduler::Launch& launch, const graph::ElementText& text,
                                                       const graph::SlotValues& slots, const AttemptFiles& files);
/// The words of another command of its, by the shell of the task; none when it is empty. `suffix` of a file for it.
[[nodiscard]] std::vector<std::string> side_command(const scheduler::Launch& launch, const std::string& command,
                                                    const graph::SlotValues& slots, std::string_view suffix,
                                                    const AttemptFiles& files);
/// The values of FUGLE_IN_*, in the order of the task's inputs.
[[nodiscard]] std::vector<std::string> attempt_inputs(const scheduler::Launch& launch, const graph::ElementText& text,
                                                      const AttemptFiles& files);
/// The texts with the files that list inputs in place of their slots; `inputs`: of attempt_inputs(). nullopt: there are
/// no such slots.
[[nodiscard]] std::optional<graph::ElementText> with_list_files(const scheduler::Launch& launch,
                                                                const graph::ElementText& text,
                                                                const std::vector<std::string>& inputs,
                                                                const AttemptFiles& files);

}  // namespace fugle::executor
