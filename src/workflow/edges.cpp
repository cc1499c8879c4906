#include "workflow/edges.hpp"

#include <algorithm>

#include "workflow/matching.hpp"

namespace fugle::workflow {

using graph::TaskKind;

std::vector<NeedEntry> need_entries(const CompiledTask& task) {
  std::vector<NeedEntry> entries;
  for (std::size_t i = 0; i < task.needs.size(); ++i)
    entries.push_back({task.needs[i], task.node->needs[i].kind, false, i, task.node->needs[i].level});
  for (const Reference& reference : task.references) {
    bool is_explicit = false;
    for (NeedEntry& entry : entries) {
      if (entry.task != reference.task) continue;
      is_explicit = true;
      entry.uses = reference.uses;
    }
    // What is said of all tasks of a file is said of this one.
    for (const NeedEntry& entry : entries)
      is_explicit = is_explicit || (entry.kind != Need::Kind::ok &&
                                    std::ranges::find(reference.groups, entry.task) != reference.groups.end());
    // A handler waits for the end of what it handles, and can use nothing that this did not make.
    const bool is_handled = std::ranges::find(task.failing, reference.task) != task.failing.end();
    const auto kind = reference.is_of_output ? Need::Kind::ok : Need::Kind::done;
    if (!is_explicit && !is_handled) entries.push_back({reference.task, kind, reference.uses, std::nullopt});
  }
  return entries;
}

bool is_edge_by_file(const CompiledTask& writer, const CompiledTask& reader) {
  // What `finally` reads, all others have written by then; what it writes, they can only find from an earlier run.
  if (reader.node->runs_finally != writer.node->runs_finally) return false;
  const auto is_of_writer = [&](std::uint32_t need) {
    return need == writer.number || std::ranges::find(writer.groups, need) != writer.groups.end();
  };
  return std::ranges::none_of(reader.needs, is_of_writer) &&
         std::ranges::find(reader.references, writer.number, &Reference::task) == reader.references.end();
}

TaskKind gate_kind(const NeedEntry& entry, const CompiledTask& above) {
  switch (entry.kind) {
    case Need::Kind::done: return TaskKind::end_gate;
    case Need::Kind::failed: return TaskKind::fail_gate;
    case Need::Kind::started: return TaskKind::start_gate;
    case Need::Kind::ok:
    case Need::Kind::each: break;
  }
  return entry.uses && above.prospect.may_skip ? TaskKind::use_gate : TaskKind::gate;
}

void EdgeMaker::add_edges_to(const CompiledTask& task) {
  if (task.is_group()) return;
  if (task.is_handler() && !task.runs_last) add_handler_edges(task);
  std::map<std::uint8_t, std::vector<NeedEntry>> levels;
  for (const NeedEntry& entry : need_entries(task)) levels[entry.level].push_back(entry);
  for (const auto& [level, entries] : levels) add_level(task, entries);
}

void EdgeMaker::add_level(const CompiledTask& task, const std::vector<NeedEntry>& entries) {
  const bool is_own = entries.front().level == 0;
  const bool joins_any = is_own ? task.node->joins_any : task.node->needs[*entries.front().number].joins_any;
  if (joins_any && entries.size() > 1) return add_join_any(task, entries);
  const std::vector<double>& bytes = task.node->need_bytes;
  for (const NeedEntry& entry : entries) {
    const bool has_bytes = entry.number && *entry.number < bytes.size() && bytes[*entry.number] > 0;
    if (has_bytes)
      add_bytes(task, entry, bytes[*entry.number]);
    else if (entry.kind == Need::Kind::each)
      add_each(task, entry);
    else
      add_all(task, entry);
  }
}

std::vector<ElementId> EdgeMaker::from(const CompiledTask& task, const NeedEntry& entry) {
  const CompiledTask& above = tasks_[entry.task];
  if (above.is_group()) {
    const ElementId gate = gate_over_group(entry.task, std::nullopt, entry.kind);
    return gate.is_valid() ? std::vector{gate} : std::vector<ElementId>();
  }
  const auto& wanted = entry.number ? task.node->needs[*entry.number].element : std::nullopt;
  if (!wanted) return elements_[entry.task];
  const auto& values = above.matrix.at(0).texts;
  const auto found = std::find(values.begin(), values.end(), *wanted);
  return {elements_[entry.task].at(static_cast<std::size_t>(found - values.begin()))};
}

void EdgeMaker::add_all(const CompiledTask& task, const NeedEntry& entry) {
  const CompiledTask& above = tasks_[entry.task];
  const TaskKind kind = above.is_group() ? TaskKind::gate : gate_kind(entry, above);
  // What is to come of an open task closes the gate again, so that there must be one.
  if (kind == TaskKind::gate && !above.prospect.is_open)
    builder_.add_edges_all(from(task, entry), elements_[task.number]);
  else
    builder_.add_edges_through(kind, from(task, entry), elements_[task.number]);
}

void EdgeMaker::add_each(const CompiledTask& task, const NeedEntry& entry) {
  const CompiledTask& above = tasks_[entry.task];
  if (elements_[entry.task].empty() && !above.is_group()) return;  // left out while checking, for want of a param
  if (above.is_group() && task.node->needs[*entry.number].element) {
    const ElementId source =
        gate_over_group(entry.task, find_element(above, *task.node->needs[*entry.number].element), Need::Kind::ok);
    if (source.is_valid()) builder_.add_edges_all({&source, 1}, elements_[task.number]);
    return;
  }
  if (task.prospect.is_open) {
    // Its elements find theirs when they are made: then those have to be there.
    if (above.prospect.is_open) builder_.add_edge(elements_[entry.task][0], elements_[task.number][0]);
    return;
  }
  for (std::size_t e = 0; e < elements_[task.number].size(); ++e) {
    const ElementId source = source_of_element(task, entry, e);
    if (source.is_valid()) builder_.add_edge(source, elements_[task.number][e]);
  }
}

ElementId EdgeMaker::source_of_element(const CompiledTask& task, const NeedEntry& entry, std::size_t element) {
  if (tasks_[entry.task].is_group())
    return gate_over_group(entry.task, task.matches[*entry.number].at(element), Need::Kind::ok);
  const ElementId above = elements_[entry.task][task.matches[*entry.number].at(element)];
  const TaskKind kind = gate_kind(entry, tasks_[entry.task]);
  return kind == TaskKind::gate ? above : builder_.gate_over(kind, {&above, 1});
}

ElementId EdgeMaker::source(const CompiledTask& task, const NeedEntry& entry) {
  const std::vector<ElementId> above = from(task, entry);
  if (tasks_[entry.task].is_group()) return above.empty() ? ElementId() : above.front();
  const TaskKind kind = gate_kind(entry, tasks_[entry.task]);
  const bool is_itself = above.size() == 1 && kind == TaskKind::gate && !tasks_[entry.task].prospect.is_open;
  return is_itself ? above.front() : builder_.gate_over(kind, above);
}

void EdgeMaker::add_join_any(const CompiledTask& task, const std::vector<NeedEntry>& entries) {
  const bool has_each = !task.prospect.is_open && std::ranges::any_of(entries, [](const NeedEntry& entry) {
    return entry.kind == Need::Kind::each;
  });
  const std::vector<ElementId>& to = elements_[task.number];
  const auto sources_of = [&](std::size_t element) {
    std::vector<ElementId> sources;
    for (const NeedEntry& entry : entries) {
      if (elements_[entry.task].empty() && !tasks_[entry.task].is_group()) continue;
      const bool is_each = has_each && entry.kind == Need::Kind::each;
      sources.push_back(is_each ? source_of_element(task, entry, element) : source(task, entry));
    }
    std::erase_if(sources, [](ElementId source) { return !source.is_valid(); });
    std::ranges::sort(sources);
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    return sources;
  };
  if (!has_each) return builder_.add_edges_through(TaskKind::any_gate, sources_of(0), to);
  for (std::size_t e = 0; e < to.size(); ++e)
    builder_.add_edges_through(TaskKind::any_gate, sources_of(e), {&to[e], 1});
}

void EdgeMaker::add_members(const std::vector<std::uint32_t>& members, std::vector<std::uint32_t>& tasks) const {
  for (const std::uint32_t member : members) {
    if (!tasks_[member].is_group()) tasks.push_back(member);
    for (const auto& inner : tasks_[member].members) add_members(inner, tasks);
  }
}

ElementId EdgeMaker::gate_over_group(std::uint32_t group, std::optional<std::uint32_t> element, Need::Kind kind) {
  const auto [place, is_new] = gates_of_groups_.try_emplace({group, element, kind});
  if (!is_new) return place->second;
  std::vector<std::uint32_t> tasks;
  for (std::uint32_t e = 0; e < tasks_[group].members.size(); ++e)
    if (!element || *element == e) add_members(tasks_[group].members[e], tasks);
  std::vector<ElementId> from;
  for (const std::uint32_t task : tasks) {
    // One failure of one of them is a failure of all.
    if (kind == Need::Kind::failed && !elements_[task].empty())
      from.push_back(builder_.gate_over(TaskKind::fail_gate, elements_[task]));
    else
      from.insert(from.end(), elements_[task].begin(), elements_[task].end());
  }
  std::ranges::sort(from);
  const TaskKind gate = kind == Need::Kind::done      ? TaskKind::end_gate
                        : kind == Need::Kind::failed  ? TaskKind::any_gate
                        : kind == Need::Kind::started ? TaskKind::start_gate
                                                      : TaskKind::gate;
  if (!from.empty()) place->second = builder_.gate_over(gate, from);
  return place->second;
}

/// It is decided when what it handles has ended whether that failed, be the failure ignored or not.
void EdgeMaker::add_handler_edges(const CompiledTask& task) {
  const std::vector<ElementId>& to = elements_[task.number];
  for (std::size_t i = 0; i < task.failing.size(); ++i) {
    const std::vector<ElementId>& failing = elements_[task.failing[i]];
    if (failing.empty() || to.empty()) continue;
    const auto waiting = task.failing.size() == 1 ? std::span(to) : std::span(to).subspan(i, 1);
    builder_.add_edges_through(TaskKind::end_gate, failing, waiting);
  }
}

void EdgeMaker::add_bytes(const CompiledTask& task, const NeedEntry& entry, double bytes) {
  for (const ElementId f : from(task, entry))
    for (const ElementId t : elements_[task.number]) builder_.add_edge(f, t, bytes);
}

}  // namespace fugle::workflow
