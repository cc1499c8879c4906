// What is put around the words of a command: its modules, the shell lines of `setup`, the container. Pure: words and
// texts go in and come out; what is found on the machine is told.
//
// Where the command is a script for a shell that knows the same words (sh, bash, dash, ksh, zsh), its setup runs in
// that very shell, before it. Else a bash runs the setup and then becomes the command, on every rank where there are
// ranks. With a container the modules are loaded outside (they may bring its runtime), the setup runs inside.
//
// Whether the setup or the command has failed is told by the *state file*: it holds a text as long as the setup has not
// gone through, the reason where there is one. A single process writes it before the setup and empties it after; of
// ranks, which all have the same one, only those whose setup fails write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/task.hpp"

namespace fugle::executor {

/// The shell lines before a command.
struct Preparation {
  std::vector<std::string> modules;
  std::string setup;
  std::string state_file;
  bool has_ranks = false;
  [[nodiscard]] bool is_needed() const { return !modules.empty() || !setup.empty(); }
};

/// "bash" of {"/bin/bash", "-c"}: where the preparation can be in the shell of the script; empty: it can not.
[[nodiscard]] std::string_view same_shell(const std::vector<std::string>& shell);
/// To be put before a script for that shell; ends with a line break.
[[nodiscard]] std::string preparation_script(const Preparation& preparation, std::string_view shell);
/// The same as a program before the words of a command.
[[nodiscard]] std::string preparation_before_words(const Preparation& preparation);

/// What an attempt's command is run in.
struct ContainerOrder {
  graph::ContainerRuntime runtime = graph::ContainerRuntime::apptainer;
  std::string program;  ///< the runtime; of Pyxis, which is srun, empty
  std::string image;
  std::vector<std::string> binds;      ///< the user's
  std::vector<std::string> folders;    ///< on the host, to be found inside at the same paths
  std::vector<std::string> variables;  ///< names, besides FUGLE_*, that are to be as they are outside
  std::string workdir;
  bool has_gpu = false;
  bool is_amd = false;     ///< and these are AMD's
  bool has_ranks = false;  ///< of MPI
  bool is_root = false;
};

/// The words before the command.
[[nodiscard]] std::vector<std::string> container_words(const ContainerOrder& order);
/// The options of srun that Pyxis adds.
[[nodiscard]] std::vector<std::string> pyxis_options(const ContainerOrder& order);
/// Sorted, without those that lie in another one.
[[nodiscard]] std::vector<std::string> outermost(std::vector<std::string> folders);

/// What the executor's machine has.
struct ContainerRuntimes {
  std::string apptainer;  ///< path; empty: none
  std::string podman;
  bool has_pyxis = false;  ///< srun, in a job
};
/// `automatic`: the first there is. `none`: there is none.
[[nodiscard]] graph::ContainerRuntime choose_runtime(graph::ContainerRuntime wanted, const ContainerRuntimes& there);

/// Of a state file's text, for people; empty: the setup has gone through.
[[nodiscard]] std::string setup_problem(std::string_view state, std::string_view how_it_ended);

}  // namespace fugle::executor
