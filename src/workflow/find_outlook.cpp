#include "workflow/find_outlook.hpp"

#include <algorithm>

#include "workflow/element_names.hpp"

namespace fugle::workflow {
namespace {

/// As opposed to what belongs to an element.
bool is_of_the_run(NameKind kind) {
  return kind == NameKind::param || kind == NameKind::env || kind == NameKind::workflow_name ||
         kind == NameKind::workflow_dir || kind == NameKind::run_id || kind == NameKind::run_dir;
}

std::optional<graph::Task> known_settings(const Symbols& symbols, const std::vector<CompiledTask>& tasks,
                                          const CompiledTask& task, Diagnostics& diagnostics) {
  bool are_known = true;
  task.settings.for_each_name([&](const Name& name, Position) { are_known = are_known && is_of_the_run(name.kind); });
  if (!are_known) return std::nullopt;
  OutputLists lists(symbols, tasks);
  const ElementNames names(symbols, task, lists);
  try {
    const auto settings = task.settings.settings(*task.node, names, diagnostics);
    if (!settings) return std::nullopt;
    graph::Task known;
    known.name = task.node->name;
    known.retries = task.node->retries.when;
    known.has_cleanup = task.cleanup.has_value();
    known.has_scratch = task.uses_scratch || symbols.workflow->scratch.has_value();
    if (task.node->sharing)
      for (const PoolKey& use : task.node->sharing->pools) known.pools.push_back({use.name, 1, false});
    apply(*settings, symbols.directory_of(*task.node), known);
    return known;
  } catch (const ExpressionError& error) {
    report(error, diagnostics);
    return std::nullopt;
  }
}

std::vector<std::string> sources_of_list(const Symbols& symbols, const CompiledTask& task) {
  std::vector<std::string> sources;
  if (!task.list_of_items) return sources;
  task.list_of_items->for_each_name([&](const Name& name, Position) {
    if (!is_of_task(name.kind)) return;
    const std::string& source = symbols.workflow->tasks[name.item].name;
    if (std::ranges::find(sources, source) == sources.end()) sources.push_back(source);
  });
  return sources;
}

}  // namespace

Outlook find_outlook(const Symbols& symbols, const std::vector<CompiledTask>& tasks, Diagnostics& diagnostics) {
  Outlook outlook;
  if (symbols.workflow->limits.max_expand.at.line > 0) outlook.max_elements = symbols.max_expand;
  for (const CompiledTask& task : tasks) {
    if (task.is_broken) continue;
    if (task.prospect.is_open)
      outlook.open.push_back(
          {task.node->name, sources_of_list(symbols, task), known_settings(symbols, tasks, task, diagnostics)});
    if (!task.is_handler()) continue;
    HandlerTask& handler = outlook.handlers.emplace_back(HandlerTask{task.node->name, {}});
    for (const std::uint32_t failing : task.failing) handler.failing.push_back(symbols.workflow->tasks[failing].name);
  }
  return outlook;
}

}  // namespace fugle::workflow
