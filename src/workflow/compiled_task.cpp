#include "workflow/compiled_task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/foreach.hpp"
#include "workflow/matrix.hpp"

namespace fugle::workflow {
namespace {

class TaskCompiler {
 public:
  TaskCompiler(const Symbols& symbols, const Names& names, const TaskNode& node, CompiledTask& task,
               Diagnostics& diagnostics)
      : symbols_(symbols), names_(names), node_(node), task_(task), diagnostics_(diagnostics) {}

  void compile() {
    task_.groups = groups_of(task_.number);
    compile_elements();
    if (!task_.is_broken) count_elements();
    if (node_.uses) return;
    if (auto settings = SettingsTemplate::compile(node_, symbols_, diagnostics_))
      task_.settings = std::move(*settings);
    else
      task_.is_broken = true;
    task_.settings.for_each_name([&](const Name& name, Position at) { note_reference(name, at, false); });
    if (node_.workdir) task_.workdir = text(*node_.workdir, {"workdir", Stage::element, false});
    for (const Input& input : node_.inputs) task_.inputs.push_back(compile_input(input));
    for (const Output& output : node_.outputs) task_.outputs.push_back(compile_output(output));
    for (const EnvVar& variable : node_.env)
      task_.env.emplace_back(variable.name, text(variable.value, {"env", Stage::attempt, true}));
    compile_late_params();
    if (node_.script) task_.command.push_back(text(*node_.script, shell_place("run")).text);
    for (const Text& word : node_.argv) task_.command.push_back(text(word, shell_place("run")).text);
    compile_surroundings();
    if (node_.cleanup) task_.cleanup = text(*node_.cleanup, {"cleanup", Stage::attempt, true, true}).text;
    if (node_.restart) compile_restart(*node_.restart);
    if (node_.with && node_.is_function()) compile_arguments();
    if (node_.service) compile_service(*node_.service);
    for (const MetricNode& metric : node_.metrics)
      if (metric.reference)
        task_.references_of_metrics.push_back(
            text(*metric.reference, {"metrics.reference", Stage::element, false}).text);
    task_.uses_scratch = task_.uses_scratch || names_scratch_variable();
    for (const Need& need : node_.needs) compile_need(need);
    compile_conditions(node_.file);
    if (node_.when && !task_.is_broken) compile_when(*node_.when);
  }

 private:
  /// FUGLE_PARAM_* with what other tasks give.
  void compile_late_params() {
    for (const EnvVar& variable : symbols_.files[node_.file].late_env) {
      if (std::ranges::find(node_.env, variable.name, &EnvVar::name) != node_.env.end()) continue;
      Text value = variable.value;
      // It runs also when there is no such value.
      if (node_.runs_finally)
        value.raw = fmt::format("${{{{ default({}, '') }}}}", value.raw.substr(4, value.raw.size() - 7));
      task_.env.emplace_back(variable.name, text(value, {"env", Stage::element, false}));
    }
  }

  /// Those of the tasks that use the file and the files above, outermost first. What is wrong with them is said once,
  /// by compile_used_files().
  void compile_conditions(std::uint32_t file) {
    if (file == 0 || (node_.runs_finally && !user_of(file).runs_finally)) return;
    const UsedFile& used = used_file(*symbols_.workflow, file);
    compile_conditions(used.above);
    const TaskNode& user = user_of(file);
    if (!user.when) return;
    const PlaceScope scope(symbols_, user, used, {"when", Stage::element, false});
    Diagnostics unheard(diagnostics_.file());
    auto compiled = TextTemplate::compile(*user.when, scope, unheard);
    if (!compiled) {
      task_.is_broken = true;
      return;
    }
    compiled->for_each_use([&](const Name& name, Position at, bool is_soft) { note_reference(name, at, is_soft); });
    task_.when.push_back({*std::move(compiled), &*user.when});
  }

  [[nodiscard]] const TaskNode& user_of(std::uint32_t file) const {
    return symbols_.workflow->tasks[used_file(*symbols_.workflow, file).task];
  }

