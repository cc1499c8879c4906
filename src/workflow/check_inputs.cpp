// check_inputs_exist() of expand.hpp: the only look at the file system in the expansion. Each path is looked for once.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>

#include "base/text.hpp"
#include "workflow/expand.hpp"

namespace fugle::workflow {
namespace {

namespace fs = std::filesystem;

/// Who writes which path: absolute path to its task.
using Writers = std::unordered_map<std::string, const graph::Task*>;

Writers writers_of(const graph::Graph& graph) {
  Writers writers;
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    const graph::Task& task = graph.task_of(e);
    if (task.output_names.empty()) continue;
    for (std::string& path : graph.text(e).outputs) writers.emplace(std::move(path), &task);
  }
  return writers;
}

/// The path as the file has it where it is written out there, else absolute.
std::string_view as_written(const Input& input, const std::string& absolute) {
  for (const Text& path : input.paths) {
    const std::string_view end = std::string_view(path.raw).substr(path.raw.starts_with("./") ? 2 : 0);
    const bool is_literal = path.raw.find("${{") == std::string::npos;
    if (is_literal && absolute.ends_with(end) && absolute.size() > end.size() &&
        absolute[absolute.size() - end.size() - 1] == '/')
      return path.raw;
  }
  return absolute;
}

/// The file of that directory whose name is nearest; empty when none is near.
std::string nearest_file(const std::string& absolute) {
  const fs::path path(absolute);
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path.parent_path(), error), end; !error && entry != end; entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::sort(names.begin(), names.end());
  const std::vector<std::string_view> known(names.begin(), names.end());
  return std::string(nearest_word(path.filename().string(), known).value_or(""));
}

class InputCheck {
 public:
  InputCheck(const graph::Graph& graph, const Workflow& workflow, Diagnostics& diagnostics)
      : graph_(graph), diagnostics_(diagnostics), writers_(writers_of(graph)) {
    for (const TaskNode& task : workflow.tasks) nodes_.emplace(task.name, &task);
  }

  void check(ElementId e) {
    const graph::Task& task = graph_.task_of(e);
    if (task.input_names.empty()) return;
    const graph::ElementText text = graph_.text(e);
    for (std::size_t i = 0; i < text.inputs.size(); ++i)
      for (const std::string_view path : split(text.inputs[i], '\n'))
        if (!path.empty()) check_path(task, nodes_.at(task.name)->inputs[i], std::string(path));
  }

 private:
  void check_path(const graph::Task& task, const Input& input, const std::string& path) {
    const auto writer = writers_.find(path);
    if (writer != writers_.end() && comes_before(*writer->second, task)) return;
    // Many elements read the same files; each is looked at once.
    if (!seen_.insert(path).second) return;
    std::error_code error;
    if (fs::exists(path, error)) return;
    const std::string_view written = as_written(input, path);
    const std::string nearest = nearest_file(path);
    const std::string suggestion = nearest.empty() ? "" : fmt::format("{}{}", directory_part(written), nearest);
    std::string message = fmt::format("input '{}' of '{}': '{}' not found", input.name, task.name, written);
    if (!suggestion.empty()) message += fmt::format("; did you mean '{}'?", suggestion);
    diagnostics_.error("E204", input.paths.front().at, std::move(message), suggestion);
  }

  static bool comes_before(const graph::Task& writer, const graph::Task& reader) {
    return writer.name != reader.name && (reader.runs_finally || !writer.runs_finally);
  }

  /// Up to the last slash and with it.
  static std::string_view directory_part(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

  const graph::Graph& graph_;
  Diagnostics& diagnostics_;
  Writers writers_;
  std::unordered_map<std::string_view, const TaskNode*> nodes_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

void check_inputs_exist(const graph::Graph& graph, const Workflow& workflow, Diagnostics& diagnostics) {
  InputCheck check(graph, workflow, diagnostics);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) check.check(ElementId(e));
}

}  // namespace fugle::workflow
