#include "workflow/flatten.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "workflow/foreach.hpp"
#include "workflow/matrix.hpp"
#include "workflow/param.hpp"

namespace fugle::workflow {
namespace {

/// What files of files come to is small on the disk and can be large here.
constexpr std::size_t kMaxTasks = 200'000;

/// The elements of a task that uses files; nullopt after an error.
std::optional<CompiledTask> elements_of(const TaskNode& node, const Symbols& symbols, Diagnostics& diagnostics) {
  CompiledTask task;
  task.node = &node;
  const WorkflowNames names(symbols, node.file);
  if (node.foreach) {
    task.foreach = compile_foreach(node, symbols, names, diagnostics);
    if (!task.foreach) return std::nullopt;
    task.num_elements = task.foreach->items.values.size();
    return task;
  }
  auto matrix = compile_matrix(node, symbols, names, diagnostics);
  if (!matrix) return std::nullopt;
  task.matrix = std::move(matrix->variables);
  task.points = std::move(matrix->points);
  if (!task.points.empty())
    task.num_elements = task.points.size() / task.matrix.size();
  else
    for (const CompiledVariable& variable : task.matrix)
      task.num_elements = std::min<std::uint64_t>(task.num_elements * variable.values.size(), kMaxTasks + 1);
  return task;
}

/// What `matrix.x`, `item` and `index` are.
std::vector<std::pair<std::string, Value>> names_of_element(const CompiledTask& task, std::uint64_t element,
                                                            const std::vector<std::uint32_t>& digits) {
  std::vector<std::pair<std::string, Value>> names;
  names.emplace_back("index", Value(static_cast<std::int64_t>(element)));
  for (std::size_t v = 0; v < task.matrix.size(); ++v)
    names.emplace_back("matrix." + task.node->matrix[v].name,
                       digits[v] == kNoValue ? Value() : task.matrix[v].values[digits[v]]);
  if (!task.foreach) return names;
  names.emplace_back("item", task.foreach->items.values[element]);
  for (const auto& [name, values] : task.foreach->fields) names.emplace_back("item." + name, values[element]);
  return names;
}

class Flattener {
 public:
  Flattener(Workflow workflow, const ExpandOptions& options, Diagnostics& diagnostics)
      : flat_(std::move(workflow)),
        diagnostics_(diagnostics),
        unheard_(Diagnostics::about_files_of(diagnostics)),
        tasks_(std::exchange(flat_.tasks, {})),
        symbols_(make_symbols(flat_, options, unheard_)) {}

  Workflow flatten() && {
    add_tasks(std::move(tasks_), 0);
    for (TaskNode& task : last_) flat_.tasks.push_back(std::move(task));
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < flat_.tasks.size(); ++i) numbers.emplace(flat_.tasks[i].name, i);
    for (std::size_t u = 0; u < users_.size(); ++u) flat_.used[u].task = numbers.at(users_[u]);
    return std::move(flat_);
  }

 private:
  /// All of one file.
  void add_tasks(std::deque<TaskNode> tasks, std::uint32_t file) {
    std::unordered_set<std::string> handlers;
    for (const TaskNode& task : tasks)
      if (task.handler) handlers.insert(task.handler->task);
    std::vector<Need> all;  // for those of `finally`, in the `finally` of the file above
    for (const TaskNode& task : tasks)
      if (!task.runs_finally) all.push_back({task.name, task.at, Need::Kind::done});
    for (TaskNode& task : tasks) {
      if (flat_.tasks.size() + last_.size() >= kMaxTasks) return refuse_so_many(task);
      const bool is_handler = handlers.contains(task.name);
      const bool comes_last = task.runs_finally;
      if (file > 0 && user_runs_finally_ && comes_last) task.needs = all;
      set_names(task, file);
      if (file > 0) take_over(task, file, is_handler, comes_last);
      if (task.uses)
        add_user(std::move(task));
      else
        (task.runs_finally ? last_ : flat_.tasks).push_back(std::move(task));
    }
  }

