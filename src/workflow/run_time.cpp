#include "workflow/run_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.hpp"
#include "graph/algorithms.hpp"
#include "workflow/binding.hpp"
#include "workflow/cycles.hpp"
#include "workflow/edges.hpp"
#include "workflow/element_maker.hpp"
#include "workflow/flatten.hpp"
#include "workflow/given_value.hpp"
#include "workflow/scalar.hpp"

namespace fugle::workflow {
namespace {

Workflow flat(Workflow workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  return has_files_to_use(workflow) ? flatten(workflow, options, diagnostics) : workflow;
}

CompiledWorkflow compiled_again(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  auto compiled = compile_workflow(workflow, options, diagnostics);
  if (compiled && !diagnostics.has_errors()) return *std::move(compiled);
  throw EnvironmentError(
      fmt::format("the workflow that was kept with the run can not be read: {}", diagnostics.to_text()));
}

/// What several elements gave as lists is one list.
List joined(List items) {
  const bool are_lists =
      !items.empty() && std::ranges::all_of(items, [](const Value& v) { return std::holds_alternative<List>(v.data); });
  if (!are_lists) return items;
  List all;
  for (Value& item : items)
    for (Value& one : std::get<List>(item.data)) all.push_back(std::move(one));
  return all;
}

/// What stands between the brackets.
std::string_view values_in(std::string_view id) {
  const std::size_t name = id.rfind('/');
  const std::size_t open = id.find('[', name == std::string_view::npos ? 0 : name);
  if (open == std::string_view::npos || !id.ends_with(']')) return {};
  return id.substr(open + 1, id.size() - open - 2);
}

/// Which of those that are made at once, as messages name it.
std::string in_words(const CompiledTask& task, std::uint64_t number) {
  if (task.foreach) return fmt::format("item {}, {}", number + 1, in_quotes(task.foreach->items.texts[number]));
  std::vector<std::uint32_t> digits;
  set_digits(task, number, digits);
  return fmt::format("element '{}[{}]'", task.node->name, id_values(task, number, digits));
}

std::string_view without_marker(std::string_view raw) {
  if (raw.starts_with("${{") && raw.ends_with("}}")) raw = raw.substr(3, raw.size() - 5);
  return without_outer_blanks(raw);
}

}  // namespace

RunTime::RunTime(Workflow workflow, const ExpandOptions& options, const Knowledge& knowledge)
    : diagnostics_(workflow.file),
      workflow_(flat(std::move(workflow), options, diagnostics_)),
      compiled_(compiled_again(workflow_, options, diagnostics_)),
      knowledge_(knowledge),
      outcomes_(compiled_.symbols, compiled_.tasks, knowledge),
      lists_(compiled_.symbols, compiled_.tasks, &outcomes_) {
  know_elements_again();
}

bool RunTime::is_needed_by(const graph::Graph& graph) {
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (task.has_when || task.is_late || task.kind == graph::TaskKind::expansion) return true;
  }
  return false;
}

RunTime::Refusal RunTime::wrong(const ExpressionError& error) const {
  const std::string place = error.at.line == 0 ? "" : fmt::format(" (line {})", error.at.line);
  return {true, fmt::format("{}: {}{}", error.code, error.text, place)};
}

RunTime::Refusal RunTime::wrong(const Diagnostics& said, std::string_view which) const {
  Refusal refusal{true, "its texts can not be made"};
  for (const Diagnostic& one : said.all()) {
    if (one.severity != Severity::error) continue;
    refusal = wrong(ExpressionError{one.code, one.text, {}, 0, one.at, false});
    break;
  }
  if (!which.empty()) refusal.reason += fmt::format("; {}", which);
  return refusal;
}

