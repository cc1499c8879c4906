#include "workflow/uses_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "workflow/merge.hpp"
#include "workflow/params_file.hpp"

namespace fugle::workflow {
namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::string_view kBesideUses[] = {"uses",    "with",     "needs", "join",        "when",    "matrix",
                                            "foreach", "priority", "tags",  "description", "extends", "on_failure"};
/// They would be about all tasks of a file as one.
constexpr std::string_view kNotBuilt[] = {"tolerate", "fail_fast", "max_parallel", "partitioned"};

bool holds(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

const Entry* given(const YamlNode& keys, std::string_view key) {
  const Entry* entry = keys.is_map() ? find_entry(keys, key) : nullptr;
  return entry == nullptr || entry->value->is_null() ? nullptr : entry;
}

bool says_ignore(const YamlNode& on_failure) {
  if (on_failure.is_scalar()) return on_failure.text == "ignore";
  const Entry* policy = given(on_failure, "policy");
  return policy != nullptr && policy->value->text == "ignore";
}

/// The task as a whole is no more than its tasks: what is left to say of it must be known for each of them.
void check_values(const Reading& reading, TaskNode& task) {
  const auto refuse = [&](std::string_view key, Position at) {
    reading.diagnostics.error("E104", at, fmt::format("'{}' of a task that uses a file can not be an expression", key));
  };
  if (task.priority.expression) refuse("priority", task.priority.at);
  if (task.on_failure.expression) refuse("on_failure", task.on_failure.at);
}

}  // namespace

bool uses_file(const YamlNode& keys) { return given(keys, "uses") != nullptr; }

const YamlNode* keys_beside_uses(const Reading& reading, std::string_view task, const YamlNode& own,
                                 const YamlNode& keys) {
  for (const Entry& entry : own.entries) {
    if (find_key(Scope::task, entry.key) == nullptr || holds(kBesideUses, entry.key)) continue;
    if (holds(kNotBuilt, entry.key))
      refuse_unbuilt(reading, fmt::format("{} beside uses", entry.key), entry.at);
    else
      reading.diagnostics.error("E113", entry.at,
                                fmt::format("'{}' is not allowed here: task {} uses a file, whose tasks can have it",
                                            entry.key, in_quotes(task)));
  }
  YamlNode rest = keys;
  std::erase_if(rest.entries, [&](const Entry& entry) {
    if (entry.key == "on_failure" && says_ignore(*entry.value)) return find_entry(own, entry.key) == nullptr;
    return find_key(Scope::task, entry.key) != nullptr && !holds(kBesideUses, entry.key);
  });
  return &reading.document.nodes.emplace_back(std::move(rest));
}

void read_uses(const Reading& reading, const Entry& entry, TaskNode& into) {
  into.uses.reset();
  const YamlNode* scalar = scalar_of(reading, entry, KeyType::text);
  if (scalar == nullptr || refuse_marker(reading, entry.key, *scalar)) return;
  if (scalar->text.empty())
    reading.diagnostics.error("E104", scalar->at, "'uses' expects the path of a workflow file");
  else
    into.uses = UseKeys{scalar->text, scalar->at, {}, {}, {}};
}

void read_given_outputs(const Reading& reading, const Entry& entry, std::vector<EnvVar>& into) {
  if (!is_map_or_refuse(reading, entry.key, *entry.value)) return;
  for (const Entry& output : entry.value->entries) {
    if (!check_name(output.key, output.at, reading.diagnostics)) continue;
    if (const YamlNode* scalar = scalar_of(reading, output, KeyType::text))
      into.push_back({output.key, output.at, reading.document.text_of(*scalar)});
  }
}

void UsedFiles::put_in(const Reading& reading, const YamlNode& keys, TaskNode& task) {
  check_values(reading, task);
  // A failure that is ignored would let the tasks go on that come after it in the file.
  if (task.on_failure.value == graph::OnFailure::ignore) {
    if (given(keys, "on_failure") != nullptr)
      refuse_unbuilt(reading, "on_failure: ignore beside uses", task.on_failure.at);
    task.on_failure = {};
  }
  UseKeys& uses = *task.uses;
  uses.file = open(uses);
  if (uses.file == nullptr) return;
  if (const Entry* with = given(keys, "with"); with != nullptr && with->value->is_map())
    for (const Entry& entry : with->value->entries) {
      Workflow only_params;  // find_param() looks at no more of it
      only_params.params = uses.file->params;
      if (const Param* param = find_param(only_params, entry.key, entry.at, diagnostics_))
        give(reading, entry, *param, uses);
    }
  for (const Param& param : uses.file->params) {
    if (param.fallback || std::ranges::find(uses.with, param.name, &GivenParam::name) != uses.with.end()) continue;
    std::string text = fmt::format("param '{}' of '{}' is required", param.name, uses.path);
    if (!param.description.empty()) text += ": " + param.description;
    diagnostics_.error("E105", task.at, std::move(text));
  }
  task.with.reset();
}

void UsedFiles::give(const Reading& reading, const Entry& entry, const Param& param, UseKeys& uses) {
  const YamlNode& value = *entry.value;
  GivenParam given{param.name, entry.at, {}, {}};
  if (value.is_scalar() && value.text.find("${{") != std::string::npos) {
    given.expression = reading.document.text_of(value);
  } else {
    Param taken = param;
    take_param(reading, entry, taken);
    given.value = taken.fallback;
    // Null stands for the default; what is wrong was told, and is not told again as missing.
    if (value.is_null() && !taken.fallback) return;
  }
  uses.with.push_back(std::move(given));
}

std::shared_ptr<const Workflow> UsedFiles::open(const UseKeys& uses) {
  const std::string path = files_.path_of(uses.path, uses.at);
  const auto refuse = [&](std::string text) {
    diagnostics_.error("E108", uses.at, std::move(text));
    return nullptr;
  };
  if (const auto loop = std::ranges::find(under_way_, path); loop != under_way_.end())
    return refuse(
        fmt::format("'uses' loop {} -> {}", join(std::vector<std::string>(loop, under_way_.end()), " -> "), path));
  const auto known = known_.find(path);
  const std::size_t below = known == known_.end() ? 0 : known->second.depth;
  if (under_way_.size() + below > kMaxDepth) return refuse(fmt::format("'uses' is nested deeper than {}", kMaxDepth));
  deepest_ = std::max(deepest_, under_way_.size() + below);
  if (known != known_.end()) return known->second.workflow;
  const Known read_now = read(path, uses);
  known_.emplace(path, read_now);
  return read_now.workflow;
}

UsedFiles::Known UsedFiles::read(const std::string& path, const UseKeys& uses) {
  const YamlNode* root = files_.open("use", uses.path, uses.at);
  if (root == nullptr) return {};
  const std::size_t depth_here = under_way_.size();
  const std::size_t deepest_before = std::exchange(deepest_, depth_here);
  under_way_.push_back(path);
  Known known{std::make_shared<const Workflow>(read_(*root)), 0};
  under_way_.pop_back();
  known.depth = deepest_ - depth_here;
  deepest_ = std::max(deepest_, deepest_before);
  return known;
}

}  // namespace fugle::workflow
