#include "workflow/symbols.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "workflow/element_names.hpp"
#include "workflow/param.hpp"
#include "workflow/paths.hpp"
#include "workflow/scalar.hpp"
#include "workflow/scope.hpp"
#include "workflow/text_template.hpp"

namespace fugle::workflow {
namespace {

constexpr Position kCommandLine{};

/// What stands for a param without value while checking: of its type, within its limits, safe in a shell.
Value stand_in(const Param& param) {
  if (!param.choices.empty()) return param.choices.front();
  switch (param.type) {
    case ParamType::integer: return static_cast<std::int64_t>(param.min.value_or(param.max.value_or(1)));
    case ParamType::number: return param.min.value_or(param.max.value_or(1));
    case ParamType::boolean: return true;
    case ParamType::list: return List{Value(param.name)};
    case ParamType::string:
    case ParamType::path: break;
  }
  return param.name;
}

[[noreturn]] void refuse_task(std::string_view name, const std::vector<std::string_view>& known) {
  const auto nearest = nearest_word(name, known);
  throw ExpressionError{"E202",
                        nearest ? fmt::format("unknown task '{}'; did you mean '{}'?", name, *nearest)
                                : fmt::format("unknown task '{}'", name),
                        std::string(nearest.value_or(""))};
}

/// What stands at the top of one file: params, `env`, `workdir`.
class FileReader {
 public:
  FileReader(Symbols& symbols, std::uint32_t file, Diagnostics& diagnostics)
      : symbols_(symbols), file_(file), diagnostics_(diagnostics), names_(symbols, file) {}

  /// `given`: on the command line.
  void set_params(const std::map<std::string_view, std::string_view>& given) {
    const std::vector<Param>& params = params_of(*symbols_.workflow, file_);
    symbols_.files[file_].params.resize(params.size());
    for (std::size_t i = 0; i < params.size(); ++i) {
      const Param& param = params[i];
      const auto value = given.find(param.name);
      symbols_.files[file_].params[i] =
          value == given.end() ? default_of(param)
                               : parse_param(param, std::string(value->second), kCommandLine, diagnostics_);
    }
  }

  void set_variable(const EnvVar& variable) {
    auto value = evaluated(variable.value, {"env", Stage::plan, false});
    if (!value) return;
    auto& task_env = symbols_.files[file_].task_env;
    std::erase_if(task_env, [&](const auto& known) { return known.first == variable.name; });
    append_escaped(*value, task_env.emplace_back(variable.name, "").second);
    symbols_.files[file_].env[variable.name] = std::move(*value);
  }

  /// Tasks see the parameters as FUGLE_PARAM_<name> too.
  void tell_params() {
    const std::vector<Param>& params = params_of(*symbols_.workflow, file_);
    FileSymbols& file = symbols_.files[file_];
    for (std::size_t i = 0; i < params.size(); ++i) {
      std::string name = "FUGLE_PARAM_" + params[i].name;
      std::ranges::replace(name, '-', '_');
      if (params[i].given) {
        Text value{fmt::format("${{{{ params.{} }}}}", params[i].name), params[i].given->at, {}};
        file.late_env.push_back({std::move(name), params[i].given->at, std::move(value)});
      } else if (file.params[i] && !file.params[i]->is_null()) {
        append_escaped(to_text(*file.params[i]), file.task_env.emplace_back(std::move(name), "").second);
      }
    }
  }

  void set_directory(const Boxed<Text>& path, const std::string& base) {
    symbols_.files[file_].directory = base;
    const auto value = path ? evaluated(*path, {"workdir", Stage::plan, false}) : std::nullopt;
    if (value) symbols_.files[file_].directory = absolute_path(*value, base);
  }

  std::optional<std::string> evaluated(const Text& text, Place place) {
    const PlaceScope scope(symbols_, file_, place);
    const auto compiled = TextTemplate::compile(text, scope, diagnostics_);
    if (!compiled) return std::nullopt;
    try {
      return compiled->text(names_);
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
      return std::nullopt;
    }
  }

 private:
  std::optional<Value> default_of(const Param& param) {
    if (!param.fallback) {
      // Of a file that is used it was said where it is used.
      if (symbols_.check_only || file_ > 0) return std::nullopt;
      std::string text = fmt::format("param '{}' is required", param.name);
      if (!param.description.empty()) text += ": " + param.description;
      diagnostics_.error("E105", param.at, std::move(text));
      return std::nullopt;
    }
    const auto* text = std::get_if<std::string>(&param.fallback->data);
    if (param.is_literal || text == nullptr || text->find("${{") == std::string::npos) return param.fallback;
    const auto value = evaluated({*text, param.at, {}}, {"params", Stage::load, false});
    if (!value) return std::nullopt;
    return parse_param(param, *value, param.at, diagnostics_);
  }

