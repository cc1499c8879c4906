#include "workflow/wfformat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace fugle::workflow {
namespace {

using Json = nlohmann::json;

constexpr double kKilobyte = 1000;

Position position_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = before.rfind('\n') + 1;
  return {line + 1, static_cast<std::uint32_t>(before.size() - start) + 1};
}

/// The member, or null.
const Json& member(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

/// The first of two members that is there: the names of different versions.
const Json& member(const Json& object, const char* key, const char* older_key) {
  const Json& value = member(object, key);
  return value.is_null() ? member(object, older_key) : value;
}

/// Ids are texts; numbers are taken as well.
std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string();
}

std::optional<double> number_of(const Json& value) {
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  if (list.is_array())
    for (const Json& item : list) texts.push_back(text_of(item));
  return texts;
}

double bytes_of(const Json& object, const char* in_bytes, const char* in_kilobytes) {
  if (const auto bytes = number_of(member(object, in_bytes))) return std::max(*bytes, 0.0);
  return std::max(number_of(member(object, in_kilobytes)).value_or(0), 0.0) * kKilobyte;
}

class TraceReader {
 public:
  std::optional<WfTrace> read(const Json& root) {
    trace_.name = text_of(member(root, "name"));
    const Json& workflow = member(root, "workflow");
    const Json& specification = member(workflow, "specification");
    const Json& execution = member(workflow, "execution");
    const Json& tasks = member(specification.is_object() ? specification : workflow, "tasks", "jobs");
    if (!tasks.is_array()) return std::nullopt;
    read_files(member(specification, "files"));
    for (const Json& task : tasks) {
      if (!task.is_object()) return std::nullopt;
      trace_.tasks.push_back(read_task(task));
    }
    read_execution(member(execution, "tasks"));
    note_ignored(workflow, {"machines"});
    note_ignored(execution, {"machines"});
    note_ignored(root, {"author", "createdAt", "wms", "runtimeSystem"});
    return std::move(trace_);
  }

 private:
  std::uint32_t file_number(const std::string& id) {
    const auto [place, is_new] = file_numbers_.try_emplace(id, static_cast<std::uint32_t>(trace_.files.size()));
    if (is_new) trace_.files.push_back({id, 0});
    return place->second;
  }

  /// A file as its id alone, or as an object with id or name and size.
  std::uint32_t read_file(const Json& file) {
    if (!file.is_object()) return file_number(text_of(file));
    const std::uint32_t number = file_number(text_of(member(file, "id", "name")));
    const double bytes = bytes_of(file, "sizeInBytes", "size");
    if (bytes > 0) trace_.files[number].bytes = bytes;
    return number;
  }

  void read_files(const Json& files) {
    if (!files.is_array()) return;
    for (const Json& file : files) read_file(file);
  }

  WfTask read_task(const Json& json) {
    WfTask task;
    task.id = text_of(member(json, "id", "name"));
    task.name = text_of(member(json, "name", "id"));
    task.has_parents = member(json, "parents").is_array();
    task.has_children = member(json, "children").is_array();
    task.parents = texts_of(member(json, "parents"));
    task.children = texts_of(member(json, "children"));
    for (const Json& file : list_of(json, "inputFiles")) task.inputs.push_back(read_file(file));
    for (const Json& file : list_of(json, "outputFiles")) task.outputs.push_back(read_file(file));
    for (const Json& file : list_of(json, "files")) {
      const std::string link = text_of(member(file, "link"));
      const std::uint32_t number = read_file(file);
      if (link != "output") task.inputs.push_back(number);
      if (link != "input") task.outputs.push_back(number);
    }
    read_measured(json, task);
    return task;
  }

  static const Json& list_of(const Json& object, const char* key) {
    static const Json kEmpty = Json::array();
    const Json& list = member(object, key);
    return list.is_array() ? list : kEmpty;
  }

  void read_execution(const Json& executed) {
    if (!executed.is_array()) return;
    std::unordered_map<std::string_view, WfTask*> by_id;
    for (WfTask& task : trace_.tasks) by_id.emplace(task.name, &task);
    for (WfTask& task : trace_.tasks) by_id[task.id] = &task;
    for (const Json& json : executed) {
      const auto task = by_id.find(text_of(member(json, "id", "name")));
      if (task != by_id.end()) read_measured(json, *task->second);
    }
  }

  /// What a task did: beside its place in the graph up to 1.4, in `execution` since.
  void read_measured(const Json& json, WfTask& task) {
    const Json& command = member(json, "command");
    const Json& arguments = command.is_object() ? member(command, "arguments") : member(json, "arguments");
    const std::string program = command.is_string() ? text_of(command) : text_of(member(command, "program"));
    if (!program.empty()) task.program = program;
    if (arguments.is_array()) task.arguments = texts_of(arguments);
    if (arguments.is_string()) task.program += " " + text_of(arguments);
    task.is_shell_text = arguments.is_string() || task.program.find('\n') != std::string::npos;
    if (const auto seconds = number_of(member(json, "runtimeInSeconds", "runtime"))) task.runtime_s = seconds;
    task.cores = number_of(member(json, "coreCount", "cores")).value_or(task.cores);
    task.memory_bytes = std::max(task.memory_bytes, bytes_of(json, "memoryInBytes", "memory"));
    if (const auto priority = number_of(member(json, "priority"))) task.priority = priority;
    note_ignored(json, {"machine", "machines", "avgCPU", "energy", "energyInKWh", "avgPower", "avgPowerInW",
                        "readBytes", "bytesRead", "writtenBytes", "bytesWritten", "metrics", "executedAt"});
  }

  void note_ignored(const Json& json, std::initializer_list<const char*> keys) {
    for (const char* key : keys)
      if (!member(json, key).is_null() &&
          std::find(trace_.ignored.begin(), trace_.ignored.end(), key) == trace_.ignored.end())
        trace_.ignored.emplace_back(key);
  }

  WfTrace trace_;
  std::unordered_map<std::string, std::uint32_t> file_numbers_;
};

void refuse(Position at, std::string_view problem, Diagnostics& diagnostics) {
  diagnostics.error("E502", at, fmt::format("import: cannot read this line as wfformat: {}", problem));
}

}  // namespace

std::optional<WfTrace> read_wfformat(std::string_view json, Diagnostics& diagnostics) {
  constexpr Position kStart{1, 1};
  Json root;
  try {
    root = Json::parse(json);
  } catch (const Json::parse_error& error) {
    const std::size_t offset = error.byte > 0 ? error.byte - 1 : 0;
    refuse(position_of(json, std::min(offset, json.size())), "this is not JSON", diagnostics);
    return std::nullopt;
  } catch (const Json::exception&) {
    refuse(kStart, "it holds a number that is too large", diagnostics);
    return std::nullopt;
  }
  const std::string version = text_of(member(root, "schemaVersion"));
  if (!version.empty() && version != "1" && !version.starts_with("1.")) {
    refuse(place_of_text(json, version), fmt::format("schemaVersion '{}' is none of 1.0 to 1.6", version), diagnostics);
    return std::nullopt;
  }
  auto trace = TraceReader().read(root);
  if (!trace)
    refuse(kStart, "there is no list workflow.specification.tasks, workflow.tasks or workflow.jobs", diagnostics);
  return trace;
}

Position place_of_text(std::string_view json, std::string_view text) {
  const std::string written = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::size_t offset = json.find(written);
  return position_of(json, offset == std::string_view::npos ? 0 : offset);
}

}  // namespace fugle::workflow
