#include "executor/command.hpp"

#include <fmt/format.h>

#include <string_view>

#include "base/assert.hpp"
#include "executor/plain_command.hpp"

namespace fugle::executor {
namespace {

/// MAX_ARG_STRLEN of the kernel, its NUL included.
constexpr std::size_t kLongestArgument = 128 * 1024 - 1;

std::string write_file(const scheduler::Launch& launch, std::string_view suffix, std::string_view content,
                       ScratchFolder& scratch, std::vector<std::string>& files) {
  files.push_back(scratch.write(fmt::format("{}-{}{}", launch.element.value(), launch.attempt, suffix), content));
  return files.back();
}

/// The shells of `--lines` and of `run`: others (login shells, wrappers) may do more than run the script.
bool is_usual_shell(const std::vector<std::string>& shell) {
  static const std::vector<std::string> kOfLines{"bash", "-c"};
  static const std::vector<std::string> kOfRun{"bash", "-euo", "pipefail", "-c"};
  return shell == kOfLines || shell == kOfRun;
}

}  // namespace

std::vector<std::string> attempt_command(const scheduler::Launch& launch, const graph::ElementText& text,
                                         const std::vector<std::string>& staged_outputs, bool shell_reads_a_file,
                                         ScratchFolder& scratch, std::vector<std::string>& files) {
  FUGLE_EXPECT(!text.command.empty(), "an element without a command was started");
  std::vector<std::string> argv = launch.task->shell;
  for (const std::string& word : text.command)
    argv.push_back(graph::fill_slots(word, {staged_outputs, launch.attempt, {}, launch.run_state}));
  if (launch.task->shell.empty()) return argv;
  if (!shell_reads_a_file && is_usual_shell(launch.task->shell))
    if (auto words = plain_command(argv.back())) return *words;
  if (argv.back().size() <= kLongestArgument) return argv;
  const std::string path = write_file(launch, ".script", argv.back(), scratch, files);
  argv.pop_back();
  if (argv.back() == "-c") argv.pop_back();
  argv.push_back(path);
  return argv;
}

std::vector<std::string> attempt_inputs(const scheduler::Launch& launch, const graph::ElementText& text,
                                        ScratchFolder& scratch, std::vector<std::string>& files) {
  std::vector<std::string> values = text.inputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!launch.task->input_is_list[i]) continue;
    const std::string lines = values[i].empty() ? "" : values[i] + '\n';
    values[i] = write_file(launch, fmt::format("-{}.list", i), lines, scratch, files);
  }
  return values;
}

}  // namespace fugle::executor