  Symbols& symbols_;
  std::uint32_t file_;
  Diagnostics& diagnostics_;
  WorkflowNames names_;
};

class SymbolMaker {
 public:
  SymbolMaker(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics)
      : workflow_(workflow),
        options_(options),
        diagnostics_(diagnostics),
        names_(symbols_),
        top_(symbols_, 0, diagnostics) {}

  Symbols make() && {
    symbols_.workflow = &workflow_;
    symbols_.files.emplace_back();
    symbols_.environment = options_.environment;
    symbols_.submit_directory = absolute_path(options_.directory, "/");
    symbols_.files[0].directory = symbols_.submit_directory;
    symbols_.check_only = options_.check_only;
    symbols_.files_asked = options_.check_only ? nullptr : options_.files;
    symbols_.run_id = options_.run_id.empty() ? workflow_.name : options_.run_id;
    symbols_.run_dir = options_.run_dir.empty() ? absolute_path(symbols_.run_id, symbols_.submit_directory + "/.fugle")
                                                : options_.run_dir;
    symbols_.tasks_in.resize(workflow_.used.size() + 1);
    for (std::uint32_t i = 0; i < workflow_.tasks.size(); ++i) {
      symbols_.task_numbers.emplace(workflow_.tasks[i].name, i);
      symbols_.tasks_in[workflow_.tasks[i].file].push_back(i);
    }
    set_params();
    for (const EnvVar& variable : workflow_.env) top_.set_variable(variable);
    top_.tell_params();
    top_.set_directory(workflow_.workdir, symbols_.submit_directory);
    if (workflow_.scratch) set_scratch(*workflow_.scratch);
    set_limits();
    if (workflow_.reserve.at.line > 0) set_reserve();
    set_slurm();
    while (symbols_.files.size() <= workflow_.used.size()) add_used_file(symbols_, diagnostics_);
    return std::move(symbols_);
  }

 private:
  void set_params() {
    std::map<std::string_view, std::string_view> given;
    for (const auto& [name, value] : options_.params) {
      check_is_param(name);
      given[name] = value;
    }
    top_.set_params(given);
  }

  void check_is_param(std::string_view name) {
    std::vector<std::string_view> known;
    for (const Param& param : workflow_.params) known.emplace_back(param.name);
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const auto nearest = nearest_word(name, known);
    std::string text = fmt::format("unknown param '{}'", name);
    if (nearest) text += fmt::format("; did you mean '{}'?", *nearest);
    diagnostics_.error("E103", kCommandLine, std::move(text), std::string(nearest.value_or("")));
  }

  void set_scratch(const Text& text) {
    const auto path = evaluated(text, {"scratch", Stage::plan, false});
    if (!path) return;
    try {
      symbols_.scratch = absolute_path(checked_path(*path, "scratch", text.at), symbols_.files[0].directory);
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
    }
  }

  void set_limits() {
    const auto value = [&](const IntKey& key, const Field<std::int64_t>& field) {
      if (!field.expression) return static_cast<std::uint32_t>(field.value);
      const auto text = evaluated(*field.expression, {key.key, Stage::load, false});
      const auto number = text ? parse_int(key, *text, field.at, diagnostics_) : std::nullopt;
      return static_cast<std::uint32_t>(number.value_or(0));
    };
    symbols_.limits.max_parallel = value(kMaxParallel, workflow_.limits.max_parallel);
    for (const PoolKey& pool : workflow_.pools) {
      const IntKey range{pool.name, 1, kMostTokens};
      symbols_.limits.pools.emplace_back(pool.name, value(range, pool.tokens));
    }
    symbols_.limits.max_failures = value(kMaxFailures, workflow_.limits.max_failures);
    symbols_.max_expand = value(kMaxExpand, workflow_.limits.max_expand);
    symbols_.limits.max_infra_retries = value(kMaxInfraRetries, workflow_.limits.max_infra_retries);
  }