/// In an earlier life some have written what was known only then.
WrittenFiles& RunTime::written_files() {
  if (written_) return *written_;
  written_.emplace(compiled_.tasks, outcomes_);
  for (std::uint32_t t = 0; t < compiled_.tasks.size(); ++t) {
    const std::vector<bool>& late = compiled_.tasks[t].prospect.late_outputs;
    if (std::ranges::find(late, true) == late.end()) continue;
    for (std::uint32_t i = 0; i < outcomes_.num_elements(t); ++i) {
      if (!outcomes_.is_good(t, i)) continue;
      const ElementId e = outcomes_.element(t, i);
      Diagnostics unheard(workflow_.file);
      try {
        if (const auto text = late_text(e, unheard))
          written_->add(e, t, graph::unpack(knowledge_.graph().task_of(e), *text));
      } catch (const ExpressionError&) {
        // What it was made of is not known any more; then neither is the file.
      }
    }
  }
  return *written_;
}

ExpressionError RunTime::second_writer(const WrittenFiles::Clash& clash, const CompiledTask& task,
                                       std::string_view id) const {
  return {
      "E203",
      fmt::format("'{}' is written by '{}' and by '{}'", clash.path, knowledge_.graph().id(clash.first.element), id),
      {},
      0,
      task.node->outputs[clash.output].path.at,
      false};
}

void RunTime::refuse_second_writers(const CompiledTask& task, const graph::GraphData& data) {
  if (std::ranges::none_of(task.node->outputs, [](const Output& o) { return o.kind == graph::OutputKind::file; }))
    return;
  for (std::uint32_t i = 0; i < task.num_elements; ++i) {
    const graph::ElementText text = graph::unpack(data.tasks[data.task_of[i]], data.texts[i]);
    if (const auto clash = written_files().clash_of(ElementId(), task.number, text))
      throw second_writer(*clash, task, data.ids[i]);
  }
}

/// In an earlier life of the run tasks were expanded: their elements are those of the graph, whatever a list would give
/// now.
void RunTime::know_elements_again() {
  for (const std::uint32_t t : graph::topological_order(rows_of(compiled_.tasks))) {
    CompiledTask& task = compiled_.tasks[t];
    const std::uint32_t count = outcomes_.num_elements(t);
    if (!task.prospect.is_open || count == 0) continue;
    if (task.list_of_items) {
      std::unordered_map<std::string, Value> known;
      try {
        CompiledForeach now = foreach_of(items_of(task));
        for (std::size_t i = 0; i < now.items.values.size(); ++i)
          known.emplace(now.items.id_parts[i], now.items.values[i]);
      } catch (const ExpressionError&) {
        // Then ids are all that is left of the items.
      }
      List items;
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::string values(values_in(knowledge_.graph().id(outcomes_.element(t, i))));
        const auto found = known.find(values);
        items.push_back(found == known.end() ? untyped_scalar(values, false) : found->second);
      }
      set_items(task, foreach_of(std::move(items)));
    }
    match_needs(task, compiled_.tasks);
  }
}

List RunTime::items_of(const CompiledTask& task) {
  const ElementNames names(compiled_.symbols, task, lists_);
  const Position at = task.node->foreach->at;
  Value value = task.list_of_items->value(names);
  if (List* list = std::get_if<List>(&value.data)) return joined(std::move(*list));
  const auto* text = std::get_if<std::string>(&value.data);
  if (text != nullptr && looks_like_range(*text)) {
    Diagnostics said(workflow_.file);
    const auto range = parse_range("foreach", *text, at, said);
    if (!range) throw ExpressionError{said.all().front().code, said.all().front().text, {}, 0, at, false};
    if (range->count() <= compiled_.symbols.max_expand) return range->items();
    throw ExpressionError{"E206",
                          fmt::format("'{}' expands to {} elements, limits.max_expand is {}", task.node->name,
                                      range->count(), compiled_.symbols.max_expand),
                          {},
                          0,
                          at,
                          false};
  }
  throw ExpressionError{
      "E403",
      fmt::format("'foreach' must be a list, got {}{}", type_name(value), value.is_null() ? "" : " " + to_text(value)),
      {},
      0,
      at,
      false};
}