  void compile_elements() {
    if (node_.foreach && node_.foreach->text && names_task(*node_.foreach->text)) {
      task_.list_of_items = text(*node_.foreach->text, {"foreach", Stage::element, false}).text;
      return;
    }
    if (node_.foreach) {
      task_.foreach = compile_foreach(node_, symbols_, names_, diagnostics_);
      task_.is_broken = !task_.foreach;
      return;
    }
    if (auto matrix = compile_matrix(node_, symbols_, names_, diagnostics_)) {
      task_.matrix = std::move(matrix->variables);
      task_.points = std::move(matrix->points);
    } else {
      task_.is_broken = true;
    }
  }

  /// Then what it gives is known only while the run goes on.
  [[nodiscard]] bool names_task(const Text& text) const {
    bool found = false;
    Diagnostics unheard(diagnostics_.file());
    const PlaceScope scope(symbols_, &node_, {"foreach", Stage::element, false});
    if (const auto compiled = TextTemplate::compile(text, scope, unheard))
      compiled->for_each_name([&](const Name& name, Position) { found = found || is_of_task(name.kind); });
    return found;
  }

  /// A list of words is seen by no shell.
  [[nodiscard]] Place shell_place(std::string_view key) const {
    return {key, Stage::attempt, true, node_.script.has_value()};
  }

  void compile_restart(const Restart& restart) {
    for (const Text& file : restart.files)
      task_.restart_files.push_back(text(file, {"restart.files", Stage::element, true}).text);
    const Place place = shell_place("restart.run");
    if (restart.script) task_.restart_command.push_back(text(*restart.script, place).text);
    for (const Text& word : restart.argv) task_.restart_command.push_back(text(word, place).text);
  }

  void compile_surroundings() {
    if (node_.setup) task_.setup = text(*node_.setup, {"setup", Stage::attempt, true, true}).text;
    if (node_.container && node_.container->image)
      task_.image = text(*node_.container->image, {"container", Stage::element, true}).text;
    if (!node_.log) return;
    CompiledText log = text(*node_.log, {"log", Stage::element, true});
    const std::string& raw = node_.log->raw;
    const bool is_path = raw != "merged" && raw != "split" && raw != "none";
    if (is_path && !log.varies && task_.num_elements > 1 && !task_.is_broken)
      diagnostics_.error("E209", node_.log->at,
                         fmt::format("all elements of {} write the same log; add ${{{{ index }}}}", node_.name));
    task_.log = std::move(log.text);
  }

  void compile_arguments() {
    const auto compile = [&](const Text& one) -> std::optional<TextTemplate> {
      CompiledText compiled = text(one, {"with", Stage::element, true});
      if (task_.is_broken) return std::nullopt;
      return std::move(compiled.text);
    };
    task_.arguments = ArgumentsTemplate::compile(*node_.with, compile);
  }

  /// A constant that is no bool is told at once, and W02.
  void compile_when(const Text& condition) {
    CompiledText compiled = text(condition, {"when", Stage::element, true});
    if (task_.is_broken) return;
    bool is_constant = true;
    compiled.text.for_each_name([&](const Name&, Position) { is_constant = false; });
    if (is_constant && !compiled.text.asks_files()) check_constant_when(compiled.text);
    task_.when.push_back({std::move(compiled.text), &condition});
  }

  void check_constant_when(const TextTemplate& condition) {
    try {
      if (!is_true(condition.value(names_), node_.when->at))
        diagnostics_.warning("W02", node_.when->at, fmt::format("'when' of '{}' is always false", node_.name));
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
      task_.is_broken = true;
    }
  }

  void compile_service(const ServiceKeys& service) {
    task_.ready_command = text(*service.ready, {"service.ready", Stage::attempt, true, true}).text;
    if (service.stop) task_.stop_command = text(*service.stop, {"service.stop", Stage::attempt, true, true}).text;
  }

  void count_elements() {
    task_.num_elements = std::max<std::uint64_t>(node_.lines.size(), 1);
    if (task_.foreach) task_.num_elements = task_.foreach->items.values.size();
    if (!task_.points.empty())
      task_.num_elements = task_.points.size() / task_.matrix.size();
    else
      for (const CompiledVariable& variable : task_.matrix)
        if (__builtin_mul_overflow(task_.num_elements, variable.values.size(), &task_.num_elements))
          task_.num_elements = ~std::uint64_t{0};
    refuse_too_many();
  }