  void set_reserve() {
    const Field<Duration>& reserve = workflow_.reserve;
    symbols_.reserve = reserve.value;
    if (!reserve.expression) return;
    const auto text = evaluated(*reserve.expression, {"reserve", Stage::plan, false});
    symbols_.reserve = text ? parse_duration(*text, reserve.at, diagnostics_) : std::nullopt;
  }

  void set_slurm() {
    const SlurmKeys& keys = workflow_.slurm;
    SlurmRequest& slurm = symbols_.slurm;
    set_word("account", keys.account, slurm.account);
    set_word("partition", keys.partition, slurm.partition);
    set_word("qos", keys.qos, slurm.qos);
    set_word("reservation", keys.reservation, slurm.reservation);
    set_word("constraint", keys.constraint, slurm.constraint);
    set_word("mail_user", keys.mail_user, slurm.mail_user);
    for (const Text& option : keys.extra) set_option(option);
    const auto whole = [](const IntKey& key) {
      return [&key](const std::string& text, Position at, Diagnostics& d) { return parse_int(key, text, at, d); };
    };
    slurm.nodes = static_cast<std::uint32_t>(slurm_value("nodes", keys.nodes, whole(kSlurmNodes)));
    if (keys.gpus_per_node.at.line > 0)
      slurm.gpus_per_node =
          static_cast<std::uint32_t>(slurm_value("gpus_per_node", keys.gpus_per_node, whole(kGpusPerNode)));
    slurm.time = slurm_value("time", keys.time, parse_duration);
    slurm.signal_margin = slurm_value("signal_margin", keys.signal_margin, parse_duration);
    if (keys.exclusive.at.line > 0)
      slurm.exclusive = slurm_value(
          "exclusive", keys.exclusive,
          [](const std::string& text, Position at, Diagnostics& d) { return parse_bool("exclusive", text, at, d); });
    slurm.requeue = slurm_value("requeue", keys.requeue, parse_requeue);
    if (keys.mem.at.line > 0) slurm.mem_bytes = slurm_value("mem", keys.mem, parse_size).bytes;
    slurm.max_requeues =
        static_cast<std::uint32_t>(slurm_value("max_requeues", workflow_.limits.max_requeues, whole(kMaxRequeues)));
  }

  template <class T, class Parse>
  T slurm_value(std::string_view key, const Field<T>& field, Parse parse) {
    if (!field.expression) return field.value;
    const auto text = evaluated(*field.expression, {key, Stage::load, false});
    if (!text || is_doubtful(*field.expression, key)) return field.value;
    return parse(*text, field.at, diagnostics_).value_or(field.value);
  }

  void set_word(std::string_view key, const Boxed<Text>& text, std::string& into) {
    const auto value = text ? evaluated(*text, {key, Stage::load, false}) : std::nullopt;
    if (!value || is_doubtful(*text, key)) return;
    if (!is_slurm_word(*value))
      diagnostics_.error("E112", text->at, fmt::format("'{}' is {}; one word without blanks", key, in_quotes(*value)));
    into = *value;
  }

  void set_option(const Text& text) {
    const auto value = evaluated(text, {"extra", Stage::load, false});
    if (!value || is_doubtful(text, "extra")) return;
    const bool is_option = value->size() > 1 && value->front() == '-' && !has_control_character(*value);
    if (!is_option)
      diagnostics_.error("E112", text.at,
                         fmt::format("'extra' has {}; options of sbatch, e.g. --switches=1", in_quotes(*value)));
    symbols_.slurm.extra.push_back(*value);
  }

  /// Made of a parameter that has no value yet.
  bool is_doubtful(const Text& text, std::string_view key) {
    Diagnostics said_already(workflow_.file);
    const PlaceScope scope(symbols_, nullptr, {key, Stage::load, false});
    const auto compiled = TextTemplate::compile(text, scope, said_already);
    return compiled && compiled->any_name([&](const Name& name) { return names_.is_doubtful(name); });
  }

  std::optional<std::string> evaluated(const Text& text, Place place) { return top_.evaluated(text, place); }