  void refuse_so_many(const TaskNode& task) {
    if (!std::exchange(is_too_much_, true))
      diagnostics_.error(
          "E206", task.at,
          fmt::format("the files that are used make more than {} tasks, this version takes no more", kMaxTasks));
  }

  /// Names of tasks are those of the whole workflow then.
  void set_names(TaskNode& task, std::uint32_t file) {
    task.file = file;
    if (file == 0) return;
    const std::string& prefix = flat_.used[file - 1].prefix;
    task.name.insert(0, prefix);
    for (Need& need : task.needs) need.task.insert(0, prefix);
    if (task.handler) task.handler->task.insert(0, prefix);
    if (task.place.value.place == graph::Place::near) task.place.value.near.insert(0, prefix);
  }

  /// From the task that uses its file. What is needed comes from those above that one too.
  void take_over(TaskNode& task, std::uint32_t file, bool is_handler, bool comes_last) {
    const TaskNode& user = *users_in_work_.back();
    task.runs_finally = task.runs_finally || user.runs_finally;
    if (task.priority.at.line == 0) task.priority = user.priority;
    if (task.on_failure.at.line == 0) {
      task.on_failure = user.on_failure;
      if (!task.handler && !is_handler) task.handler = user.handler;
    }
    task.tags.insert(task.tags.end(), user.tags.begin(), user.tags.end());
    const bool waits = !is_handler && (!comes_last || user.runs_finally);
    std::uint8_t level = 1;
    for (std::uint32_t f = file; waits && f != 0; f = flat_.used[f - 1].above, ++level)
      for (Need need : flat_.used[f - 1].needs) {
        need.level = level;
        need.joins_any = user_joins_any_[f - 1];
        task.needs.push_back(std::move(need));
      }
  }

  void add_user(TaskNode user) {
    const std::shared_ptr<const Workflow> used = std::exchange(user.uses->file, nullptr);
    if (used == nullptr || is_too_much_) return;
    try {
      if (const auto elements = elements_of(user, symbols_, diagnostics_)) add_files(user, *elements, *used);
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
    }
    // They are those of its tasks now.
    user.needs.clear();
    user.handler.reset();
    (user.runs_finally ? last_ : flat_.tasks).push_back(std::move(user));
  }

  void add_files(TaskNode& user, const CompiledTask& elements, const Workflow& file) {
    users_in_work_.push_back(&user);
    const bool was_finally = std::exchange(user_runs_finally_, user.runs_finally);
    std::vector<std::uint32_t> digits;
    for (std::uint64_t e = 0; e < elements.num_elements && !is_too_much_; ++e) {
      set_digits(elements, e, digits);
      const bool has_brackets = !elements.matrix.empty() || elements.foreach;
      const std::string values = has_brackets ? id_values(elements, e, digits) : "";
      UsedFile used;
      used.above = user.file;
      used.prefix = has_brackets ? fmt::format("{}[{}]/", user.name, values) : user.name + "/";
      used.file = file.file;
      used.name = file.name;
      used.params = file.params;
      used.env = file.env;
      used.workdir = file.workdir;
      used.outputs = file.outputs;
      used.element = names_of_element(elements, e, digits);
      for (Need need : user.needs) {
        if (need.level > 0) continue;
        if (need.kind == Need::Kind::each) need.element = values;
        used.needs.push_back(std::move(need));
      }
      give_params(user, used);
      add_pools(file);
      flat_.used.push_back(std::move(used));
      users_.push_back(user.name);
      user_joins_any_.push_back(user.joins_any);
      add_used_file(symbols_, unheard_);
      const auto number = static_cast<std::uint32_t>(flat_.used.size());
      user.uses->files.push_back(number);
      add_tasks(file.tasks, number);
    }
    user_runs_finally_ = was_finally;
    users_in_work_.pop_back();
  }

