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
#include "workflow/includes.hpp"
#include "workflow/merge.hpp"
#include "workflow/needs_check.hpp"
#include "workflow/needs_reader.hpp"
#include "workflow/params_reader.hpp"
#include "workflow/report_reader.hpp"
#include "workflow/restart_reader.hpp"
#include "workflow/run_keys_reader.hpp"
#include "workflow/sharing_reader.hpp"
#include "workflow/slurm_reader.hpp"
#include "workflow/task_reader.hpp"
#include "workflow/templates.hpp"
#include "workflow/triggers_reader.hpp"
#include "workflow/uses_reader.hpp"

namespace fugle::workflow {
namespace {

class WorkflowReader {
 public:
  WorkflowReader(const Reading& reading, UsedFiles& used_files) : reading_(reading), used_files_(used_files) {
    workflow_.file = reading.diagnostics.files()[reading.file];
  }

  Workflow read(const YamlNode& root) {
    root_ = &root;
    if (root.is_null()) {
      error("E105", start(), "the file is empty");
    } else if (!root.is_map()) {
      error("E104", root.at, "a workflow file is a map of keys like name and tasks");
    } else if (read_version()) {
      read_keys();
      check_needs(workflow_, reading_.diagnostics);
    }
    return std::move(workflow_);
  }

  /// All keys as they are in effect: templates and `defaults` are in the tasks. After read().
  [[nodiscard]] const YamlNode* resolved() {
    YamlNode whole = *root_;
    std::erase_if(whole.entries,
                  [](const Entry& entry) { return entry.key == "defaults" || entry.key == "templates"; });
    for (Entry& entry : whole.entries)
      for (const Entry& better : resolved_)
        if (entry.key == better.key) entry.value = better.value;
    return &reading_.document.nodes.emplace_back(std::move(whole));
  }

 private:
  void error(std::string_view code, Position at, std::string text) {
    reading_.diagnostics.error(code, at, std::move(text));
  }

  /// Of the file: for what is nowhere in it.
  [[nodiscard]] Position start() const { return {1, 1, reading_.file}; }

  /// nullptr when absent or null.
  [[nodiscard]] const Entry* find(std::string_view key) const {
    const auto entry = std::ranges::find(root_->entries, key, &Entry::key);
    return entry == root_->entries.end() || entry->value->is_null() ? nullptr : &*entry;
  }

  /// False for a newer format: its other keys may mean what they like.
  bool read_version() {
    const Entry* entry = find("version");
    if (entry == nullptr) error("E105", start(), "'version' is required; write version: 1");
    return entry == nullptr || accept_version(reading_, *entry);
  }

  void read_keys() {
    for (const Entry& entry : root_->entries) {
      if (entry.key == "partitions" && entry.value->is_scalar())
        error("E104", entry.value->at, "partitions are data slices; the Slurm queue is slurm.partition");
      else if (accept_key(reading_, Scope::top, entry, {}) != nullptr)
        read_key(entry);
    }
    if (find("name") == nullptr) error("E105", start(), "'name' is required; write name: WORD");
    read_tasks();
    if (const Entry* report = find("report")) read_report(reading_, *report, workflow_);
    check_secrets(reading_, workflow_);
    for (const TaskNode& task : workflow_.tasks) {
      check_restart(reading_, task, workflow_.reserve);
      check_pool_names(reading_, task, workflow_.pools);
    }
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
    else if (entry.key == "pools")
      read_pools(reading_, entry, workflow_.pools);
    else if (entry.key == "limits")
      read_limits(entry);
    else if (entry.key == "slurm")
      read_slurm(reading_, entry, workflow_.slurm);
    else if (entry.key == "triggers")
      read_triggers(reading_, entry, workflow_.triggers);
    else if (entry.key == "secrets")
      read_secrets(reading_, entry, workflow_.secrets);
    else if (entry.key == "deadline")
      read_deadline(reading_, entry, workflow_.deadline);
    else if (entry.key == "notify")
      read_notify(reading_, entry, workflow_.notify);
    else if (entry.key == "concurrency")
      read_concurrency(reading_, entry, workflow_.concurrency);
    else if (entry.key == "reserve")
      read_duration(reading_, entry, {}, workflow_.reserve);
    else if (entry.key == "outputs")
      read_given_outputs(reading_, entry, workflow_.outputs);
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
      if (key->name == "max_parallel")
        read_int(reading_, limit, kMaxParallel, {}, workflow_.limits.max_parallel);
      else if (key->name == "max_failures")
        read_int(reading_, limit, kMaxFailures, {}, workflow_.limits.max_failures);
      else if (key->name == "max_expand")
        read_int(reading_, limit, kMaxExpand, Limits{}.max_expand, workflow_.limits.max_expand);
      else if (key->name == "max_requeues")
        read_int(reading_, limit, kMaxRequeues, Limits{}.max_requeues, workflow_.limits.max_requeues);
      else
        read_int(reading_, limit, kMaxInfraRetries, Limits{}.max_infra_retries, workflow_.limits.max_infra_retries);
    }
  }