  const Workflow& workflow_;
  const ExpandOptions& options_;
  Diagnostics& diagnostics_;
  Symbols symbols_;
  WorkflowNames names_;
  FileReader top_;
};

}  // namespace

Symbols make_symbols(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  return SymbolMaker(workflow, options, diagnostics).make();
}

void add_used_file(Symbols& symbols, Diagnostics& diagnostics) {
  const auto file = static_cast<std::uint32_t>(symbols.files.size());
  const UsedFile& used = used_file(*symbols.workflow, file);
  symbols.files.emplace_back();
  FileReader reader(symbols, file, diagnostics);
  reader.set_params({});
  // What the file says stands above what is said in the file that it is used in; params are its own.
  for (const auto& [name, value] : symbols.files[used.above].task_env)
    if (!name.starts_with("FUGLE_PARAM_")) symbols.files[file].task_env.emplace_back(name, value);
  for (const EnvVar& variable : used.env) reader.set_variable(variable);
  reader.tell_params();
  reader.set_directory(used.workdir, symbols.files[used.above].directory);
}

std::vector<std::uint32_t> Symbols::tasks_below(std::uint32_t file) const {
  std::vector<std::uint32_t> below;
  for (const std::uint32_t number : tasks_in[file]) {
    const TaskNode& task = workflow->tasks[number];
    const bool is_last = task.runs_finally && !workflow->tasks[used_file(*workflow, file).task].runs_finally;
    if (is_last) continue;
    if (!task.uses) below.push_back(number);
    for (const std::uint32_t inner : task.uses ? task.uses->files : std::vector<std::uint32_t>())
      for (const std::uint32_t one : tasks_below(inner)) below.push_back(one);
  }
  return below;
}

std::uint32_t find_task(const Symbols& symbols, std::uint32_t file, std::string_view name) {
  if (file == 0) return find_task(symbols, name);
  const auto found = symbols.task_numbers.find(used_file(*symbols.workflow, file).prefix + std::string(name));
  if (found != symbols.task_numbers.end()) return found->second;
  const std::size_t prefix = used_file(*symbols.workflow, file).prefix.size();
  std::vector<std::string_view> known;
  for (const std::uint32_t task : symbols.tasks_in[file])
    known.push_back(std::string_view(symbols.workflow->tasks[task].name).substr(prefix));
  refuse_task(name, known);
}

std::uint32_t find_task(const Symbols& symbols, std::string_view name) {
  const auto found = symbols.task_numbers.find(name);
  if (found != symbols.task_numbers.end()) return found->second;
  std::vector<std::string_view> known;
  for (const TaskNode& task : symbols.workflow->tasks) known.emplace_back(task.name);
  refuse_task(name, known);
}

Value WorkflowNames::value_of(const Name& name) const {
  const Workflow& workflow = *symbols_.workflow;
  switch (name.kind) {
    case NameKind::param: {
      const auto& value = symbols_.files[name.output].params[name.item];
      return value ? *value : stand_in(params_of(workflow, name.output)[name.item]);
    }
    case NameKind::workflow_name: return name.output == 0 ? workflow.name : used_file(workflow, name.output).name;
    case NameKind::workflow_dir: {
      const std::string& path = name.output == 0 ? workflow.file : used_file(workflow, name.output).file;
      return absolute_path(path == "-" ? "." : path + "/..", symbols_.submit_directory);
    }
    case NameKind::run_id: return symbols_.run_id;
    case NameKind::run_dir: return symbols_.run_dir;
    default: break;
  }
  if (const std::string* value = variable(name)) return *value;
  if (symbols_.check_only) return name.variable;
  throw ExpressionError{"E402", fmt::format("env.{} is not set", name.variable)};
}

/// The innermost file that sets it, else as it was when the run was submitted.
const std::string* WorkflowNames::variable(const Name& name) const {
  for (std::uint32_t file = name.output;; file = used_file(*symbols_.workflow, file).above) {
    const auto& env = symbols_.files[file].env;
    if (const auto found = env.find(name.variable); found != env.end()) return &found->second;
    if (file == 0) break;
  }
  const auto found = symbols_.environment.find(name.variable);
  return found == symbols_.environment.end() ? nullptr : &found->second;
}

bool WorkflowNames::is_unset(const Name& name) const { return name.kind == NameKind::env && variable(name) == nullptr; }

bool WorkflowNames::is_doubtful(const Name& name) const {
  if (name.kind == NameKind::param) return !symbols_.files[name.output].params[name.item].has_value();
  return symbols_.check_only && is_unset(name);
}

Value WorkflowNames::ask_files(FileQuestion question, const std::string& path) const {
  if (symbols_.files_asked != nullptr)
    return symbols_.files_asked->answer(question, path, symbols_.files[file_].directory);
  throw ExpressionError{
      "E404", fmt::format("{}('{}') is known only at plan", name_of(question), path), {}, 0, {}, symbols_.check_only};
}

}  // namespace fugle::workflow
