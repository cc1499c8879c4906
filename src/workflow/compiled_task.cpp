#include "workflow/compiled_task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workflow/matrix.hpp"

namespace fugle::workflow {
namespace {

class TaskCompiler {
 public:
  TaskCompiler(const Symbols& symbols, const Names& names, const TaskNode& node, CompiledTask& task,
               Diagnostics& diagnostics)
      : symbols_(symbols), names_(names), node_(node), task_(task), diagnostics_(diagnostics) {}

  void compile() {
    if (auto matrix = compile_matrix(node_, symbols_, names_, diagnostics_))
      task_.matrix = std::move(*matrix);
    else
      task_.is_broken = true;
    if (!task_.is_broken) count_elements();
    if (auto settings = SettingsTemplate::compile(node_, symbols_, diagnostics_))
      task_.settings = std::move(*settings);
    else
      task_.is_broken = true;
    task_.settings.for_each_name([&](const Name& name, Position at) { note_reference(name, at); });
    if (node_.workdir) task_.workdir = text(*node_.workdir, {"workdir", Stage::element, false});
    for (const Input& input : node_.inputs) task_.inputs.push_back(compile_input(input));
    for (const Output& output : node_.outputs) task_.outputs.push_back(compile_output(output));
    for (const EnvVar& variable : node_.env)
      task_.env.emplace_back(variable.name, text(variable.value, {"env", Stage::attempt, true}));
    if (node_.script) task_.command.push_back(text(*node_.script, shell_place("run")).text);
    for (const Text& word : node_.argv) task_.command.push_back(text(word, shell_place("run")).text);
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
  }

 private:
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

  void compile_arguments() {
    const auto compile = [&](const Text& one) -> std::optional<TextTemplate> {
      CompiledText compiled = text(one, {"with", Stage::element, true});
      if (task_.is_broken) return std::nullopt;
      return std::move(compiled.text);
    };
    task_.arguments = ArgumentsTemplate::compile(*node_.with, compile);
  }

  void compile_service(const ServiceKeys& service) {
    task_.ready_command = text(*service.ready, {"service.ready", Stage::attempt, true, true}).text;
    if (service.stop) task_.stop_command = text(*service.stop, {"service.stop", Stage::attempt, true, true}).text;
  }

  void count_elements() {
    task_.num_elements = std::max<std::uint64_t>(node_.lines.size(), 1);
    for (const CompiledVariable& variable : task_.matrix)
      if (__builtin_mul_overflow(task_.num_elements, variable.values.size(), &task_.num_elements))
        task_.num_elements = ~std::uint64_t{0};
    if (task_.num_elements <= kMaxElements) return;
    diagnostics_.error("E206", node_.at,
                       fmt::format("'{}' expands to {} elements, this version takes {}", node_.name, task_.num_elements,
                                   kMaxElements));
    task_.is_broken = true;
  }

  [[nodiscard]] bool names_scratch_variable() const {
    const auto names_it = [](std::string_view text) { return text.find("FUGLE_SCRATCH") != std::string_view::npos; };
    const auto text_names_it = [&](const Text& text) { return names_it(text.raw); };
    if (node_.restart && node_.restart->script && text_names_it(*node_.restart->script)) return true;
    if (node_.service && ((node_.service->ready && text_names_it(*node_.service->ready)) ||
                          (node_.service->stop && text_names_it(*node_.service->stop))))
      return true;
    return (node_.script && text_names_it(*node_.script)) || (node_.cleanup && text_names_it(*node_.cleanup)) ||
           std::any_of(node_.argv.begin(), node_.argv.end(), text_names_it) ||
           std::any_of(node_.shell.begin(), node_.shell.end(), names_it) ||
           std::any_of(node_.env.begin(), node_.env.end(), [&](const EnvVar& v) { return text_names_it(v.value); }) ||
           std::any_of(node_.lines.begin(), node_.lines.end(), [&](const Line& line) { return names_it(line.text); });
  }

  /// What is known of a name when a text of the task holds it.
  void note_reference(const Name& name, Position at) {
    if (name.kind == NameKind::scratch) task_.uses_scratch = true;
    if (name.kind != NameKind::task_output) return;
    // `finally` waits for all others anyway, and runs whether or not they made their outputs.
    if (node_.runs_finally && !symbols_.workflow->tasks[name.item].runs_finally) return;
    const bool is_known = std::any_of(task_.references.begin(), task_.references.end(),
                                      [&](const Reference& reference) { return reference.task == name.item; });
    if (!is_known) task_.references.push_back({name.item, at});
  }

  bool varies(const Name& name) const {
    if (name.kind == NameKind::input) return task_.inputs[name.item].varies;
    if (is_resource(name.kind)) return !task_.settings.is_literal();
    return name.kind == NameKind::matrix || name.kind == NameKind::index;
  }

  CompiledText text(const Text& source, Place place) {
    const PlaceScope scope(symbols_, &node_, place);
    auto compiled = TextTemplate::compile(source, scope, diagnostics_);
    if (!compiled) {
      task_.is_broken = true;
      return {};
    }
    compiled->for_each_name([&](const Name& name, Position at) { note_reference(name, at); });
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
    if (compiled.varies || (output.kind != graph::OutputKind::file && is_elsewhere) || task_.num_elements == 1 || task_.is_broken) return compiled;
    const auto variable = std::find_if(task_.matrix.begin(), task_.matrix.end(),
                                       [](const CompiledVariable& v) { return v.values.size() > 1; });
    diagnostics_.error("E209", output.path.at,
                       fmt::format("all elements of {} write the same path; add ${{{{ matrix.{} }}}}", node_.name,
                                   node_.matrix[static_cast<std::size_t>(variable - task_.matrix.begin())].name));
    task_.is_broken = true;
    return compiled;
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

CompiledTask compile_task(const Symbols& symbols, const Names& names, std::uint32_t number, Diagnostics& diagnostics) {
  CompiledTask task;
  task.node = &symbols.workflow->tasks[number];
  task.number = number;
  TaskCompiler(symbols, names, *task.node, task, diagnostics).compile();
  return task;
}

}  // namespace fugle::workflow
