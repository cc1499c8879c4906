#include "workflow/scope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "workflow/text_template.hpp"

namespace fugle::workflow {
namespace {

constexpr std::array<std::string_view, 14> kRoots = {"params",   "matrix", "inputs",   "outputs", "env",
                                                     "workflow", "index",  "tasks",    "attempt", "resources",
                                                     "scratch",  "run",    "launcher", "item"};
constexpr std::array<std::string_view, 1> kRootsNotBuilt = {"partition"};
/// Names that are a value by themselves, without a part after a point.
constexpr std::array<std::string_view, 4> kWhole = {"index", "attempt", "scratch", "launcher"};

/// What only texts of a task can name.
constexpr std::array<std::string_view, 9> kOfTasks = {"matrix",  "inputs",    "outputs", "index",   "attempt",
                                                      "scratch", "resources", "item",    "launcher"};

struct ResourceName {
  std::string_view name;
  NameKind kind;
};
constexpr std::array<ResourceName, 9> kResources = {{
    {"nodes", NameKind::nodes},
    {"ranks", NameKind::ranks},
    {"ranks_per_node", NameKind::ranks_per_node},
    {"cores", NameKind::cores},
    {"mem", NameKind::mem},
    {"gpus", NameKind::gpus},
    {"gpus_per_rank", NameKind::gpus_per_rank},
    {"scratch", NameKind::scratch_bytes},
    {"exclusive", NameKind::exclusive},
}};

template <class Words>
bool holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

[[noreturn]] void unknown(std::string text, std::string_view suggestion = {}) {
  throw ExpressionError{"E402", std::move(text), std::string(suggestion)};
}
[[noreturn]] void not_built(std::string_view name) {
  unknown(fmt::format("'{}' is not in this version of fugle", name));
}

std::string dotted(std::span<const std::string_view> path) { return fmt::format("{}", fmt::join(path, ".")); }

/// "; did you mean 'x'?" or "; has: x, y".
std::string hint(std::string_view wrong, std::span<const std::string_view> known, std::string_view& suggestion) {
  constexpr std::size_t kMaxShown = 20;
  if (known.empty()) return "; has: none";
  if (known.size() <= kMaxShown) suggestion = nearest_word(wrong, known).value_or("");
  const auto shown = known.first(std::min(known.size(), kMaxShown));
  return fmt::format("; has: {}{}", fmt::join(shown, ", "), shown.size() < known.size() ? ", ..." : "");
}

/// The number of the item called `name`; E402 "OWNER has no KIND 'name'; has: ...".
template <class Items>
std::uint32_t number_of(const Items& items, std::string_view name, std::string_view owner, std::string_view kind) {
  std::vector<std::string_view> known;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    if (items[i].name == name) return i;
    known.push_back(items[i].name);
  }
  std::string_view suggestion;
  const std::string has = hint(name, known, suggestion);
  unknown(fmt::format("{} has no {} '{}'{}", owner, kind, name, has), suggestion);
}

void require_length(std::span<const std::string_view> path, std::size_t length) {
  if (path.size() < length) unknown(fmt::format("'{}' is not a value; write {}.NAME", dotted(path), dotted(path)));
  if (path.size() > length)
    unknown(fmt::format("'{}' has no parts such as '{}'", dotted(path.first(length)), path[length]));
}

[[noreturn]] void unknown_root(std::string_view root) {
  if (holds(kRootsNotBuilt, root)) not_built(root);
  const auto nearest = nearest_word(root, kRoots);
  if (nearest) unknown(fmt::format("unknown name '{}'; did you mean '{}'?", root, *nearest), *nearest);
  unknown(fmt::format("unknown name '{}'; texts are written in quotes", root));
}

/// Of several tasks as one (FORMAT.md section 8): the first of these words that one of them has.
ExpressionNode status_of(std::vector<ExpressionNode> statuses) {
  const auto literal = [](std::string_view word) {
    ExpressionNode node;
    node.literal = std::string(word);
    return node;
  };
  const ExpressionNode list = make_node(Operator::list, std::move(statuses));
  ExpressionNode status = literal("SKIPPED");
  for (const std::string_view word : {"CACHED", "OK", "BLOCKED", "CANCELLED", "FAILED"})
    status =
        make_node(Operator::choose, {make_node(Operator::in, {literal(word), list}), literal(word), std::move(status)});
  return status;
}

std::string_view needed_time(Stage stage) { return stage == Stage::element ? "when the element is made" : "at start"; }

}  // namespace

