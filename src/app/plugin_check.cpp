#include "app/plugin_check.hpp"

#include <fmt/format.h>

#include <map>

#include "executor/process_executor.hpp"
#include "function/registry.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

/// A library may lie on a slow file system, and its constructors may do much.
constexpr Duration kPatience = std::chrono::minutes(2);
constexpr int kNotInTime = 124;

workflow::Position place_of(const std::string& task, const workflow::Workflow* workflow) {
  if (workflow == nullptr) return {};
  for (const workflow::TaskNode& node : workflow->tasks)
    if (node.name == task) return node.plugin.at.line > 0 ? node.plugin.at : node.at;
  return {};
}

}  // namespace

std::optional<std::string> try_plugin(const std::string& function) {
  const slurm::Answer answer = slurm::run_command({executor::find_plugin_host(), "--check", function}, kPatience);
  if (answer.is_good()) return std::nullopt;
  std::string said = answer.output.substr(0, answer.output.find('\n'));
  if (answer.exit_code == kNotInTime) said = fmt::format("plugin {}: it was not loaded within 2 minutes", function);
  if (said.empty() && answer.exit_code > 128)
    said =
        fmt::format("plugin {}: the process that loaded it was killed by signal {}", function, answer.exit_code - 128);
  if (said.empty())
    said = fmt::format("plugin {}: the process that loaded it ended with exit code {}", function, answer.exit_code);
  return said;
}

void check_plugins(const graph::Graph& graph, const workflow::Workflow* workflow, const PluginTrial& trial,
                   const std::vector<std::uint32_t>& num_elements, workflow::Diagnostics& diagnostics) {
  std::map<std::string, std::optional<std::string>> tried;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    const bool is_of_plugin = task.kind == graph::TaskKind::function && function::own_name(task.function).empty();
    if (!is_of_plugin || num_elements[t] == 0) continue;
    const auto [known, is_new] = tried.try_emplace(task.function);
    if (is_new) known->second = trial(task.function);
    if (known->second) diagnostics.error("E305", place_of(task.name, workflow), *known->second);
  }
}

}  // namespace fugle::app
