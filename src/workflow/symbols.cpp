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

class SymbolMaker {
 public:
  SymbolMaker(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics)
      : workflow_(workflow), options_(options), diagnostics_(diagnostics), names_(symbols_) {}

  Symbols make() && {
    symbols_.workflow = &workflow_;
    symbols_.environment = options_.environment;
    symbols_.submit_directory = absolute_path(options_.directory, "/");
    symbols_.directory = symbols_.submit_directory;
    symbols_.check_only = options_.check_only;
    symbols_.files = options_.check_only ? nullptr : options_.files;
    symbols_.run_id = options_.run_id.empty() ? workflow_.name : options_.run_id;
    symbols_.run_dir = options_.run_dir.empty() ? absolute_path(symbols_.run_id, symbols_.submit_directory + "/.fugle")
                                                : options_.run_dir;
    for (std::uint32_t i = 0; i < workflow_.tasks.size(); ++i)
      symbols_.task_numbers.emplace(workflow_.tasks[i].name, i);
    set_params();
    for (const EnvVar& variable : workflow_.env) set_variable(variable);
    tell_params();
    if (workflow_.workdir) set_directory(*workflow_.workdir);
    if (workflow_.scratch) set_scratch(*workflow_.scratch);
    set_limits();
    if (workflow_.reserve.at.line > 0) set_reserve();
    set_slurm();
    return std::move(symbols_);
  }

 private:
  void set_params() {
    std::map<std::string_view, std::string_view> given;
    for (const auto& [name, value] : options_.params) {
      check_is_param(name);
      given[name] = value;
    }
    symbols_.params.resize(workflow_.params.size());
    for (std::size_t i = 0; i < workflow_.params.size(); ++i) {
      const Param& param = workflow_.params[i];
      const auto value = given.find(param.name);
      symbols_.params[i] = value == given.end()
                               ? default_of(param)
                               : parse_param(param, std::string(value->second), kCommandLine, diagnostics_);
    }
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

  std::optional<Value> default_of(const Param& param) {
    if (!param.fallback) {
      if (options_.check_only) return std::nullopt;
      std::string text = fmt::format("param '{}' is required", param.name);
      if (!param.description.empty()) text += ": " + param.description;
      diagnostics_.error("E105", param.at, std::move(text));
      return std::nullopt;
    }
    const auto* text = std::get_if<std::string>(&param.fallback->data);
    if (text == nullptr || text->find("${{") == std::string::npos) return param.fallback;
    const auto value = evaluated({*text, param.at, {}}, {"params", Stage::load, false});
    if (!value) return std::nullopt;
    return parse_param(param, *value, param.at, diagnostics_);
  }

  void set_variable(const EnvVar& variable) {
    auto value = evaluated(variable.value, {"env", Stage::plan, false});
    if (!value) return;
    append_escaped(*value, symbols_.task_env.emplace_back(variable.name, "").second);
    symbols_.environment[variable.name] = std::move(*value);
  }

  /// Tasks see the parameters as FUGLE_PARAM_<name> too.
  void tell_params() {
    for (std::size_t i = 0; i < workflow_.params.size(); ++i) {
      if (!symbols_.params[i] || symbols_.params[i]->is_null()) continue;
      std::string name = "FUGLE_PARAM_" + workflow_.params[i].name;
      std::ranges::replace(name, '-', '_');
      append_escaped(to_text(*symbols_.params[i]), symbols_.task_env.emplace_back(std::move(name), "").second);
    }
  }

  void set_directory(const Text& path) {
    const auto value = evaluated(path, {"workdir", Stage::plan, false});
    if (value) symbols_.directory = absolute_path(*value, symbols_.submit_directory);
  }

  void set_scratch(const Text& text) {
    const auto path = evaluated(text, {"scratch", Stage::plan, false});
    if (!path) return;
    try {
      symbols_.scratch = absolute_path(checked_path(*path, "scratch", text.at), symbols_.directory);
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

  std::optional<std::string> evaluated(const Text& text, Place place) {
    const PlaceScope scope(symbols_, nullptr, place);
    const auto compiled = TextTemplate::compile(text, scope, diagnostics_);
    if (!compiled) return std::nullopt;
    try {
      return compiled->text(names_);
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
      return std::nullopt;
    }
  }

  const Workflow& workflow_;
  const ExpandOptions& options_;
  Diagnostics& diagnostics_;
  Symbols symbols_;
  WorkflowNames names_;
};

}  // namespace

Symbols make_symbols(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  return SymbolMaker(workflow, options, diagnostics).make();
}

std::uint32_t find_task(const Symbols& symbols, std::string_view name) {
  const auto found = symbols.task_numbers.find(name);
  if (found != symbols.task_numbers.end()) return found->second;
  std::vector<std::string_view> known;
  for (const TaskNode& task : symbols.workflow->tasks) known.emplace_back(task.name);
  const auto nearest = nearest_word(name, known);
  throw ExpressionError{"E202",
                        nearest ? fmt::format("unknown task '{}'; did you mean '{}'?", name, *nearest)
                                : fmt::format("unknown task '{}'", name),
                        std::string(nearest.value_or(""))};
}

Value WorkflowNames::value_of(const Name& name) const {
  switch (name.kind) {
    case NameKind::param: {
      const auto& value = symbols_.params[name.item];
      return value ? *value : stand_in(symbols_.workflow->params[name.item]);
    }
    case NameKind::workflow_name: return symbols_.workflow->name;
    case NameKind::workflow_dir:
      return absolute_path(symbols_.workflow->file == "-" ? "." : symbols_.workflow->file + "/..",
                           symbols_.submit_directory);
    case NameKind::run_id: return symbols_.run_id;
    case NameKind::run_dir: return symbols_.run_dir;
    default: break;
  }
  const auto variable = symbols_.environment.find(name.variable);
  if (variable != symbols_.environment.end()) return variable->second;
  if (symbols_.check_only) return name.variable;
  throw ExpressionError{"E402", fmt::format("env.{} is not set", name.variable)};
}

bool WorkflowNames::is_unset(const Name& name) const {
  return name.kind == NameKind::env && symbols_.environment.count(name.variable) == 0;
}

bool WorkflowNames::is_doubtful(const Name& name) const {
  if (name.kind == NameKind::param) return !symbols_.params[name.item].has_value();
  return symbols_.check_only && is_unset(name);
}

Value WorkflowNames::ask_files(FileQuestion question, const std::string& path) const {
  if (symbols_.files != nullptr) return symbols_.files->answer(question, path, symbols_.directory);
  throw ExpressionError{
      "E404", fmt::format("{}('{}') is known only at plan", name_of(question), path), {}, 0, {}, symbols_.check_only};
}

}  // namespace fugle::workflow
