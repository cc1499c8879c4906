#include "workflow/element_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "workflow/given_value.hpp"
#include "workflow/paths.hpp"

namespace fugle::workflow {
ElementNames::ElementNames(const Symbols& symbols, const CompiledTask& task, OutputLists& output_lists)
    : symbols_(symbols),
      task_(task),
      output_lists_(output_lists),
      workflow_names_(symbols, task.node->file),
      digits_(task.matrix.size()),
      inputs_(task.inputs.size()),
      outputs_(task.outputs.size()) {}

void ElementNames::set_element(std::uint64_t index) {
  index_ = index;
  set_digits(task_, index, digits_);
  workdir_.reset();
  for (auto& input : inputs_) input.reset();
  for (auto& output : outputs_) output.reset();
}

Value ElementNames::value_of(const Name& name) const {
  switch (name.kind) {
    case NameKind::matrix:
      return digits_[name.item] == kNoValue ? Value() : task_.matrix[name.item].values[digits_[name.item]];
    case NameKind::item: return task_.foreach->items.values[index_];
    case NameKind::item_field: return field_of_item(name);
    case NameKind::index: return static_cast<std::int64_t>(index_);
    case NameKind::match: return static_cast<std::int64_t>(match(name.item).value_or(0));
    case NameKind::scratch: return symbols_.scratch;
    case NameKind::run_state:
    case NameKind::list_file:
    case NameKind::launcher: return std::string();
    case NameKind::input: return inserted(input(name.item));
    case NameKind::output: return output_path(name.item);
    case NameKind::task_output: return inserted(output_of_task(name));
    case NameKind::task_value:
    case NameKind::task_status:
    case NameKind::task_exit_code: return outcome(name);
    default: return is_resource(name.kind) ? resource(name.kind) : workflow_names_.value_of(name);
  }
}

Value ElementNames::resource(NameKind kind) const {
  const graph::Shape shape = settings_.shape();
  const auto whole = [](std::uint64_t number) { return Value(static_cast<std::int64_t>(number)); };
  switch (kind) {
    case NameKind::nodes: return whole(shape.nodes);
    case NameKind::ranks: return whole(std::max(shape.ranks, 1u));
    case NameKind::ranks_per_node: return whole(std::max(shape.ranks_on(0), 1u));
    case NameKind::cores: return whole(shape.cores_per_rank);
    case NameKind::mem: return whole(settings_.request.mem_bytes);
    case NameKind::gpus_per_rank: return whole(shape.gpus_per_rank);
    case NameKind::exclusive: return settings_.request.whole_node;
    case NameKind::scratch_bytes: return whole(settings_.scratch_bytes);
    default: break;
  }
  if (shape.gpus_per_rank > 0) return whole(std::uint64_t{shape.gpus_per_rank} * std::max(shape.ranks, 1u));
  return whole(std::uint64_t{settings_.request.gpus} * shape.nodes);
}

std::optional<std::uint64_t> ElementNames::match(std::uint32_t task) const {
  for (std::size_t i = 0; i < task_.matches.size(); ++i)
    if (task_.needs[i] == task && !task_.matches[i].empty()) return task_.matches[i].at(index_);
  return std::nullopt;
}

Value ElementNames::output_of_task(const Name& name) const {
  const auto element = match(name.item);
  return element ? output_lists_.of_element(name, *element) : output_lists_.get(name);
}

Value ElementNames::outcome(const Name& name) const {
  const Outcomes* outcomes = output_lists_.outcomes();
  if (outcomes == nullptr) throw ExpressionError{"E404", "known only while the run goes on", {}, 0, {}, true};
  if (name.kind == NameKind::task_value) return output_of_task(name);
  const auto element = match(name.item);
  if (name.kind == NameKind::task_status) return outcomes->status(name.item, element);
  return outcomes->exit_code(name.item, element);
}

Value ElementNames::field_of_item(const Name& name) const {
  const auto& fields = task_.foreach->fields;
  if (name.item < fields.size() && fields[name.item].first == name.variable) return fields[name.item].second[index_];
  const auto found = std::ranges::find_if(fields, [&](const auto& field) { return field.first == name.variable; });
  if (found != fields.end()) return found->second[index_];
  throw ExpressionError{"E402", fmt::format("items of task {} have no field '{}'", task_.node->name, name.variable)};
}

/// An output of what was skipped, or did not say it.
bool ElementNames::is_unset(const Name& name) const {
  const Outcomes* outcomes = output_lists_.outcomes();
  const bool is_output = name.kind == NameKind::task_output || name.kind == NameKind::task_value;
  if (!is_output || outcomes == nullptr) return workflow_names_.is_unset(name);
  const auto is_missing = [&](std::uint64_t element) {
    if (!outcomes->is_good(name.item, element)) return true;
    return name.kind == NameKind::task_value &&
           outcomes->knowledge().given(outcomes->element(name.item, element), name.output) == nullptr;
  };
  if (const auto element = match(name.item)) return is_missing(*element);
  for (std::uint32_t e = 0; e < outcomes->num_elements(name.item); ++e)
    if (!is_missing(e)) return false;
  return true;
}

bool ElementNames::is_doubtful(const Name& name) const { return output_lists_.is_doubtful(task_, name); }

bool ElementNames::runs_elsewhere() const {
  if (task_.node->is_function() || task_.node->has_own_workdir) return true;
  return task_.workdir && workdir() != symbols_.directory_of(*task_.node);
}

Value ElementNames::inserted(const Value& path) const {
  if (!runs_elsewhere()) return path;
  const List* list = std::get_if<List>(&path.data);
  if (list == nullptr) return absolute_path(to_text(path), symbols_.directory_of(*task_.node));
  List absolute;
  for (const Value& one : *list) absolute.emplace_back(absolute_path(to_text(one), symbols_.directory_of(*task_.node)));
  return absolute;
}

const std::string& ElementNames::workdir() const {
  if (!task_.workdir && !task_.node->has_own_workdir) return symbols_.directory_of(*task_.node);
  if (!task_.workdir && !workdir_) workdir_ = absolute_path(own_directory(), symbols_.directory_of(*task_.node));
  if (!workdir_) {
    const Value path = task_.workdir->text.value(*this);
    workdir_ =
        absolute_path(checked_path(path, "workdir", task_.node->workdir->at), symbols_.directory_of(*task_.node));
  }
  return *workdir_;
}

std::string ElementNames::id() const {
  const std::string values = id_values(task_, index_, digits_);
  const bool has_brackets = !task_.matrix.empty() || task_.foreach || !task_.node->lines.empty();
  return has_brackets ? fmt::format("{}[{}]", task_.node->name, values) : task_.node->name;
}

const std::string& ElementNames::matrix_text(std::size_t variable) const {
  static const std::string kNone;
  return digits_[variable] == kNoValue ? kNone : task_.matrix[variable].texts[digits_[variable]];
}

std::string ElementNames::own_directory() const {
  const std::string values = id_values(task_, index_, digits_);
  std::string name = task_.node->name;  // "a[1]/b"
  std::ranges::replace(name, '[', '.');
  std::erase(name, ']');
  return values.empty() ? name : fmt::format("{}.{}", name, values);
}

const Value& ElementNames::input(std::uint32_t number) const {
  auto& known = inputs_[number];
  if (known) return *known;
  const Input& input = task_.node->inputs[number];
  List paths;
  bool is_list = input.is_list;
  for (std::size_t i = 0; i < input.paths.size(); ++i) {
    Value value = task_.inputs[number].paths[i].value(*this);
    const Position at = input.paths[i].at;
    if (const List* several = std::get_if<List>(&value.data)) {
      is_list = true;
      for (const Value& path : *several) paths.emplace_back(checked_path(path, input.name, at));
    } else {
      paths.emplace_back(checked_path(value, input.name, at));
    }
  }
  known = is_list || paths.empty() ? Value(std::move(paths)) : std::move(paths.front());
  return *known;
}

Value ElementNames::output_as_written(std::uint32_t number) const {
  const Output& output = task_.node->outputs[number];
  if (is_value(output)) return "";
  return checked_path(task_.outputs[number].text.value(*this), output.name, output.path.at);
}

const std::string& ElementNames::output_path(std::uint32_t number) const {
  auto& known = outputs_[number];
  if (!known && is_value(task_.node->outputs[number])) known.emplace();
  if (!known) {
    const bool is_file = task_.node->outputs[number].kind == graph::OutputKind::file;
    known = absolute_path(to_text(output_as_written(number)), is_file ? symbols_.directory_of(*task_.node) : workdir());
  }
  return *known;
}

Value OutputLists::of_element(const Name& name, std::uint64_t element) {
  const CompiledTask& task = tasks_[name.item];
  if (task.is_broken) throw ExpressionError{"E402", "this task has errors", {}, 0, {}, true};
  if (name.kind == NameKind::task_value) {
    const std::string* text = outcomes_->knowledge().given(outcomes_->element(name.item, element), name.output);
    if (text == nullptr) return {};
    return given_value(task.node->outputs[name.output].kind, *text, name.variable);
  }
  ElementNames names(symbols_, task, *this);
  names.set_element(element);
  return names.output_as_written(name.output);
}

Value OutputLists::get(const Name& name) {
  const std::tuple key(name.item, name.output, name.variable);
  if (const auto known = lists_.find(key); known != lists_.end()) return known->second;
  Value value = made(name);
  const bool is_for_good = outcomes_ == nullptr || outcomes_->has_ended(name.item);
  if (is_for_good) lists_.emplace(key, value);
  return value;
}

Value OutputLists::made(const Name& name) {
  const CompiledTask& task = tasks_[name.item];
  if (task.is_broken) throw ExpressionError{"E402", "this task has errors", {}, 0, {}, true};
  if (outcomes_ == nullptr && task.prospect.is_open)
    throw ExpressionError{"E404", "known only while the run goes on", {}, 0, {}, true};
  const bool is_list = task.num_elements != 1 || task.list_of_items;
  const bool is_value = name.kind == NameKind::task_value;
  if (!is_list && (!is_value || outcomes_->num_elements(name.item) > 0)) return of_element(name, 0);
  List list;
  ElementNames names(symbols_, task, *this);
  const std::uint64_t count = outcomes_ == nullptr ? task.num_elements : outcomes_->num_elements(name.item);
  for (std::uint64_t e = 0; e < count; ++e) {
    if (outcomes_ != nullptr && !outcomes_->is_good(name.item, e)) continue;
    if (is_value) {
      list.push_back(of_element(name, e));
      continue;
    }
    names.set_element(e);
    list.push_back(names.output_as_written(name.output));
  }
  return list;
}

bool OutputLists::is_doubtful(const CompiledTask& task, const Name& name) const {
  const WorkflowNames workflow_names(symbols_);
  std::unordered_set<const TextTemplate*> seen;
  std::vector<std::pair<const CompiledTask*, Name>> open{{&task, name}};
  while (!open.empty()) {
    const auto [at, next] = open.back();
    open.pop_back();
    const auto follow = [&](const CompiledTask& owner, const TextTemplate& text) {
      if (seen.insert(&text).second)
        text.for_each_name([&](const Name& inner, Position) { open.emplace_back(&owner, inner); });
    };
    switch (next.kind) {
      case NameKind::matrix:
        if (at->matrix[next.item].is_doubtful) return true;
        break;
      case NameKind::item:
      case NameKind::item_field:
        if (!at->foreach || at->foreach->items.is_doubtful) return true;
        break;
      case NameKind::input:
        for (const TextTemplate& path : at->inputs[next.item].paths) follow(*at, path);
        break;
      case NameKind::output: follow(*at, at->outputs[next.item].text); break;
      case NameKind::task_value:
      case NameKind::task_status:
      case NameKind::task_exit_code:
        if (outcomes_ == nullptr) return true;
        break;
      case NameKind::task_output:
        if (tasks_[next.item].is_broken || (outcomes_ == nullptr && tasks_[next.item].prospect.is_open)) return true;
        follow(tasks_[next.item], tasks_[next.item].outputs[next.output].text);
        break;
      default:
        if (workflow_names.is_doubtful(next)) return true;
    }
  }
  return false;
}

std::string checked_path(const Value& value, std::string_view key, Position at) {
  const auto refuse = [&](std::string_view problem) {
    throw ExpressionError{"E403", fmt::format("path of '{}' {}", key, problem), {}, 0, at, false};
  };
  if (value.is_null() || std::holds_alternative<List>(value.data))
    refuse(fmt::format("must be a text, got {}", type_name(value)));
  std::string path = to_text(value);
  if (path.empty()) refuse("is empty");
  if (path.find('\n') != std::string::npos) refuse("holds a line break");
  return path;
}

}  // namespace fugle::workflow