  void refuse_too_many() {
    const bool has_limit = symbols_.workflow->limits.max_expand.at.line > 0 && node_.lines.empty();
    const std::uint64_t most = has_limit ? symbols_.max_expand : kMaxElements;
    if (task_.num_elements <= most) return;
    diagnostics_.error("E206", node_.at,
                       has_limit ? fmt::format("'{}' expands to {} elements, limits.max_expand is {}", node_.name,
                                               task_.num_elements, most)
                                 : fmt::format("'{}' expands to {} elements, this version takes {}", node_.name,
                                               task_.num_elements, most));
    task_.is_broken = true;
  }

  [[nodiscard]] bool names_scratch_variable() const {
    const auto names_it = [](std::string_view text) { return text.find("FUGLE_SCRATCH") != std::string_view::npos; };
    const auto text_names_it = [&](const Text& text) { return names_it(text.raw); };
    if (node_.restart && node_.restart->script && text_names_it(*node_.restart->script)) return true;
    if (node_.service && ((node_.service->ready && text_names_it(*node_.service->ready)) ||
                          (node_.service->stop && text_names_it(*node_.service->stop))))
      return true;
    if (node_.setup && text_names_it(*node_.setup)) return true;
    return (node_.script && text_names_it(*node_.script)) || (node_.cleanup && text_names_it(*node_.cleanup)) ||
           std::any_of(node_.argv.begin(), node_.argv.end(), text_names_it) ||
           std::any_of(node_.shell.begin(), node_.shell.end(), names_it) ||
           std::any_of(node_.env.begin(), node_.env.end(), [&](const EnvVar& v) { return text_names_it(v.value); }) ||
           std::any_of(node_.lines.begin(), node_.lines.end(), [&](const Line& line) { return names_it(line.text); });
  }

  /// What is known of a name when a text of the task holds it.
  void note_reference(const Name& name, Position at, bool is_soft) {
    if (name.kind == NameKind::scratch) task_.uses_scratch = true;
    if (!is_of_task(name.kind)) return;
    // `finally` waits for all others anyway, and runs whether or not they made their outputs.
    if (node_.runs_finally && !symbols_.workflow->tasks[name.item].runs_finally) return;
    auto known = std::ranges::find(task_.references, name.item, &Reference::task);
    if (known == task_.references.end())
      known = task_.references.insert(known, {name.item, at, false, false, groups_of(name.item)});
    const bool is_of_output = name.kind == NameKind::task_output || name.kind == NameKind::task_value;
    known->is_of_output = known->is_of_output || is_of_output;
    known->uses = known->uses || (is_of_output && !is_soft);
  }

  [[nodiscard]] std::vector<std::uint32_t> groups_of(std::uint32_t task) const {
    std::vector<std::uint32_t> groups;
    for (std::uint32_t file = symbols_.workflow->tasks[task].file; file != 0;) {
      const UsedFile& used = used_file(*symbols_.workflow, file);
      groups.push_back(used.task);
      file = used.above;
    }
    return groups;
  }

  bool varies(const Name& name) const {
    if (name.kind == NameKind::input) return task_.inputs[name.item].varies;
    if (is_resource(name.kind)) return !task_.settings.is_literal();
    return name.kind == NameKind::matrix || name.kind == NameKind::index || name.kind == NameKind::item ||
           name.kind == NameKind::item_field || name.kind == NameKind::match;
  }

  CompiledText text(const Text& source, Place place) {
    const PlaceScope scope(symbols_, &node_, place);
    auto compiled = TextTemplate::compile(source, scope, diagnostics_);
    if (!compiled) {
      task_.is_broken = true;
      return {};
    }
    compiled->for_each_use([&](const Name& name, Position at, bool is_soft) { note_reference(name, at, is_soft); });
    const bool text_varies = compiled->any_name([&](const Name& name) { return varies(name); });
    return {std::move(*compiled), text_varies};
  }

