#include "workflow/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "base/error.hpp"
#include "workflow/document.hpp"
#include "workflow/fields.hpp"
#include "workflow/needs_check.hpp"
#include "workflow/params_reader.hpp"
#include "workflow/report_reader.hpp"
#include "workflow/restart_reader.hpp"
#include "workflow/slurm_reader.hpp"
#include "workflow/task_reader.hpp"
#include "workflow/triggers_reader.hpp"

namespace fugle::workflow {
namespace {

constexpr std::int64_t kVersion = 1;

class WorkflowReader {
 public:
  explicit WorkflowReader(const Reading& reading) : reading_(reading) { workflow_.file = reading.diagnostics.file(); }

  Workflow read(const YamlNode& root) {
    root_ = &root;
    if (root.is_null()) {
      error("E105", {1, 1}, "the file is empty");
    } else if (!root.is_map()) {
      error("E104", root.at, "a workflow file is a map of keys like name and tasks");
    } else if (read_version()) {
      read_keys();
      check_needs(workflow_, reading_.diagnostics);
    }
    return std::move(workflow_);
  }

 private:
  void error(std::string_view code, Position at, std::string text) {
    reading_.diagnostics.error(code, at, std::move(text));
  }

  /// nullptr when absent or null.
  [[nodiscard]] const Entry* find(std::string_view key) const {
    const auto entry = std::ranges::find(root_->entries, key, &Entry::key);
    return entry == root_->entries.end() || entry->value->is_null() ? nullptr : &*entry;
  }

  /// False for a newer format: its other keys may mean what they like.
  bool read_version() {
    const Entry* entry = find("version");
    if (entry == nullptr) {
      error("E105", {1, 1}, "'version' is required; write version: 1");
      return true;
    }
    const YamlNode* scalar = scalar_of(reading_, *entry, KeyType::whole_number);
    if (scalar == nullptr) return true;
    const auto version = to_int(scalar->text);
    if (!version) {
      refuse_shape(reading_, entry->key, expectation(KeyType::whole_number), *scalar);
    } else if (*version < kVersion) {
      error("E112", scalar->at, fmt::format("'version' is {}; the first format version is {}", *version, kVersion));
    } else if (*version > kVersion) {
      error("E106", scalar->at, fmt::format("format version {} is newer than this build ({})", *version, kVersion));
      return false;
    }
    return true;
  }

  void read_keys() {
    for (const Entry& entry : root_->entries) {
      if (entry.key == "partitions" && entry.value->is_scalar())
        error("E104", entry.value->at, "partitions are data slices; the Slurm queue is slurm.partition");
      else if (accept_key(reading_, Scope::top, entry, {}) != nullptr)
        read_key(entry);
    }
    if (find("name") == nullptr) error("E105", {1, 1}, "'name' is required; write name: WORD");
    read_tasks();
    if (const Entry* report = find("report")) read_report(reading_, *report, workflow_);
    for (const TaskNode& task : workflow_.tasks) check_restart(reading_, task, workflow_.reserve);
  }

  void read_key(const Entry& entry) {
    if (entry.key == "name")
      read_name(entry);
    else if (entry.key == "description")
      read_string(reading_, entry, workflow_.description);
    else if (entry.key == "params")
      workflow_.params = read_params(reading_, entry);
    else if (entry.key == "env")
      read_env(reading_, entry, workflow_.env);
    else if (entry.key == "workdir")
      read_text(reading_, entry, workflow_.workdir);
    else if (entry.key == "scratch")
      read_text(reading_, entry, workflow_.scratch);
    else if (entry.key == "limits")
      read_limits(entry);
    else if (entry.key == "slurm")
      read_slurm(reading_, entry, workflow_.slurm);
    else if (entry.key == "triggers")
      read_triggers(reading_, entry, workflow_.triggers);
    else if (entry.key == "reserve")
      read_duration(reading_, entry, {}, workflow_.reserve);
  }

  void read_name(const Entry& entry) {
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::name);
    if (scalar != nullptr && check_name(scalar->text, scalar->at, reading_.diagnostics)) workflow_.name = scalar->text;
  }