void RunTime::set_items(CompiledTask& task, CompiledForeach items) {
  const Position at = task.node->foreach->at;
  task.num_elements = items.items.values.size();
  if (task.num_elements > compiled_.symbols.max_expand)
    throw ExpressionError{"E206",
                          fmt::format("'{}' expands to {} elements, limits.max_expand is {}", task.node->name,
                                      task.num_elements, compiled_.symbols.max_expand),
                          {},
                          0,
                          at,
                          false};
  std::unordered_set<std::string_view> seen;
  for (const std::string& part : items.items.id_parts)
    if (!seen.insert(part).second)
      throw ExpressionError{"E207", fmt::format("element '{}[{}]' appears twice", task.node->name, part), {}, 0, at,
                            false};
  task.foreach = std::move(items);
}

std::variant<graph::Growth, RunTime::Refusal> RunTime::expand(ElementId element) {
  outcomes_.look();
  CompiledTask& task = compiled_.tasks[outcomes_.task_of(element)];
  Diagnostics said(workflow_.file);
  try {
    if (task.list_of_items) {
      List items = items_of(task);
      if (items.empty()) return Refusal{false, "list is empty"};
      set_items(task, foreach_of(std::move(items)));
    }
    for (const std::uint32_t above : task.needs)
      if (compiled_.tasks[above].prospect.is_open && outcomes_.num_elements(above) == 0)
        compiled_.tasks[above].num_elements = 0;
    match_needs(task, compiled_.tasks);
  } catch (const ExpressionError& error) {
    return wrong(error);
  }
  graph::GraphBuilder builder;
  FileLinks links;
  ElementMaker maker(compiled_.symbols, compiled_.tasks, lists_, builder, links, said);
  maker.add_new_elements_of(task);
  // One that is wrong refuses them all, as it does in a list that is known before the run.
  if (said.has_errors() || builder.num_elements() != task.num_elements)
    return wrong(said, builder.num_elements() < task.num_elements ? in_words(task, builder.num_elements()) : "");
  try {
    graph::GraphData data = std::move(builder).build();
    refuse_second_writers(task, data);
    return growth_of(element, task, std::move(data), links);
  } catch (const ExpressionError& error) {
    return wrong(error);
  }
}

graph::Growth RunTime::growth_of(ElementId expansion, const CompiledTask& task, graph::GraphData data,
                                 const FileLinks& links) {
  const graph::Graph& graph = knowledge_.graph();
  graph::Growth growth;
  std::vector<NeedEntry> each;
  for (const NeedEntry& entry : need_entries(task))
    if (entry.kind == Need::Kind::each) each.push_back(entry);
  // What the expansion waited for, its elements need as well: but for those of which each needs its own.
  std::vector<std::uint32_t> common;
  for (const std::uint32_t need : graph.needs(expansion))
    if (graph.task_of(ElementId(need)).kind != graph::TaskKind::expansion) common.push_back(need);

  const std::uint32_t first_new = graph.num_elements();
  std::vector<std::vector<std::uint32_t>> own(task.num_elements);
  /// Of what may be skipped the element uses something.
  const auto need_through_gate = [&](std::uint64_t i, std::uint32_t above) {
    if (growth.tasks.empty()) {
      graph::Task gates;
      gates.kind = graph::TaskKind::use_gate;
      gates.request.cores = 0;
      growth.tasks.push_back(std::move(gates));
    }
    std::string no_text;
    graph::pack(growth.tasks.front(), {}, no_text);
    own[i].push_back(first_new + static_cast<std::uint32_t>(growth.elements.size()));
    growth.elements.push_back({TaskId(graph.num_tasks()), "", no_text, 0, {above}});
  };
  for (const NeedEntry& entry : each) {
    if (compiled_.tasks[entry.task].is_group()) continue;  // of one of its elements, for all of these
    const bool has_gate = gate_kind(entry, compiled_.tasks[entry.task]) == graph::TaskKind::use_gate;
    for (std::uint64_t i = 0; i < task.num_elements; ++i) {
      const std::uint32_t above = outcomes_.element(entry.task, task.matches[*entry.number][i]).value();
      if (has_gate)
        need_through_gate(i, above);
      else
        own[i].push_back(above);
    }
  }
  bool reads_files = false;
  written_files().for_each_link(links, [&](const FileUser& writer, const FileUser& reader) {
    if (!is_edge_by_file(compiled_.tasks[writer.task], task)) return;
    reads_files = true;
    if (compiled_.tasks[writer.task].prospect.may_skip)
      need_through_gate(reader.element.value(), writer.element.value());
    else
      own[reader.element.value()].push_back(writer.element.value());
  });
  const auto first = static_cast<std::uint32_t>(growth.elements.size());
  const auto first_task = graph.num_tasks() + static_cast<std::uint32_t>(growth.tasks.size());
  bind_beside_what_is_bound(graph, data.tasks);
  for (graph::Task& one : data.tasks) growth.tasks.push_back(std::move(one));
  for (std::uint32_t i = 0; i < task.num_elements; ++i) {
    std::vector<std::uint32_t> needs = common;
    needs.insert(needs.end(), own[i].begin(), own[i].end());
    std::ranges::sort(needs);
    needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
    growth.elements.push_back({TaskId(first_task + data.task_of[i]), std::string(data.ids[i]),
                               std::string(data.texts[i]), data.estimate_s.empty() ? 0 : data.estimate_s[i],
                               std::move(needs)});
  }
  for (const std::uint32_t successor : graph.successors(expansion)) {
    const graph::TaskKind kind = graph.task_of(ElementId(successor)).kind;
    if (graph::is_gate(kind) && kind != graph::TaskKind::any_gate)
      growth.closings.push_back({ElementId(successor), first, static_cast<std::uint32_t>(growth.elements.size())});
  }
  if (reads_files && !graph.find_flaw(expansion, growth).empty())
    throw ExpressionError{
        "E201",
        fmt::format("cycle: elements of '{}' read files of others that wait for them", task.node->name),
        {},
        0,
        task.node->at,
        false};
  return growth;
}