void PlaceScope::require(Stage stage, Path path, std::string_view when) const {
  if (place_.stage >= stage) return;
  const bool of_uses = task_ != nullptr && task_->uses && used_ == nullptr;
  const bool list_from_task = path.front() == "tasks" && place_.key == "matrix" && !of_uses;
  if (path.front() == "tasks" && of_uses)
    throw ExpressionError{"E404",
                          fmt::format("{} is known only {}; '{}' of a task that uses a file must be known at start "
                                      "(give the file the list as a param, and let its tasks have the foreach)",
                                      dotted(path), when, place_.key)};
  throw ExpressionError{"E404",
                        fmt::format("{} is known only {}; '{}' must be known {}{}", dotted(path), when, place_.key,
                                    needed_time(place_.stage), list_from_task ? " (use foreach)" : "")};
}

Name PlaceScope::resolve(Path path) const {
  const std::string_view root = path.front();
  if (!holds(kRoots, root)) unknown_root(root);
  if (task_ == nullptr && place_.stage >= Stage::element && holds(kOfTasks, root))
    unknown(fmt::format("'{}' is of a task; '{}' can use tasks, params, env, workflow and run", root, place_.key));
  if (root == "tasks") return resolve_task(path);
  if (root == "inputs" && path.size() == 3 && path[2] == "list_file") return resolve_list_file(path);
  if (root == "item") return resolve_item(path);
  require_length(path, holds(kWhole, root) ? 1 : 2);
  if (root == "params")
    return {NameKind::param, number_of(params_of(*symbols_.workflow, file_), path[1], "params", "param"), file_, {}};
  if (root == "workflow") {
    if (path[1] == "name") return {NameKind::workflow_name, 0, file_, {}};
    if (path[1] == "dir") return {NameKind::workflow_dir, 0, file_, {}};
    unknown(fmt::format("workflow has no '{}'; has: name, dir", path[1]));
  }
  if (root == "env") {
    require(Stage::plan, path, "at plan");
    if (std::ranges::find(symbols_.workflow->secrets, path[1], &SecretKey::name) != symbols_.workflow->secrets.end())
      unknown(fmt::format("env.{0} is a secret, and expressions are kept with the run; list it in 'secrets' of the "
                          "task and let its command use ${0}",
                          path[1]));
    return {NameKind::env, 0, file_, std::string(path[1])};
  }
  if (root == "matrix" || root == "index") {
    require(Stage::element, path, "when the element is made");
    if (root == "index") return {NameKind::index, 0, 0, {}};
    return {NameKind::matrix, number_of(task_->matrix, path[1], "matrix", "variable"), 0, {}};
  }
  if (root == "inputs") {
    require(place_.may_use_inputs ? Stage::element : Stage::attempt, path, "when the element's inputs are");
    return {NameKind::input, number_of(task_->inputs, path[1], fmt::format("task {}", task_->name), "input"), 0, {}};
  }
  if (root == "run") return resolve_run(path);
  require(Stage::attempt, path, "while an attempt runs");
  if (root == "attempt") return {NameKind::attempt, 0, 0, {}};
  if (root == "launcher") return resolve_launcher();
  if (root == "scratch") return {NameKind::scratch, 0, 0, {}};
  if (root == "resources") return resolve_resource(path);
  const std::uint32_t output = number_of(task_->outputs, path[1], fmt::format("task {}", task_->name), "output");
  if (is_value(task_->outputs[output]))
    unknown(
        fmt::format("output {0} of {1} is no file; write the line {0}=VALUE to $FUGLE_OUTPUT", path[1], task_->name));
  return {NameKind::output, output, 0, {}};
}

Types PlaceScope::types_of(const Name& name) const {
  if (name.kind == NameKind::exclusive) return kBoolType;
  if (is_resource(name.kind)) return kIntType;
  switch (name.kind) {
    case NameKind::param:
      switch (params_of(*symbols_.workflow, name.output)[name.item].type) {
        case ParamType::integer: return kIntType;
        case ParamType::number: return kFloatType;
        case ParamType::boolean: return kBoolType;
        case ParamType::list: return kListType;
        case ParamType::string:
        case ParamType::path: return kTextType;
      }
      return kAnyType;
    case NameKind::index:
    case NameKind::match: return kIntType;
    case NameKind::input: return kTextType | kListType;
    case NameKind::env:
    case NameKind::workflow_name:
    case NameKind::workflow_dir:
    case NameKind::run_id:
    case NameKind::run_dir: return kTextType;
    default: return kAnyType;
  }
}