  void read_limits(const Entry& entry) {
    if (!is_map_or_refuse(reading_, entry.key, *entry.value)) return;
    const Where where{"limits", {}, nullptr};
    for (const Entry& limit : entry.value->entries) {
      const Key* key = accept_key(reading_, Scope::limits, limit, where);
      if (key == nullptr) continue;
      if (key->name == "max_failures")
        read_int(reading_, limit, kMaxFailures, {}, workflow_.limits.max_failures);
      else if (key->name == "max_requeues")
        read_int(reading_, limit, kMaxRequeues, Limits{}.max_requeues, workflow_.limits.max_requeues);
      else
        read_int(reading_, limit, kMaxInfraRetries, Limits{}.max_infra_retries, workflow_.limits.max_infra_retries);
    }
  }

  void read_tasks() {
    TaskNode start;
    if (const Entry* on_failure = find("on_failure")) read_on_failure(reading_, *on_failure, start.on_failure);
    if (const Entry* defaults = find("defaults")) read_defaults(reading_, *defaults->value, start);

    const Entry* tasks = find("tasks");
    if (tasks == nullptr) return error("E105", {1, 1}, "'tasks' is required; write at least one task");
    if (tasks->value->is_map() && tasks->value->entries.empty()) error("E105", tasks->value->at, "'tasks' has no task");
    read_map_of_tasks(*tasks, start);
    const Entry* last = find("finally");
    if (last == nullptr) return;
    start.runs_finally = true;
    read_map_of_tasks(*last, start);
    refuse_doubles();
  }

  void read_map_of_tasks(const Entry& map, const TaskNode& start) {
    if (!is_map_or_refuse(reading_, map.key, *map.value)) return;
    workflow_.tasks.reserve(workflow_.tasks.size() + map.value->entries.size());
    for (const Entry& entry : map.value->entries) {
      TaskNode& task = workflow_.tasks.emplace_back(start);
      task.name = entry.key;
      task.at = entry.at;
      (void)check_name(entry.key, entry.at, reading_.diagnostics);
      read_task(reading_, *entry.value, task);
    }
  }

  /// Within one map the document has no key twice.
  void refuse_doubles() {
    std::unordered_map<std::string_view, Position> first;
    for (const TaskNode& task : workflow_.tasks) {
      const auto [known, is_new] = first.emplace(task.name, task.at);
      if (!is_new)
        error("E102", task.at,
              fmt::format("duplicate key {} (first at line {})", in_quotes(task.name), known->second.line));
    }
  }

  const Reading& reading_;
  const YamlNode* root_ = nullptr;
  Workflow workflow_;
};

/// Until the end; nullopt, with errno set, when reading fails.
std::optional<std::string> contents_of(std::FILE* file) {
  std::string bytes;
  std::array<char, 1 << 16> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file))
    bytes.append(buffer.data(), count);
  if (std::ferror(file) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

std::string read_file(const std::string& path) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const File opened(path == "-" ? nullptr : std::fopen(path.c_str(), "rb"), &std::fclose);
  std::FILE* file = path == "-" ? stdin : opened.get();
  std::optional<std::string> bytes;
  if (file != nullptr) bytes = contents_of(file);
  if (!bytes) throw UsageError(fmt::format("cannot read '{}' ({}); check the path", path, std::strerror(errno)));
  return *std::move(bytes);
}

std::optional<Workflow> read_workflow(std::string_view bytes, Diagnostics& diagnostics) {
  std::optional<SourceText> source = SourceText::make(bytes, diagnostics);
  if (!source) return std::nullopt;
  const std::optional<Document> document = parse_document(std::move(*source), diagnostics);
  if (!document) return std::nullopt;
  static const YamlNode kNothing;
  const Reading reading{*document, diagnostics};
  Workflow workflow = WorkflowReader(reading).read(document->root != nullptr ? *document->root : kNothing);
  if (diagnostics.has_errors()) return std::nullopt;
  return workflow;
}

}  // namespace fugle::workflow