std::optional<std::string> RunTime::late_text(ElementId element, Diagnostics& said) {
  const CompiledTask& task = compiled_.tasks[outcomes_.task_of(element)];
  graph::GraphBuilder builder;
  FileLinks links;
  ElementMaker maker(compiled_.symbols, compiled_.tasks, lists_, builder, links, said);
  return maker.decided_text(task, outcomes_.index_of(element), knowledge_.graph().task_of(element));
}

std::variant<std::string, RunTime::Refusal> RunTime::decide(ElementId element) {
  outcomes_.look();
  const CompiledTask& task = compiled_.tasks[outcomes_.task_of(element)];
  const std::uint64_t index = outcomes_.index_of(element);
  Diagnostics said(workflow_.file);
  try {
    const bool is_one_of_several = task.failing.size() > 1;
    if (task.is_handler() && !outcomes_.failed_element(task.failing[is_one_of_several ? index : 0]).is_valid())
      return Refusal{false, "no failure"};
    if (const CompiledCondition* when = first_false(task, index))
      return Refusal{false, fmt::format("{} is false", without_marker(when->source->raw))};
    if (!task.prospect.is_late) return std::string();
    auto packed = late_text(element, said);
    if (!packed) return wrong(said);
    if (std::ranges::find(task.prospect.late_outputs, true) != task.prospect.late_outputs.end()) {
      const graph::ElementText text = graph::unpack(knowledge_.graph().task_of(element), *packed);
      if (const auto clash = written_files().clash_of(element, task.number, text))
        return wrong(second_writer(*clash, task, knowledge_.graph().id(element)));
      written_files().add(element, task.number, text);
    }
    return *std::move(packed);
  } catch (const ExpressionError& error) {
    return wrong(error);
  }
}

const CompiledCondition* RunTime::first_false(const CompiledTask& task, std::uint64_t index) {
  ElementNames names(compiled_.symbols, task, lists_);
  names.set_element(index);
  for (const CompiledCondition& when : task.when)
    if (!is_true(when.text.value(names), when.source->at)) return &when;
  return nullptr;
}

}  // namespace fugle::workflow
