#include "executor/command.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "base/assert.hpp"
#include "executor/plain_command.hpp"
#include "graph/list_slots.hpp"

namespace fugle::executor {
namespace {

/// MAX_ARG_STRLEN of the kernel, its NUL included.
constexpr std::size_t kLongestArgument = 128 * 1024 - 1;

std::string write_file(const AttemptFiles& files, std::string_view suffix, std::string_view content) {
  const std::string name = fmt::format("{}-{}{}", files.launch.element.value(), files.launch.attempt, suffix);
  files.paths.push_back(files.folder.write(name, content));
  return files.paths.back();
}

/// A script that is too long for one argument becomes a file.
std::vector<std::string> shell_words(std::vector<std::string> shell, std::string script, std::string_view suffix,
                                     const AttemptFiles& files) {
  if (script.size() > kLongestArgument) {
    script = write_file(files, suffix, script);
    if (shell.back() == "-c") shell.pop_back();
  }
  shell.push_back(std::move(script));
  return shell;
}

const std::vector<std::string> kShellOfRun{"bash", "-euo", "pipefail", "-c"};

/// The shells of `--lines` and of `run`: others (login shells, wrappers) may do more than run the script.
bool is_usual_shell(const std::vector<std::string>& shell) {
  static const std::vector<std::string> kOfLines{"bash", "-c"};
  return shell == kOfLines || shell == kShellOfRun;
}

}  // namespace

std::vector<std::string> attempt_command(const scheduler::Launch& launch, const std::vector<std::string>& command,
                                         const graph::SlotValues& slots, const Preparation& preparation,
                                         bool shell_reads_a_file, const AttemptFiles& files) {
  FUGLE_EXPECT(!command.empty(), "an element without a command was started");
  std::vector<std::string> words;
  for (const std::string& word : command) words.push_back(graph::fill_slots(word, slots));
  const std::vector<std::string>& shell = launch.task->shell;
  if (shell.empty()) return prepared(preparation, std::move(words), files);
  if (preparation.is_needed()) {
    const std::string_view kind = same_shell(shell);
    if (!kind.empty() && !preparation.has_ranks)
      return shell_words(shell, preparation_script(preparation, kind) + words.back(), ".script", files);
    return prepared(preparation, shell_words(shell, std::move(words.back()), ".script", files), files);
  }
  if (!shell_reads_a_file && is_usual_shell(shell))
    if (auto plain = plain_command(words.back())) return *plain;
  return shell_words(shell, std::move(words.back()), ".script", files);
}

std::vector<std::string> prepared(const Preparation& preparation, std::vector<std::string> words,
                                  const AttemptFiles& files) {
  if (!preparation.is_needed()) return words;
  const std::string_view suffix = preparation.modules.empty() ? ".setup-script" : ".modules-script";
  std::vector<std::string> all = shell_words(kShellOfRun, preparation_before_words(preparation), suffix, files);
  if (all[all.size() - 2] == "-c") all.emplace_back("setup");  // its $0
  for (std::string& word : words) all.push_back(std::move(word));
  return all;
}

std::vector<std::string> cleanup_command(const scheduler::Launch& launch, const graph::ElementText& text,
                                         const graph::SlotValues& slots, const AttemptFiles& files) {
  return launch.task->has_cleanup ? side_command(launch, text.cleanup, slots, ".cleanup", files)
                                  : std::vector<std::string>();
}

std::vector<std::string> side_command(const scheduler::Launch& launch, const std::string& command,
                                      const graph::SlotValues& slots, std::string_view suffix,
                                      const AttemptFiles& files) {
  if (command.empty()) return {};
  const std::vector<std::string>& shell = launch.task->shell;
  return shell_words(shell.empty() ? kShellOfRun : shell, graph::fill_slots(command, slots), suffix, files);
}

std::vector<std::string> attempt_inputs(const scheduler::Launch& launch, const graph::ElementText& text,
                                        const AttemptFiles& files) {
  std::vector<std::string> values = text.inputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!launch.task->input_is_list[i]) continue;
    const std::string lines = values[i].empty() ? "" : values[i] + '\n';
    values[i] = write_file(files, fmt::format("-{}.list", i), lines);
  }
  return values;
}

std::optional<graph::ElementText> with_list_files(const scheduler::Launch& launch, const graph::ElementText& text,
                                                  const std::vector<std::string>& inputs, const AttemptFiles& files) {
  if (!graph::has_list_slots(text)) return std::nullopt;
  std::map<std::size_t, std::string> made;  // of inputs that are one path: their FUGLE_IN_* is that path
  graph::ElementText filled = text;
  graph::fill_list_slots(filled, [&](std::size_t i) {
    FUGLE_CHECK_THAT(i < inputs.size(), "a slot is for an input there is not");
    if (launch.task->input_is_list[i]) return inputs[i];
    std::string& path = made[i];
    if (path.empty()) path = write_file(files, fmt::format("-{}.list", i), inputs[i] + '\n');
    return path;
  });
  return filled;
}

}  // namespace fugle::executor