Name PlaceScope::resolve_item(Path path) const {
  if (path.size() > 2) require_length(path, 2);
  require(Stage::element, path, "when the element is made");
  if (!task_->foreach) unknown(fmt::format("task {} has no foreach that gives items", task_->name));
  if (path.size() == 1) return {NameKind::item, 0, 0, {}};
  if (task_->foreach->text) return {NameKind::item_field, 0, 0, std::string(path[1])};
  const std::vector<std::string>& fields = task_->foreach->fields;
  for (std::uint32_t i = 0; i < fields.size(); ++i)
    if (fields[i] == path[1]) return {NameKind::item_field, i, 0, fields[i]};
  std::string_view suggestion;
  const std::vector<std::string_view> known(fields.begin(), fields.end());
  const std::string has = hint(path[1], known, suggestion);
  unknown(fmt::format("items of task {} have no field '{}'{}", task_->name, path[1], has), suggestion);
}

Name PlaceScope::resolve_run(Path path) const {
  if (path[1] == "id" || path[1] == "dir") {
    require(Stage::plan, path, "at plan");
    return {path[1] == "id" ? NameKind::run_id : NameKind::run_dir, 0, 0, {}};
  }
  if (path[1] != "state") unknown(fmt::format("run has no '{}'; has: id, dir, state", path[1]));
  if (place_.knows_state) return {NameKind::run_state, 0, 0, {}};
  if (task_ == nullptr || !task_->runs_finally)
    throw ExpressionError{"E404", "run.state is known only when all tasks have ended; use it in tasks of 'finally'"};
  require(Stage::attempt, path, "while an attempt runs");
  return {NameKind::run_state, 0, 0, {}};
}

Name PlaceScope::resolve_resource(Path path) const {
  const ResourceName& resource = kResources[number_of(kResources, path[1], "resources", "key")];
  if (resource.kind == NameKind::mem && task_->mem.at.line == 0)
    unknown(
        fmt::format("resources.mem of {} is not set in the file; write resources.mem or use $FUGLE_MEM", task_->name));
  return {resource.kind, 0, 0, {}};
}

Name PlaceScope::resolve_launcher() const {
  if (place_.is_shell_text) return {NameKind::launcher, 0, 0, {}};
  throw ExpressionError{
      "E404", fmt::format("launcher is several words, known only to a shell while an attempt runs; write 'run' as text "
                          "('{}' is none), or as a list without it: the launcher starts a list on every rank",
                          place_.key)};
}

Name PlaceScope::resolve_list_file(Path path) const {
  require(Stage::attempt, path, "while an attempt runs");
  const std::uint32_t input = number_of(task_->inputs, path[1], fmt::format("task {}", task_->name), "input");
  if (place_.key == "env")
    unknown(fmt::format("{} is in the environment of {} already, as FUGLE_IN_{}", dotted(path), task_->name, path[1]));
  return {NameKind::list_file, input, 0, {}};
}

Name PlaceScope::resolve_task(Path path) const {
  if (path.size() < 3) require_length(path, 4);
  // Where it says too early what it wants of a task that is not there, that comes first; but those that use a file are
  // written out before all tasks are known.
  if (task_ == nullptr || !task_->uses) (void)find_task(symbols_, file_, path[1]);
  require(Stage::element, path, fmt::format("after {} has run", path[1]));
  const std::uint32_t task = find_task(symbols_, file_, path[1]);
  if (symbols_.workflow->tasks[task].runs_finally && (task_ == nullptr || !task_->runs_finally))
    throw ExpressionError{
        "E404", fmt::format("{} is known only when all tasks have ended ({} is in 'finally')", dotted(path), path[1])};
  if (symbols_.workflow->tasks[task].uses)
    unknown(fmt::format("tasks.{} has no '{}'; has: outputs, status", path[1], path[2]));
  if (path[2] == "status" || path[2] == "exit_code") {
    require_length(path, 3);
    return {path[2] == "status" ? NameKind::task_status : NameKind::task_exit_code, task, 0, {}};
  }
  if (path[2] != "outputs")
    unknown(fmt::format("tasks.{} has no '{}'; has: outputs, status, exit_code", path[1], path[2]));
  if (path.size() < 4) require_length(path, 4);
  const auto& outputs = symbols_.workflow->tasks[task].outputs;
  const std::uint32_t output = number_of(outputs, path[3], fmt::format("task {}", path[1]), "output");
  const bool is_document = outputs[output].kind == graph::OutputKind::json;
  if (!is_document) require_length(path, 4);
  if (outputs[output].kind != graph::OutputKind::file)
    return {NameKind::task_value, task, output, dotted(path.subspan(4))};
  return {NameKind::task_output, task, output, {}};
}

