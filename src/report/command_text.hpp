// What an attempt runs, as text for people: the command itself, and a line to paste into a shell that repeats it by
// hand, in the same directory and with the variables of FORMAT.md section 5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::report {

/// One attempt, and what was known only when it started.
struct AttemptKey {
  ElementId element;
  std::uint16_t attempt = 1;
  std::string run_state{};  ///< of a task of `finally`
};

/// The words of the command with the staged paths of that attempt, the task's shell before its script. Its scratch
/// directory is gone: a directory for attempts by hand stands in its place.
[[nodiscard]] std::vector<std::string> command_words(const graph::Graph& graph, const AttemptKey& key);
/// The command on one or more lines, quoted for a shell.
[[nodiscard]] std::string command_text(const graph::Graph& graph, const AttemptKey& key);
/// "cd DIR && env NAME=VALUE ... COMMAND". Paths of outputs are the staged ones of that attempt. FUGLE_RUN_ID is left
/// out on purpose: a resumed run ends what carries its id.
[[nodiscard]] std::string repeat_line(const graph::Graph& graph, const AttemptKey& key);

}  // namespace fugle::report
