// What one element says beyond its task: the rendered texts, packed into one string of bytes.
//
// A graph of a million elements must stay below 400 bytes each, so an element is one run of length-prefixed fields in
// an arena and its structure is known from its Task: matrix values, environment values, inputs, outputs, the working
// directory where it differs, the cleanup, what restarts, functions and services need where there are such, then the
// command words (one word where the task has a shell).
//
// Texts may hold *slots*, filled in per attempt by fill_slots(): the staged path of an output is known only then.
// A slot is kSlot KIND INDEX kSlot, INDEX in decimal:
//   o  staged path of output INDEX         q  the same, as one shell word
//   a  attempt number from 1 (INDEX 0)     l  the byte kSlot itself (INDEX 0)
//   s  scratch directory of the attempt    S  the same, as one shell word
//   L  the words that start a program on every rank, `srun ...` or `mpirun ...`, each quoted for the shell
//   r  state of the run (in `finally`: OK, FAILED, CANCELLED, INCOMPLETE)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/task.hpp"

namespace fugle::graph {

inline constexpr char kSlot = '\x1F';

struct ElementText {
  std::vector<std::string> matrix;
  std::vector<std::string> env;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::string workdir;  ///< used only where Task::workdir is empty
  std::vector<std::string> command;
  std::string cleanup;  ///< used only where Task::has_cleanup
  // Used only where Task::restart is given.
  std::vector<std::string> restart_files;    ///< patterns, as the shell has them, relative to the working directory
  std::vector<std::string> restart_command;  ///< when one of the files exists; empty: `command`
  // Used only where the task is of kind `function`.
  std::string arguments{};                ///< JSON object: `with`
  std::vector<std::string> results_of{};  ///< numbers of the elements whose results it is given, in order
  // Used only where Task::service is given.
  std::string ready_command{};  ///< by the shell of the task; it is ready once this ends with 0
  std::string stop_command{};   ///< empty: by Service::stop_signal
  std::string setup{};          ///< used only where Task::has_setup
  std::string image{};          ///< used only where Task::container has a runtime
  std::string log{};            ///< used only where Task::log is `file`: its path, absolute
  // Used only where metrics of the task have references that vary.
  std::vector<std::string> references{};  ///< numbers, one for each of these metrics
  bool operator==(const ElementText&) const = default;
};

/// Appends the packed text to `out`. The counts must be those of the task.
void pack(const Task& task, const ElementText& text, std::string& out);
/// Throws EnvironmentError on bytes that pack() did not make for that task; so does fill_slots().
[[nodiscard]] ElementText unpack(const Task& task, std::string_view packed);

[[nodiscard]] std::string output_slot(std::size_t output, bool quoted);
/// The text with its literal kSlot bytes escaped.
[[nodiscard]] std::string escape_slots(std::string_view text);
/// What is known only when an attempt starts.
struct SlotValues {
  std::span<const std::string> staged_outputs;
  std::uint32_t attempt = 1;
  std::string_view scratch;
  std::string_view run_state;
  std::string_view launcher{};
};
[[nodiscard]] std::string fill_slots(std::string_view text, const SlotValues& values);

/// Where an attempt writes an output: beside the final path when it is a file, else at the path that it comes from;
/// empty when it is a value.
[[nodiscard]] std::string path_for_attempt(OutputKind kind, std::string_view path, std::uint32_t attempt);
/// The path beside the final one that an attempt writes to: same directory and extension, `.<attempt>-` before the
/// name.
[[nodiscard]] std::string staged_path(std::string_view final_path, std::uint32_t attempt);

}  // namespace fugle::graph