std::optional<ExpressionNode> PlaceScope::written_out(Path path) const {
  const std::string_view root = path.front();
  if (root == "params" && path.size() == 2) return given_param(path[1]);
  if (root == "tasks" && path.size() > 2 && place_.stage >= Stage::element) return of_used_files(path);
  if (used_ == nullptr) return std::nullopt;
  const std::string name = dotted(path);
  const auto known = std::ranges::find(used_->element, name, &std::pair<std::string, Value>::first);
  if (known == used_->element.end()) return std::nullopt;
  ExpressionNode node;
  node.literal = known->second;
  return node;
}

std::optional<ExpressionNode> PlaceScope::given_param(std::string_view name) const {
  if (file_ == 0) return std::nullopt;
  const UsedFile& used = used_file(*symbols_.workflow, file_);
  const auto param = std::ranges::find(used.params, name, &Param::name);
  if (param == used.params.end() || !param->given) return std::nullopt;
  return node_of(*param->given, {symbols_, symbols_.workflow->tasks[used.task], used, as_early_as_here()});
}

Place PlaceScope::as_early_as_here() const { return {place_.key, std::min(place_.stage, Stage::element), false}; }

ExpressionNode PlaceScope::node_of(const Text& text, const PlaceScope& scope) const {
  Diagnostics said(symbols_.workflow->file);
  if (const auto compiled = TextTemplate::compile(text, scope, said)) return compiled->as_node();
  // It is too late for here, or wrong, and then said where it is written.
  for (const Diagnostic& one : said.all())
    if (one.code == "E404") throw ExpressionError{one.code, one.text};
  throw ExpressionError{"E402", "what is used here is wrong", {}, 0, {}, true};
}

std::optional<ExpressionNode> PlaceScope::of_used_files(Path path) const {
  const std::uint32_t number = find_task(symbols_, file_, path[1]);
  const TaskNode& task = symbols_.workflow->tasks[number];
  const bool is_status = path[2] == "status" && path.size() == 3;
  const bool is_output = path[2] == "outputs" && path.size() > 3;
  if (!task.uses || (!is_status && !is_output)) return std::nullopt;
  const auto named = [](NameKind kind, std::uint32_t item) {
    ExpressionNode node;
    node.op = Operator::name;
    node.name = {kind, item, 0, {}};
    return node;
  };
  // With `each` it is that of one element.
  const std::vector<Need>& needs = used_ != nullptr ? used_->needs : task_ != nullptr ? task_->needs : task.needs;
  const auto each = std::ranges::find_if(
      needs, [&](const Need& need) { return need.task == task.name && need.kind == Need::Kind::each; });
  std::vector<std::uint32_t> files = task.uses->files;
  const bool is_one = each != needs.end() && each->element;
  if (is_one)
    std::erase_if(files, [&](std::uint32_t file) {
      return used_file(*symbols_.workflow, file).prefix != fmt::format("{}[{}]/", task.name, *each->element);
    });
  const bool is_list = !is_one && (!task.matrix.empty() || !task.matrix_include.empty() || task.foreach);
  std::vector<ExpressionNode> items;
  for (const std::uint32_t file : files) {
    const UsedFile& used = used_file(*symbols_.workflow, file);
    if (is_output)
      items.push_back(output_of(used, file, path));
    else
      for (const std::uint32_t member : symbols_.tasks_below(file))
        items.push_back(named(NameKind::task_status, member));
  }
  if (is_output && !is_list && items.size() == 1) return std::move(items.front());
  if (is_output) {
    ExpressionNode list = make_node(Operator::list, std::move(items));
    if (each == needs.end() || is_one) return list;
    return make_node(Operator::item, {std::move(list), named(NameKind::match, number)});
  }
  return status_of(std::move(items));
}

ExpressionNode PlaceScope::output_of(const UsedFile& used, std::uint32_t file, Path path) const {
  const EnvVar& output = used.outputs[number_of(used.outputs, path[3], fmt::format("task {}", path[1]), "output")];
  require_length(path, 4);
  return node_of(output.value, {symbols_, file, as_early_as_here()});
}

}  // namespace fugle::workflow
