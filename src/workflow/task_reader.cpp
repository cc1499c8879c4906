#include "workflow/task_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "workflow/files_reader.hpp"
#include "workflow/foreach_reader.hpp"
#include "workflow/function_reader.hpp"
#include "workflow/matrix_reader.hpp"
#include "workflow/metrics_reader.hpp"
#include "workflow/needs_reader.hpp"
#include "workflow/resources_reader.hpp"
#include "workflow/restart_reader.hpp"
#include "workflow/retries_reader.hpp"
#include "workflow/run_keys_reader.hpp"
#include "workflow/service_reader.hpp"
#include "workflow/sharing_reader.hpp"
#include "workflow/surroundings_reader.hpp"
#include "workflow/uses_reader.hpp"

namespace fugle::workflow {
namespace {

const TaskNode& builtin() {
  static const TaskNode task;
  return task;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class TaskReader {
 public:
  TaskReader(const Reading& reading, const Where& where, TaskNode& task)
      : reading_(reading), where_(where), task_(task) {}

  using Read = void (TaskReader::*)(const Entry&);
  struct Row {
    std::string_view key;
    Read read;
  };
  static const Row* find_row(std::string_view key);

  void read_entry(const Entry& entry) {
    const Row* row = find_row(entry.key);
    FUGLE_CHECK_THAT(row != nullptr, entry.key);
    (this->*row->read)(entry);
  }

 private:
  static const Row kRows[];

  [[nodiscard]] std::string_view owner() const { return where_.name.empty() ? where_.kind : where_.name; }

  /// Done before a task is read (templates.hpp).
  void nothing(const Entry& /*entry*/) {}
  void description(const Entry& entry) { read_string(reading_, entry, task_.description); }
  void env(const Entry& entry) { read_env(reading_, entry, task_.env); }
  void timeout(const Entry& entry) { read_duration(reading_, entry, builtin().timeout, task_.timeout); }
  void grace(const Entry& entry) { read_duration(reading_, entry, builtin().grace, task_.grace); }
  void estimate(const Entry& entry) { read_duration(reading_, entry, builtin().estimate, task_.estimate); }
  void late_after(const Entry& entry) { read_duration(reading_, entry, builtin().late_after, task_.late_after); }
  void secrets(const Entry& entry) { read_secrets(reading_, entry, task_.secrets); }
  void retries(const Entry& entry) { read_retries(reading_, entry, where_, task_.retries); }
  void on_failure(const Entry& entry) { read_on_failure(reading_, entry, where_, task_); }
  void restart(const Entry& entry) { read_restart(reading_, entry, where_, task_.restart); }
  void cleanup(const Entry& entry) { read_text(reading_, entry, task_.cleanup); }
  void setup(const Entry& entry) { read_text(reading_, entry, task_.setup); }
  void stub(const Entry& entry) { read_text(reading_, entry, task_.stub); }
  void log(const Entry& entry) { read_text(reading_, entry, task_.log); }
  void modules(const Entry& entry) { read_lines(reading_, entry, "names of modules in its list", task_.modules); }
  void container(const Entry& entry) { read_container(reading_, entry, where_, task_.container); }
  void ok_exit_codes(const Entry& entry) { read_ok_exit_codes(reading_, entry, task_.ok_exit_codes); }
  void tolerate(const Entry& entry) {
    read_field(reading_, entry, KeyType::tolerance, builtin().tolerate, task_.tolerate, parse_tolerance);
  }
  void priority(const Entry& entry) { read_int(reading_, entry, kPriority, builtin().priority, task_.priority); }

  void pools(const Entry& entry) { read_pool_uses(reading_, entry, where_, sharing().pools); }
  void max_parallel(const Entry& entry) { read_int(reading_, entry, kMaxParallel, {}, sharing().max_parallel); }
  void fail_fast(const Entry& entry) { read_bool(reading_, entry, {}, sharing().fail_fast); }

  void matrix(const Entry& entry) { read_matrix(reading_, entry, where_, task_); }
  void foreach(const Entry& entry) { read_foreach(reading_, entry, task_.foreach); }
  void inputs(const Entry& entry) { task_.inputs = read_inputs(reading_, entry, where_, owner()); }
  void outputs(const Entry& entry) { task_.outputs = read_outputs(reading_, entry, where_, owner()); }

  void run(const Entry& entry) {
    const YamlNode& node = *entry.value;
    task_.run_at = node.at;
    if (node.is_map()) return refuse_shape(reading_, entry.key, expectation(KeyType::command), node);
    if (node.is_scalar()) task_.script = reading_.document.text_of(node);
    for_each_scalar(reading_, entry.key, "text in its list", node,
                    [&](const YamlNode& word) { task_.argv.push_back(reading_.document.text_of(word)); });
  }

  void shell(const Entry& entry) {
    const YamlNode& node = *entry.value;
    if (node.is_map()) return refuse_shape(reading_, entry.key, expectation(KeyType::command), node);
    std::vector<std::string> words;
    if (node.is_scalar() && !refuse_marker(reading_, entry.key, node))
      for (const std::string_view word : split(node.text, ' '))
        if (!word.empty()) words.emplace_back(word);
    for_each_scalar(reading_, entry.key, "text in its list", node, [&](const YamlNode& item) {
      if (!refuse_marker(reading_, entry.key, item)) words.push_back(item.text);
    });
    if (node.is_null()) words = builtin().shell;
    if (words.empty()) return;
    if (words.back() != "-c") words.emplace_back("-c");
    task_.shell = std::move(words);
  }

  void needs(const Entry& entry) { read_needs(reading_, entry, where_, task_.needs); }
  void join(const Entry& entry) { read_join(reading_, entry, task_.joins_any); }
  void when(const Entry& entry) { read_when(reading_, entry, task_.when); }

  void resources(const Entry& entry) { read_resources(reading_, entry, where_, task_); }
  void launcher(const Entry& entry) { read_launcher(reading_, entry, task_.launcher); }

  void service(const Entry& entry) { read_service(reading_, entry, where_, task_.service); }
  void metrics(const Entry& entry) { read_metrics(reading_, entry, where_, owner(), task_.metrics); }
  void with(const Entry& entry) { read_with(reading_, entry, task_); }
  void uses(const Entry& entry) { read_uses(reading_, entry, task_); }
  void isolate(const Entry& entry) { read_bool(reading_, entry, builtin().isolate, task_.isolate); }
  void plugin(const Entry& entry) {
    read_field(reading_, entry, KeyType::text, builtin().plugin, task_.plugin, parse_plugin);
  }

  void workdir(const Entry& entry) {
    task_.has_own_workdir = entry.value->is_scalar() && entry.value->text == "per_element";
    if (task_.has_own_workdir)
      task_.workdir.reset();
    else
      read_text(reading_, entry, task_.workdir);
  }

  /// Only what happens anyway.
  void cache(const Entry& entry) {
    static constexpr std::string_view kWords[] = {"mtime", "content", "exists", "never"};
    const YamlNode& node = *entry.value;
    if (node.is_map()) return refuse_unbuilt(reading_, "cache: {by, key, expires, scope}", entry.at);
    const YamlNode* scalar = scalar_of(reading_, entry, KeyType::word);
    if (scalar == nullptr || scalar->text == "never") return;
    if (std::ranges::find(kWords, scalar->text) != std::end(kWords))
      return refuse_unbuilt(reading_, fmt::format("cache: {}", scalar->text), scalar->at);
    reading_.diagnostics.error(
        "E112", scalar->at, fmt::format("'cache' is {}; one of {}", in_quotes(scalar->text), fmt::join(kWords, ", ")),
        std::string(nearest_word(scalar->text, kWords).value_or("")));
  }

  void tags(const Entry& entry) {
    const YamlNode& node = *entry.value;
    if (node.is_null()) task_.tags.clear();
    if (!is_list_or_refuse(reading_, entry.key, node)) return;
    task_.tags.clear();
    for_each_scalar(reading_, entry.key, "words in its list", node, [&](const YamlNode& item) {
      if (refuse_marker(reading_, entry.key, item)) return;
      if (!item.text.empty() && item.text.find_first_of(" \t\r\n,") == std::string::npos)
        task_.tags.push_back(item.text);
      else
        reading_.diagnostics.error(
            "E112", item.at, fmt::format("tag {} can not be empty or hold blanks or commas", in_quotes(item.text)));
    });
  }

  Sharing& sharing() {
    if (!task_.sharing) task_.sharing.emplace();
    return *task_.sharing;
  }

  const Reading& reading_;
  const Where& where_;
  TaskNode& task_;
};

const TaskReader::Row TaskReader::kRows[] = {
    {"description", &TaskReader::description},
    {"extends", &TaskReader::nothing},
    {"run", &TaskReader::run},
    {"plugin", &TaskReader::plugin},
    {"uses", &TaskReader::uses},
    {"with", &TaskReader::with},
    {"isolate", &TaskReader::isolate},
    {"service", &TaskReader::service},
    {"metrics", &TaskReader::metrics},
    {"cache", &TaskReader::cache},
    {"shell", &TaskReader::shell},
    {"needs", &TaskReader::needs},
    {"join", &TaskReader::join},
    {"when", &TaskReader::when},
    {"matrix", &TaskReader::matrix},
    {"foreach", &TaskReader::foreach},
    {"max_parallel", &TaskReader::max_parallel},
    {"fail_fast", &TaskReader::fail_fast},
    {"priority", &TaskReader::priority},
    {"pools", &TaskReader::pools},
    {"tags", &TaskReader::tags},
    {"inputs", &TaskReader::inputs},
    {"outputs", &TaskReader::outputs},
    {"resources", &TaskReader::resources},
    {"launcher", &TaskReader::launcher},
    {"env", &TaskReader::env},
    {"workdir", &TaskReader::workdir},
    {"timeout", &TaskReader::timeout},
    {"grace", &TaskReader::grace},
    {"estimate", &TaskReader::estimate},
    {"late_after", &TaskReader::late_after},
    {"secrets", &TaskReader::secrets},
    {"retries", &TaskReader::retries},
    {"on_failure", &TaskReader::on_failure},
    {"tolerate", &TaskReader::tolerate},
    {"cleanup", &TaskReader::cleanup},
    {"setup", &TaskReader::setup},
    {"stub", &TaskReader::stub},
    {"log", &TaskReader::log},
    {"modules", &TaskReader::modules},
    {"container", &TaskReader::container},
    {"ok_exit_codes", &TaskReader::ok_exit_codes},
    {"restart", &TaskReader::restart},
};

const TaskReader::Row* TaskReader::find_row(std::string_view key) {
  const auto* row = std::ranges::find(kRows, key, &Row::key);
  return row == std::end(kRows) ? nullptr : row;
}

/// Whether the map holds a command, or a key that was meant to be one and is already reported.
bool mentions_command(const YamlNode& map) {
  return std::ranges::any_of(map.entries, [](const Entry& entry) {
    const YamlNode& value = *entry.value;
    if (entry.key == "run")
      return value.is_list() ? !value.items.empty() : !value.is_null() && !(value.is_scalar() && is_blank(value.text));
    if (entry.key == "plugin") return !value.is_null();
    if (entry.key == "uses") return true;
    return find_key(Scope::task, entry.key) == nullptr &&
           describe_unknown_key(Scope::task, entry.key, {}).suggestion == "run";
  });
}

void check_grace(const Reading& reading, const TaskNode& task) {
  const bool are_literal = task.grace.at.line > 0 && !task.grace.expression && !task.timeout.expression;
  if (!are_literal || task.timeout.value == Duration{0} || task.grace.value <= task.timeout.value) return;
  reading.diagnostics.error("E112", task.grace.at,
                            fmt::format("'grace' is {}; allowed up to the timeout, {}",
                                        format_duration(task.grace.value), format_duration(task.timeout.value)));
}

}  // namespace

const YamlNode* good_task_keys(const Reading& reading, const YamlNode& map, const Where& where) {
  const bool are_defaults = where.kind == "defaults";
  TaskNode thrown_away;
  TaskReader reader(reading, where, thrown_away);
  const std::vector<Diagnostic>& said = reading.diagnostics.all();
  YamlNode good = map;
  good.entries.clear();
  for (const Entry& entry : map.entries) {
    const Key* known = find_key(Scope::task, entry.key);
    if (are_defaults && known != nullptr && !known->is_in_defaults) {
      reading.diagnostics.error("E113", entry.at,
                                fmt::format("'{}' is not allowed here: defaults apply to every task", entry.key));
      continue;
    }
    if (accept_key(reading, Scope::task, entry, where) == nullptr) continue;
    const auto before = static_cast<std::ptrdiff_t>(said.size());
    reader.read_entry(entry);
    good.entries.push_back(entry);
    const auto is_error = [](const Diagnostic& one) { return one.severity == Severity::error; };
    if (std::none_of(said.begin() + before, said.end(), is_error)) continue;
    YamlNode& broken = reading.document.nodes.emplace_back();
    broken.kind = YamlNode::Kind::broken;
    broken.at = entry.value->at;
    good.entries.back().value = &broken;
  }
  return &reading.document.nodes.emplace_back(std::move(good));
}

void read_task(const Reading& reading, const YamlNode& node, TaskNode& into) {
  if (node.is_scalar() || node.is_list()) {
    reading.diagnostics.error("E104", node.at,
                              fmt::format("task {} expects a map with run, got {}", in_quotes(into.name),
                                          node.is_list() ? "a list" : in_quotes(node.text)));
    return;
  }
  const Where where{"task", into.name, nullptr};
  TaskReader reader(reading, where, into);
  for (const Entry& entry : node.entries)
    if (accept_key(reading, Scope::task, entry, where) != nullptr) reader.read_entry(entry);
  if (node.kind != YamlNode::Kind::broken && !mentions_command(node))
    reading.diagnostics.error("E105", into.at, fmt::format("task {} has no run, plugin or uses", in_quotes(into.name)));
  finish_matrix(reading, into);
  check_foreach(reading, into);
  check_grace(reading, into);
  check_resources(reading, into);
  check_function(reading, into);
  check_surroundings(reading, into);
  check_retries(reading, into);
  check_service(reading, into);
  check_metrics(reading, into);
}

bool has_reader(std::string_view task_key) { return TaskReader::find_row(task_key) != nullptr; }

}  // namespace fugle::workflow