  void read_tasks() {
    TaskNode start_task;
    if (const Entry* on_failure = find("on_failure")) read_on_failure(reading_, *on_failure, {}, start_task);
    Templates templates(reading_, find("defaults"), find("templates"));

    const Entry* tasks = find("tasks");
    if (tasks == nullptr) {
      error("E105", start(), "'tasks' is required; write at least one task");
    } else {
      if (tasks->value->is_map() && tasks->value->entries.empty())
        error("E105", tasks->value->at, "'tasks' has no task");
      read_map_of_tasks(*tasks, start_task, templates);
    }
    if (const Entry* last = find("finally")) {
      start_task.runs_finally = true;
      read_map_of_tasks(*last, start_task, templates);
      refuse_doubles();
    }
    templates.warn_of_unused();
  }

  void read_map_of_tasks(const Entry& map, const TaskNode& start_task, Templates& templates) {
    if (!is_map_or_refuse(reading_, map.key, *map.value)) return;
    YamlNode whole = *map.value;
    for (Entry& entry : whole.entries) {
      TaskNode& task = workflow_.tasks.emplace_back(start_task);
      task.name = entry.key;
      task.at = entry.at;
      (void)check_name(entry.key, entry.at, reading_.diagnostics);
      const YamlNode& own = *entry.value;
      entry.value = templates.whole_task(entry);
      if (uses_file(*entry.value)) entry.value = keys_beside_uses(reading_, task.name, own, *entry.value);
      read_task(reading_, *entry.value, task);
      if (!task.uses) continue;
      used_files_.put_in(reading_, *entry.value, task);
      // Where they come from and who masks them is the same for the whole run.
      if (task.uses->file != nullptr)
        for (const SecretKey& secret : task.uses->file->secrets)
          if (std::ranges::find(workflow_.secrets, secret.name, &SecretKey::name) == workflow_.secrets.end())
            workflow_.secrets.push_back(secret);
    }
    resolved_.push_back({map.key, map.at, &reading_.document.nodes.emplace_back(std::move(whole))});
  }

  /// Within one map the document has no key twice.
  void refuse_doubles() {
    std::unordered_map<std::string_view, Position> first;
    for (const TaskNode& task : workflow_.tasks) {
      const auto [known, is_new] = first.emplace(task.name, task.at);
      if (!is_new)
        error("E102", task.at,
              fmt::format("duplicate key {} (first at {})", in_quotes(task.name),
                          reading_.diagnostics.in_words(known->second, task.at)));
    }
  }

  const Reading& reading_;
  UsedFiles& used_files_;
  const YamlNode* root_ = nullptr;
  Workflow workflow_;
  std::vector<Entry> resolved_;  ///< `tasks` and `finally`
};

}  // namespace

std::string read_file(const std::string& path) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const File opened(path == "-" ? nullptr : std::fopen(path.c_str(), "rb"), &std::fclose);
  std::FILE* file = path == "-" ? stdin : opened.get();
  std::optional<std::string> bytes;
  if (file != nullptr) bytes = bytes_of(file);
  if (!bytes) throw UsageError(fmt::format("cannot read '{}' ({}); check the path", path, std::strerror(errno)));
  return *std::move(bytes);
}

std::optional<Workflow> read_workflow(std::string_view bytes, Diagnostics& diagnostics, const ReadOptions& options,
                                      Resolved* resolved) {
  Resolved made;
  Document& document = resolved != nullptr ? resolved->document : made.document;
  const YamlNode* root = parse_file(document, bytes, 0, diagnostics);
  if (root == nullptr) return std::nullopt;
  const Reading reading{document, diagnostics};
  OtherFiles files(document, options.read_bytes, diagnostics);
  UsedFiles used_files(files, diagnostics, [&](const YamlNode& used) {
    const Reading its{document, diagnostics, used.at.file};
    return WorkflowReader(its, used_files).read(*with_includes(its, files, used));
  });
  WorkflowReader reader(reading, used_files);
  Workflow workflow = reader.read(*with_includes(reading, files, *root));
  if (resolved != nullptr) resolved->root = reader.resolved();
  if (diagnostics.has_errors()) return std::nullopt;
  return workflow;
}

}  // namespace fugle::workflow
