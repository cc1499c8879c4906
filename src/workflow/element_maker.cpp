#include "workflow/element_maker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "workflow/images.hpp"
#include "workflow/paths.hpp"
#include "workflow/scalar.hpp"
#include "workflow/sharing_reader.hpp"

namespace fugle::workflow {
namespace {

constexpr double kAny = std::numeric_limits<double>::infinity();
constexpr std::string_view kLineVariable = "FUGLE_LINE";
constexpr std::string_view kItemVariable = "FUGLE_ITEM";
constexpr std::string_view kFailureVariables[] = {"FUGLE_FAILED_TASK", "FUGLE_FAILED_CLASS", "FUGLE_FAILED_EXIT"};

/// Calls `visit` with each path of an input.
template <class Visit>
void for_each_path(const Value& input, Visit visit) {
  if (const List* list = std::get_if<List>(&input.data)) {
    for (const Value& path : *list) visit(std::get<std::string>(path.data));
  } else {
    visit(std::get<std::string>(input.data));
  }
}

bool has_own_directories(const CompiledTask& task) {
  return task.node->has_own_workdir || (task.workdir && task.workdir->varies);
}

/// Of an input that is known only when the needs of an element are met.
bool is_late_list(const CompiledTask& task, std::uint32_t number) {
  const Input& input = task.node->inputs[number];
  return input.is_list || task.inputs[number].gives_list;
}

std::string joined_absolute(const Value& input, const std::string& directory) {
  std::string out;
  for_each_path(input, [&](const std::string& path) {
    if (!out.empty()) out += '\n';
    out += absolute_path(path, directory);
  });
  return out;
}

/// What is written out has been looked at by the reader.
bool check_tokens(const TaskNode& node, const Settings& settings, const Symbols& symbols, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < settings.tokens.size(); ++i) {
    const PoolKey& use = node.sharing->pools[i];
    const auto pool = std::ranges::find(symbols.limits.pools, use.name, &std::pair<std::string, std::uint32_t>::first);
    if (pool == symbols.limits.pools.end() || settings.tokens[i] <= pool->second) continue;
    // While checking, params that are not given have stand-ins.
    if (!symbols.check_only)
      diagnostics.error("E303", use.at, too_many_tokens(node.name, settings.tokens[i], use.name, pool->second));
    return symbols.check_only;
  }
  return true;
}

}  // namespace

void ElementMaker::add_elements_of(const CompiledTask& task) {
  if (task.is_broken || task.is_group()) return;
  try {
    if (task.prospect.is_open)
      add_expansion(task);
    else
      add_all(task);
  } catch (const ExpressionError& error) {
    report(error, diagnostics_);
  }
}

void ElementMaker::add_new_elements_of(const CompiledTask& task) {
  try {
    add_all(task);
  } catch (const ExpressionError& error) {
    report(error, diagnostics_);
  }
}

/// One element that waits for what all of them need.
void ElementMaker::add_expansion(const CompiledTask& task) {
  const TaskNode& node = *task.node;
  graph::Task stand_in;
  stand_in.name = node.name;
  stand_in.description = node.description;
  stand_in.kind = graph::TaskKind::expansion;
  stand_in.expands = task.number;
  stand_in.runs_finally = node.runs_finally || task.runs_last;
  stand_in.request.cores = 0;
  stand_in.on_failure = node.on_failure.value;
  stand_in.priority = static_cast<std::int32_t>(node.priority.value);
  stand_in.tags = node.tags;
  stand_in.workdir = symbols_.directory_of(*task.node);
  builder_.add_element(builder_.add_task(std::move(stand_in)), node.name, {});
}

std::optional<std::string> ElementMaker::decided_text(const CompiledTask& task, std::uint64_t index,
                                                      const graph::Task& common) {
  ElementNames names(symbols_, task, lists_);
  names.set_element(index);
  const auto settings = task.settings.settings(*task.node, names, diagnostics_);
  if (!settings) return std::nullopt;
  names.set_settings(*settings);
  graph::ElementText text;
  fill(task, names, index, text);
  std::string packed;
  graph::pack(common, text, packed);
  return packed;
}