  CompiledInput compile_input(const Input& input) {
    CompiledInput compiled;
    compiled.is_plain_reference = true;
    for (const Text& path : input.paths) {
      CompiledText one = text(path, {"inputs", Stage::element, false});
      compiled.varies = compiled.varies || one.varies;
      compiled.is_plain_reference = compiled.is_plain_reference && one.text.is_one_name(NameKind::task_output);
      compiled.paths.push_back(std::move(one.text));
    }
    return compiled;
  }

  CompiledText compile_output(const Output& output) {
    if (is_value(output)) return {};
    CompiledText compiled = text(output.path, {"outputs", Stage::element, true});
    const bool is_elsewhere = node_.has_own_workdir && !output.path.raw.starts_with('/');
    if (compiled.varies || (output.kind != graph::OutputKind::file && is_elsewhere) || has_one_element() || task_.is_broken) return compiled;
    diagnostics_.error("E209", output.path.at,
                       fmt::format("all elements of {} write the same path; add ${{{{ {} }}}}", node_.name, varying_name()));
    task_.is_broken = true;
    return compiled;
  }

  /// As far as is known: a list that comes while the run goes on is taken for one of several.
  [[nodiscard]] bool has_one_element() const { return task_.num_elements == 1 && !task_.list_of_items; }

  /// What tells its elements apart.
  [[nodiscard]] std::string varying_name() const {
    if (node_.foreach) return node_.foreach->fields.empty() ? "item" : "item." + node_.foreach->fields.front();
    const auto has_several = [](const CompiledVariable& v) { return v.values.size() > 1; };
    const auto variable = std::find_if(task_.matrix.begin(), task_.matrix.end(), has_several);
    return "matrix." + node_.matrix[static_cast<std::size_t>(variable - task_.matrix.begin())].name;
  }

  void compile_need(const Need& need) {
    try {
      task_.needs.push_back(find_task(symbols_, need.task));
    } catch (ExpressionError& error) {
      error.at = need.at;
      report(error, diagnostics_);
      task_.is_broken = true;
    }
  }

  const Symbols& symbols_;
  const Names& names_;
  const TaskNode& node_;
  CompiledTask& task_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool is_true(const Value& condition, Position at) {
  if (const bool* truth = std::get_if<bool>(&condition.data)) return *truth;
  throw ExpressionError{"E403",
                        fmt::format("'when' must be true or false, got {}{}", type_name(condition),
                                    condition.is_null() ? "" : " " + to_text(condition)),
                        {},
                        0,
                        at,
                        false};
}

std::string joined_id_parts(const std::vector<CompiledVariable>& variables, std::size_t num_listed,
                            const std::uint32_t* digits) {
  std::string values;
  const std::size_t count = num_listed == 0 ? variables.size() : num_listed;
  for (std::size_t v = 0; v < count; ++v) {
    if (v > 0) values += ',';
    if (digits[v] != kNoValue) values += variables[v].id_parts[digits[v]];
  }
  return values;
}

void set_digits(const CompiledTask& task, std::uint64_t element, std::vector<std::uint32_t>& digits) {
  const std::size_t width = task.matrix.size();
  digits.resize(width);
  if (!task.points.empty())
    return (void)std::copy_n(task.points.begin() + static_cast<std::ptrdiff_t>(element * width), width, digits.begin());
  for (std::size_t v = width; v-- > 0;) {
    const std::size_t size = task.matrix[v].values.size();
    digits[v] = static_cast<std::uint32_t>(element % size);
    element /= size;
  }
}

std::string id_values(const CompiledTask& task, std::uint64_t element, const std::vector<std::uint32_t>& digits) {
  if (!task.node->lines.empty()) return std::to_string(task.node->lines[element].number);
  if (task.foreach) return task.foreach->items.id_parts[element];
  const auto num_listed = std::ranges::count(task.node->matrix, false, &MatrixVar::is_field);
  return joined_id_parts(task.matrix, static_cast<std::size_t>(num_listed), digits.data());
}

CompiledTask compile_task(const Symbols& symbols, const Names& names, std::uint32_t number, Diagnostics& diagnostics) {
  CompiledTask task;
  task.node = &symbols.workflow->tasks[number];
  task.number = number;
  TaskCompiler(symbols, names, *task.node, task, diagnostics).compile();
  return task;
}

}  // namespace fugle::workflow
