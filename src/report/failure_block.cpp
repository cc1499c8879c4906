#include "report/failure_block.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/command_text.hpp"

namespace fugle::report {
namespace {

constexpr std::size_t kBriefLines = 10;
constexpr std::size_t kBriefBytes = 2000;

std::string_view without_last_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

/// The lines, each after `margin`; at most `limit`, then how many more there are.
std::string indented(std::string_view text, std::string_view margin, std::size_t limit) {
  const auto lines = split(without_last_newline(text), '\n');
  std::string block;
  for (std::size_t i = 0; i < std::min(limit, lines.size()); ++i) block += fmt::format("{}{}\n", margin, lines[i]);
  if (lines.size() > limit) block += fmt::format("{}... and {} more lines\n", margin, lines.size() - limit);
  return block;
}

bool is_long(std::string_view text) { return text.size() > kBriefBytes; }

std::string command_part(const Failure& failure, BlockSize size) {
  const bool is_brief = size == BlockSize::brief;
  if (failure.command.find('\n') == std::string::npos && !(is_brief && is_long(failure.command)))
    return fmt::format("  command  {}\n", failure.command);
  const std::string shown = is_brief ? failure.command.substr(0, kBriefBytes) : failure.command;
  return "  command\n" + indented(shown, "    ", is_brief ? kBriefLines : failure.command.size());
}

std::string output_part(const Failure& failure) {
  if (failure.tail.empty()) return "  output   none\n";
  return fmt::format("  output   (last lines)\n{}", indented(failure.tail, "    | ", kTailLines));
}

std::string repeat_part(const Failure& failure, const std::string& why, BlockSize size) {
  if (size == BlockSize::brief && is_long(failure.repeat))
    return fmt::format("  by hand  too long to show here, see: {}\n", why);
  return fmt::format("  by hand  {}\n", failure.repeat);
}

}  // namespace

Failure describe_failure(const graph::Graph& graph, const Attempt& attempt, const std::string& node, std::string tail,
                         const std::string& run_state) {
  const graph::Task& task = graph.task_of(attempt.element);
  Failure failure;
  failure.element = graph.id(attempt.element);
  failure.task = task.name;
  failure.attempt = attempt.number;
  failure.max_attempts = std::max<std::uint32_t>(task.retries.max + 1, attempt.number);
  failure.is_ignored = task.on_failure == graph::OnFailure::ignore;
  failure.node = node;
  failure.worker = attempt.worker;
  failure.took = attempt.end - attempt.start;
  failure.cls = graph::name_of(attempt.cls);
  failure.reason = attempt.reason;
  const AttemptKey key{attempt.element, attempt.number, task.runs_finally ? run_state : ""};
  failure.command = command_text(graph, key);
  failure.repeat = repeat_line(graph, key);
  failure.tail = std::move(tail);
  return failure;
}

std::string failure_block(const Failure& failure, const RunNames& names, BlockSize size) {
  const std::string element = quote_for_shell(failure.element);
  std::string block = fmt::format(
      "FAILED{} {} (task {}, attempt {} of {}) on {}, worker {}, after {}\n", failure.is_ignored ? " (ignored)" : "",
      failure.element, failure.task, failure.attempt, failure.max_attempts,
      failure.node.empty() ? "unknown node" : failure.node, failure.worker.value(), format_duration(failure.took));
  block += fmt::format("  why      {}{}{}\n", failure.cls, failure.reason.empty() ? "" : ": ", failure.reason);
  block += command_part(failure, size);
  if (!names.file.empty()) block += fmt::format("  script   {}, task '{}'\n", names.file, failure.task);
  block += output_part(failure);
  block += repeat_part(failure, fmt::format("fugle why {} {}", names.run, element), size);
  block += fmt::format("  log      fugle logs {} {}\n", names.run, element);
  block += fmt::format("  again    fugle resume {}\n", names.run);
  return block;
}

Json failure_json(const Failure& failure) {
  return {{"element", failure.element},
          {"task", failure.task},
          {"attempt", failure.attempt},
          {"max_attempts", failure.max_attempts},
          {"ignored", failure.is_ignored},
          {"node", failure.node},
          {"worker", failure.worker.value()},
          {"took_s", to_seconds(failure.took)},
          {"class", failure.cls},
          {"reason", failure.reason},
          {"command", failure.command},
          {"repeat", failure.repeat},
          {"output", failure.tail}};
}

}  // namespace fugle::report