void ElementMaker::add_all(const CompiledTask& task) {
  const TaskNode& node = *task.node;
  ElementNames names(symbols_, task, lists_);
  Groups groups;
  std::optional<graph::Task> common;
  std::optional<Settings> settings;
  graph::ElementText text;
  TaskId group;
  for (std::uint64_t index = 0; index < task.num_elements; ++index) {
    names.set_element(index);
    if (!settings || !task.settings.is_literal()) {
      settings = task.settings.settings(node, names, diagnostics_);
      if (!settings) return;
      check_near(node, *settings);
      if (!check_tokens(node, *settings, symbols_, diagnostics_)) return;
      names.set_settings(*settings);
      if (!common) common = common_part(task, names);
      const auto [place, is_new] = groups.try_emplace(*settings);
      if (is_new) {
        graph::Task grouped = *common;
        apply(*settings, symbols_.directory_of(*task.node), grouped);
        place->second = builder_.add_task(std::move(grouped));
        warn_of_shared_crashes(node, *settings);
      }
      group = place->second;
    }
    const auto estimate = task.settings.estimate(node, names, diagnostics_);
    if (!estimate) return;
    if (task.prospect.is_late)
      fill_stand_ins(task, names, index, text);
    else
      fill(task, names, index, text);
    const bool has_own_estimate = node.estimate.expression.has_value();
    const ElementId element = builder_.add_element(group, names.id(), text, has_own_estimate ? *estimate : Duration{0});
    link_files(task, names, element);
  }
}

void ElementMaker::check_near(const TaskNode& node, const Settings& settings) const {
  if (settings.place != graph::Place::near) return;
  try {
    if (tasks_[find_task(symbols_, settings.near)].is_group())
      throw ExpressionError{"E202",
                            fmt::format("'{}' uses a file, and is in no place; name a task with run", settings.near)};
  } catch (ExpressionError& error) {
    error.at = node.place.at;
    error.is_doubtful = symbols_.check_only && node.place.expression;
    throw;
  }
}

graph::Task ElementMaker::common_part(const CompiledTask& task, const ElementNames& names) const {
  const TaskNode& node = *task.node;
  graph::Task common;
  common.name = node.name;
  common.description = node.description;
  common.runs_finally = node.runs_finally || task.runs_last;
  common.has_when = !task.when.empty() || task.is_handler();
  common.is_late = task.prospect.is_late;
  if (node.is_function()) common.kind = graph::TaskKind::function;
  if (node.service) common.service = {true, Duration{0}, node.service->stop_signal};
  for (const MetricNode& metric : node.metrics) common.metrics.push_back(metric.metric);
  common.has_cleanup = task.cleanup.has_value();
  common.has_setup = task.setup.has_value();
  common.ok_exit_codes = node.ok_exit_codes;
  if (node.restart) common.restart = {true, node.restart->signal, Duration{0}};
  common.has_scratch = task.uses_scratch || symbols_.workflow->scratch.has_value();
  common.scratch_root = symbols_.scratch;
  common.retries = node.retries.when;
  common.estimate = node.estimate.expression ? Duration{0} : node.estimate.value;
  if (node.script || !node.lines.empty()) common.shell = node.shell;
  if (!has_own_directories(task)) common.workdir = names.workdir();
  for (const MatrixVar& variable : node.matrix) common.matrix_names.push_back(variable.name);
  for (std::uint32_t i = 0; i < node.inputs.size(); ++i) {
    common.input_names.push_back(node.inputs[i].name);
    common.input_is_list.push_back(task.prospect.late_inputs[i] ? is_late_list(task, i)
                                                                : std::holds_alternative<List>(names.input(i).data));
  }
  for (const Output& output : node.outputs) common.output_names.push_back(output.name);
  if (std::ranges::any_of(node.outputs, [](const Output& o) { return o.kind != graph::OutputKind::file; }))
    for (const Output& output : node.outputs) common.output_kinds.push_back(output.kind);
  common.tags = node.tags;
  for (const SecretKey& secret : node.secrets) common.secrets.push_back(secret.name);
  if (node.sharing)
    for (const PoolKey& use : node.sharing->pools) common.pools.push_back({use.name, 1, false});
  set_env(task, names, common);
  return common;
}

void ElementMaker::set_env(const CompiledTask& task, const ElementNames& names, graph::Task& common) const {
  common.env = symbols_.files[task.node->file].task_env;
  if (task.foreach) common.env_names.emplace_back(kItemVariable);
  if (task.is_handler())
    for (const std::string_view name : kFailureVariables) common.env_names.emplace_back(name);
  const auto forget = [&](std::string_view name) {
    std::erase_if(common.env, [&](const auto& variable) { return variable.first == name; });
  };
  for (const auto& [name, value] : task.env) {
    forget(name);
    if (value.varies) {
      common.env_names.push_back(name);
      continue;
    }
    std::string text;
    value.text.append_slotted(names, TextTemplate::Use::word, text);
    common.env.emplace_back(name, std::move(text));
  }
  if (!task.node->lines.empty()) common.env_names.emplace_back(kLineVariable);
}

