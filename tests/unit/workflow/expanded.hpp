// A workflow text read and expanded, for tests: its graph, and what was said about it.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace fugle::workflow {

/// A workflow text on its way to a graph, with what was said about it.
struct Expanded {
  std::optional<graph::Graph> graph;
  std::string messages;  ///< empty: none

  [[nodiscard]] ElementId find(std::string_view id) const { return graph->find(id); }
  [[nodiscard]] graph::ElementText text(std::string_view id) const { return graph->text(find(id)); }
  [[nodiscard]] const graph::Task& task(std::string_view id) const { return graph->task_of(find(id)); }
  /// The command as attempt 1 runs it.
  [[nodiscard]] std::vector<std::string> command(std::string_view id) const {
    const graph::ElementText element = text(id);
    std::vector<std::string> staged;
    for (const std::string& path : element.outputs) staged.push_back(graph::staged_path(path, 1));
    std::vector<std::string> words;
    for (const std::string& word : element.command) words.push_back(graph::fill_slots(word, {staged, 1, {}, {}}));
    return words;
  }
  [[nodiscard]] std::string ids() const {
    std::string all;
    for (std::uint32_t e = 0; e < graph->num_elements(); ++e)
      if (!graph->is_gate(ElementId(e))) all += fmt::format("{}{}", all.empty() ? "" : " ", graph->id(ElementId(e)));
    return all;
  }
  [[nodiscard]] std::string needs(std::string_view id) const {
    std::string all;
    for (const ElementId need : graph->real_needs(find(id)))
      all += fmt::format("{}{}", all.empty() ? "" : " ", graph->id(need));
    return all;
  }
};

struct Setup {
  std::vector<std::pair<std::string, std::string>> params;
  bool check_only = false;
};

inline Expanded expand_text(const std::string& tasks, const Setup& setup = {}, Files* files = nullptr) {
  Diagnostics diagnostics("w.yaml");
  Expanded result;
  const auto workflow = read_workflow("version: 1\nname: w\n" + tasks, diagnostics);
  if (workflow) {
    ExpandOptions options;
    options.directory = "/work";
    options.params = setup.params;
    options.environment = {{"HOME", "/home/u"}, {"ODD", "a b"}};
    options.check_only = setup.check_only;
    options.files = files;
    result.graph = expand(*workflow, options, diagnostics);
  }
  diagnostics.sort();
  result.messages = diagnostics.to_text();
  return result;
}

/// The first line of the messages, without the file.
inline std::string first_message(const Expanded& expanded) {
  const std::string line = expanded.messages.substr(0, expanded.messages.find('\n'));
  return line.starts_with("w.yaml:") ? line.substr(7) : line;
}

}  // namespace fugle::workflow