  /// Pools are there for all: what is said where a file is used stands above what the file says.
  void add_pools(const Workflow& file) {
    for (const PoolKey& pool : file.pools)
      if (std::ranges::find(flat_.pools, pool.name, &PoolKey::name) == flat_.pools.end()) flat_.pools.push_back(pool);
  }

  void give_params(const TaskNode& user, UsedFile& used) {
    for (const GivenParam& given : user.uses->with) {
      const auto param = std::ranges::find(used.params, given.name, &Param::name);
      if (param == used.params.end()) continue;  // said when it was read
      if (given.value) param->fallback = given.value;
      if (!given.expression) continue;
      param->fallback.reset();
      if (names_tasks(*given.expression, user.file))
        param->given = given.expression;
      else
        give(user, used, *given.expression, *param);
    }
  }

  void give(const TaskNode& user, const UsedFile& used, const Text& text, Param& param) {
    const PlaceScope scope(symbols_, user, used, {"with", Stage::plan, false});
    const auto compiled = TextTemplate::compile(text, scope, diagnostics_);
    if (!compiled) return;
    const WorkflowNames names(symbols_, user.file);
    // For want of a param that is given later.
    if (compiled->any_name([&](const Name& name) { return names.is_doubtful(name); })) return;
    try {
      Value value = compiled->value(names);
      const bool is_list = std::holds_alternative<List>(value.data);
      if (is_list != (param.type == ParamType::list) && is_list) {
        diagnostics_.error("E110", text.at, fmt::format("{}: a list is no single value", param.name));
      } else if (value.is_null()) {
        diagnostics_.error("E110", text.at, fmt::format("{}: null is no value", param.name));
      } else if (is_list) {
        if (check_param(param, value, text.at, diagnostics_)) param.fallback = std::move(value);
      } else {
        param.fallback = parse_param(param, to_text(value), text.at, diagnostics_);
      }
      param.is_literal = true;
    } catch (const ExpressionError& error) {
      report(error, diagnostics_);
    }
  }

  /// Whether its value comes from other tasks, by itself or through params that are given so.
  [[nodiscard]] bool names_tasks(const Text& text, std::uint32_t file) const {
    struct Roots final : NameScope {
      Roots(const Flattener& of, std::uint32_t in) : flattener(of), file(in) {}
      [[nodiscard]] Name resolve(std::span<const std::string_view> path) const override {
        found = found || path.front() == "tasks";
        if (path.front() == "params" && path.size() > 1 && file > 0)
          for (const Param& param : flattener.flat_.used[file - 1].params)
            found = found || (param.name == path[1] && param.given);
        return {NameKind::task_status, 0, 0, {}};
      }
      const Flattener& flattener;
      std::uint32_t file;
      mutable bool found = false;
    };
    const Roots roots(*this, file);
    Diagnostics said(diagnostics_.file());
    (void)TextTemplate::compile(text, roots, said);
    return roots.found;
  }

  Workflow flat_;
  Diagnostics& diagnostics_;
  Diagnostics unheard_;  ///< what make_symbols() says is said again when all is compiled
  std::deque<TaskNode> tasks_;
  std::deque<TaskNode> last_;  ///< of `finally`
  Symbols symbols_;
  std::vector<std::string> users_;    ///< [used] the task
  std::vector<bool> user_joins_any_;  ///< [used]
  std::vector<const TaskNode*> users_in_work_;
  bool user_runs_finally_ = false;
  bool is_too_much_ = false;
};

}  // namespace

bool has_files_to_use(const Workflow& workflow) {
  return std::ranges::any_of(workflow.tasks, [](const TaskNode& task) { return task.uses && task.uses->file; });
}

Workflow flatten(Workflow workflow, const ExpandOptions& options, Diagnostics& diagnostics) {
  return Flattener(std::move(workflow), options, diagnostics).flatten();
}

}  // namespace fugle::workflow