void ElementMaker::fill(const CompiledTask& task, const ElementNames& names, std::uint64_t index,
                        graph::ElementText& text) const {
  text.matrix.resize(task.matrix.size());
  for (std::size_t v = 0; v < task.matrix.size(); ++v) text.matrix[v] = names.matrix_text(v);
  text.inputs.resize(task.inputs.size());
  for (std::uint32_t i = 0; i < task.inputs.size(); ++i)
    text.inputs[i] = joined_absolute(names.input(i), symbols_.directory_of(*task.node));
  text.outputs.resize(task.outputs.size());
  for (std::uint32_t i = 0; i < task.outputs.size(); ++i) text.outputs[i] = names.output_path(i);
  text.workdir.clear();
  if (has_own_directories(task)) text.workdir = names.workdir();

  text.cleanup.clear();
  if (task.cleanup) task.cleanup->append_slotted(names, TextTemplate::Use::shell, text.cleanup);
  fill_surroundings(task, names, text);
  fill_restart(task, names, text);
  fill_service(task, names, text);
  fill_references(task, names, text);
  if (task.node->is_function()) fill_function(task, names, index, text);
  text.env.clear();
  if (task.foreach) text.env.push_back(graph::escape_slots(task.foreach->items.texts[index]));
  if (task.is_handler()) fill_failure(task, index, text);
  for (const auto& [name, value] : task.env)
    if (value.varies) value.text.append_slotted(names, TextTemplate::Use::word, text.env.emplace_back());
  if (!task.node->lines.empty()) {
    const Line& line = task.node->lines[index];
    text.env.push_back(fmt::format("{}", line.number));
    text.command = {graph::escape_slots(line.text)};
    return;
  }
  fill_command(task, names, task.command, text.command);
}

/// Until its needs are met: what is known already, and its commands as they are written.
void ElementMaker::fill_stand_ins(const CompiledTask& task, const ElementNames& names, std::uint64_t index,
                                  graph::ElementText& text) const {
  const TaskNode& node = *task.node;
  const auto written = [](const Text& one) { return graph::escape_slots(one.raw); };
  text = {};
  for (std::size_t v = 0; v < task.matrix.size(); ++v) text.matrix.push_back(names.matrix_text(v));
  for (std::uint32_t i = 0; i < task.inputs.size(); ++i)
    text.inputs.push_back(
        task.prospect.late_inputs[i] ? "" : joined_absolute(names.input(i), symbols_.directory_of(*task.node)));
  for (std::uint32_t i = 0; i < task.outputs.size(); ++i)
    text.outputs.push_back(task.prospect.late_outputs[i] ? "" : names.output_path(i));
  if (task.foreach) text.env.push_back(graph::escape_slots(task.foreach->items.texts[index]));
  if (task.is_handler()) fill_failure(task, index, text);
  for (const auto& [name, value] : task.env)
    if (value.varies) text.env.emplace_back();
  if (node.script) text.command.push_back(written(*node.script));
  for (const Text& word : node.argv) text.command.push_back(written(word));
  text.references.resize(task.references_of_metrics.size());
  if (node.is_function()) text.arguments = "{}";
}

/// What a handler is told of the failure.
void ElementMaker::fill_failure(const CompiledTask& task, std::uint64_t index, graph::ElementText& text) const {
  const std::uint32_t failing = task.failing[task.failing.size() == 1 ? 0 : index];
  const Outcomes* outcomes = lists_.outcomes();
  const ElementId failed = outcomes == nullptr ? ElementId() : outcomes->failed_element(failing);
  text.env.push_back(tasks_[failing].node->name);
  text.env.emplace_back(failed.is_valid() ? outcomes->knowledge().failure_class(failed) : "");
  const auto code = failed.is_valid() ? outcomes->knowledge().exit_code(failed) : std::nullopt;
  text.env.push_back(code ? std::to_string(*code) : "");
}

std::uint64_t ElementMaker::first_of(const CompiledTask& task) const {
  return lists_.outcomes() == nullptr ? first_element_[task.number]
                                      : lists_.outcomes()->element(task.number, 0).value();
}

std::uint64_t ElementMaker::count_of(const CompiledTask& task) const {
  return lists_.outcomes() == nullptr ? task.num_elements : lists_.outcomes()->num_elements(task.number);
}

void ElementMaker::fill_command(const CompiledTask& task, const ElementNames& names,
                                const std::vector<TextTemplate>& from, std::vector<std::string>& into) {
  const auto use = task.node->script ? TextTemplate::Use::shell : TextTemplate::Use::word;
  into.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    into[i].clear();
    from[i].append_slotted(names, use, into[i]);
  }
}

void ElementMaker::fill_surroundings(const CompiledTask& task, const ElementNames& names,
                                     graph::ElementText& text) const {
  text.setup.clear();
  if (task.setup) task.setup->append_slotted(names, TextTemplate::Use::shell, text.setup);
  text.image = task.image ? image_at(task.image->text(names), symbols_.directory_of(*task.node)) : std::string();
  text.log = task.log ? absolute_path(task.log->text(names), symbols_.directory_of(*task.node)) : std::string();
}

void ElementMaker::fill_restart(const CompiledTask& task, const ElementNames& names, graph::ElementText& text) {
  text.restart_files.clear();
  for (const TextTemplate& file : task.restart_files) text.restart_files.push_back(file.text(names));
  fill_command(task, names, task.restart_command, text.restart_command);
}

void ElementMaker::fill_service(const CompiledTask& task, const ElementNames& names, graph::ElementText& text) {
  text.ready_command.clear();
  text.stop_command.clear();
  if (task.ready_command) task.ready_command->append_slotted(names, TextTemplate::Use::shell, text.ready_command);
  if (task.stop_command) task.stop_command->append_slotted(names, TextTemplate::Use::shell, text.stop_command);
}

/// Throws E104 for what is no number.
void ElementMaker::fill_references(const CompiledTask& task, const ElementNames& names, graph::ElementText& text) {
  text.references.clear();
  for (const MetricNode& metric : task.node->metrics) {
    if (!metric.reference) continue;
    const TextTemplate& expression = task.references_of_metrics[text.references.size()];
    const std::string value = expression.text(names);
    Diagnostics said("");
    if (!parse_number({"reference", -kAny, kAny}, value, metric.reference->at, said)) {
      const bool is_doubtful = expression.any_name([&](const Name& name) { return names.is_doubtful(name); });
      throw ExpressionError{said.all().front().code, said.all().front().text, {}, 0, metric.reference->at, is_doubtful};
    }
    text.references.push_back(value);
  }
}

void ElementMaker::fill_function(const CompiledTask& task, const ElementNames& names, std::uint64_t index,
                                 graph::ElementText& text) const {
  text.arguments = task.arguments ? task.arguments->json(names) : "{}";
  text.results_of.clear();
  for (std::size_t i = 0; i < task.needs.size(); ++i) {
    const CompiledTask& above = tasks_[task.needs[i]];
    if (!above.node->is_function()) continue;
    const std::uint64_t first = first_of(above);
    if (!task.matches[i].empty())
      text.results_of.push_back(std::to_string(first + task.matches[i][index]));
    else
      for (std::uint64_t e = 0; e < count_of(above); ++e) text.results_of.push_back(std::to_string(first + e));
  }
}

void ElementMaker::warn_of_shared_crashes(const TaskNode& node, const Settings& settings) const {
  if (!node.is_function() || settings.isolate || node.isolate.at.line > 0) return;
  diagnostics_.warning(
      "W06", node.plugin.at,
      fmt::format("a crash of plugin '{}' ends the whole run; write isolate: false to accept", settings.function));
}

void ElementMaker::link_files(const CompiledTask& task, const ElementNames& names, ElementId element) {
  for (std::uint32_t i = 0; i < task.inputs.size(); ++i) {
    if (task.inputs[i].is_plain_reference || task.prospect.late_inputs[i]) continue;
    for_each_path(names.input(i), [&](const std::string& path) {
      links_.add_reader(absolute_path(path, symbols_.directory_of(*task.node)), {element, task.number, i});
    });
  }
  for (std::uint32_t i = 0; i < task.outputs.size(); ++i) {
    if (task.node->outputs[i].kind != graph::OutputKind::file || task.prospect.late_outputs[i]) continue;
    const FileUser writer{element, task.number, i};
    if (const auto first = links_.add_writer(names.output_path(i), writer))
      report_second_writer(task, names, *first, writer);
  }
}

void ElementMaker::report_second_writer(const CompiledTask& task, const ElementNames& names, FileUser first,
                                        FileUser second) {
  if (names.is_doubtful({NameKind::output, second.port, 0, {}})) return;
  const TaskNode& first_task = *tasks_[first.task].node;
  const Position second_at = task.node->outputs[second.port].path.at;
  const bool same_task = first.task == second.task && first.element != second.element;
  const auto name = [&](ElementId element, const TaskNode& node) {
    return same_task ? std::string(builder_.id(element)) : node.name;
  };
  throw ExpressionError{
      "E203",
      fmt::format("'{}' is written by '{}' and by '{}' ({})", to_text(names.output_as_written(second.port)),
                  name(first.element, first_task), name(second.element, *task.node),
                  diagnostics_.in_words(second_at, first_task.outputs[first.port].path.at)),
      {},
      0,
      first_task.outputs[first.port].path.at,
      false};
}

}  // namespace fugle::workflow
