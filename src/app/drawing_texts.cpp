// A drawing as text, JSON, and in the languages of other programs.
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "app/drawing.hpp"
#include "report/json_text.hpp"

namespace fugle::app {
namespace {

std::string in_dot(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string in_mermaid(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '"')
      safe += "#quot;";
    else if (c == '#')
      safe += "#35;";
    else
      safe += c;
  }
  return safe;
}

std::string dot_style(const Drawing::Box& box) {
  if (box.is_handler) return ", style=filled, fillcolor=\"#fbe9e7\"";
  if (box.is_service) return ", style=\"rounded,filled\", fillcolor=\"#e3f1e5\"";
  if (box.runs_finally) return ", style=filled, fillcolor=\"#eeeeee\"";
  return box.is_conditional ? ", style=\"filled,dashed\", fillcolor=\"#fff7e0\"" : "";
}

/// Services are round, what may be skipped is a hexagon, what ends the run has double sides, a handler leans.
std::string mermaid_box(const Drawing::Box& box, const std::string& label) {
  if (box.is_service) return fmt::format("([\"{}\"])", label);
  if (box.is_handler) return fmt::format("[/\"{}\"/]", label);
  if (box.runs_finally) return fmt::format("[[\"{}\"]]", label);
  return box.is_conditional ? fmt::format("{{{{\"{}\"}}}}", label) : fmt::format("[\"{}\"]", label);
}

/// Boxes without a group first.
std::map<std::string, std::vector<std::uint32_t>> by_group(const Drawing& drawing) {
  std::map<std::string, std::vector<std::uint32_t>> groups;
  for (std::uint32_t i = 0; i < drawing.boxes.size(); ++i) groups[drawing.boxes[i].group].push_back(i);
  return groups;
}

}  // namespace

std::string text_of(const Drawing& drawing) {
  std::vector<std::string> needs(drawing.boxes.size());
  for (const Drawing::Arrow& arrow : drawing.arrows) {
    needs[arrow.to] += (needs[arrow.to].empty() ? "" : ", ") + drawing.boxes[arrow.from].name;
    if (!arrow.condition.empty()) needs[arrow.to] += " (" + arrow.condition + ")";
  }
  std::string text;
  for (std::size_t i = 0; i < drawing.boxes.size(); ++i) {
    const Drawing::Box& box = drawing.boxes[i];
    text += box.name + (box.detail.empty() ? "" : " (" + box.detail + ")");
    text += needs[i].empty() ? "\n" : " <- " + needs[i] + "\n";
  }
  return text;
}

std::string json_of(const Drawing& drawing) {
  report::Json json;
  json["workflow"] = drawing.name;
  json["nodes"] = report::Json::array();
  for (const Drawing::Box& box : drawing.boxes)
    json["nodes"].push_back({{"name", box.name},
                             {"detail", box.detail},
                             {"service", box.is_service},
                             {"finally", box.runs_finally},
                             {"when", box.is_conditional},
                             {"handler", box.is_handler}});
  json["edges"] = report::Json::array();
  for (const Drawing::Arrow& arrow : drawing.arrows)
    json["edges"].push_back({{"from", drawing.boxes[arrow.from].name},
                             {"to", drawing.boxes[arrow.to].name},
                             {"condition", arrow.condition.empty() ? "ok" : arrow.condition}});
  return report::to_pretty_text(json) + "\n";
}

std::string dot_of(const Drawing& drawing) {
  std::string dot = fmt::format("digraph {} {{\n  node [shape=box, fontname=\"sans-serif\"];\n", in_dot(drawing.name));
  for (const auto& [group, boxes] : by_group(drawing)) {
    if (!group.empty())
      dot += fmt::format("  subgraph {} {{\n  label={};\n", in_dot("cluster " + group), in_dot(group));
    for (const std::uint32_t i : boxes) {
      const Drawing::Box& box = drawing.boxes[i];
      std::string label = in_dot(box.name);
      if (!box.detail.empty()) label.insert(label.size() - 1, "\\n" + box.detail);
      dot += fmt::format("  {} [label={}{}];\n", in_dot(box.name), label, dot_style(box));
    }
    if (!group.empty()) dot += "  }\n";
  }
  for (const Drawing::Arrow& arrow : drawing.arrows) {
    dot += fmt::format("  {} -> {}", in_dot(drawing.boxes[arrow.from].name), in_dot(drawing.boxes[arrow.to].name));
    dot += arrow.condition.empty() ? ";\n" : fmt::format(" [label={}, style=dashed];\n", in_dot(arrow.condition));
  }
  return dot + "}\n";
}

std::string mermaid_of(const Drawing& drawing) {
  std::string text = "flowchart TD\n";
  for (const auto& [group, boxes] : by_group(drawing)) {
    if (!group.empty()) text += fmt::format("  subgraph g{}[\"{}\"]\n", boxes.front(), in_mermaid(group));
    for (const std::uint32_t i : boxes) {
      const Drawing::Box& box = drawing.boxes[i];
      const std::string label = in_mermaid(box.name) + (box.detail.empty() ? "" : "<br/>" + in_mermaid(box.detail));
      text += fmt::format("  n{}{}\n", i, mermaid_box(box, label));
    }
    if (!group.empty()) text += "  end\n";
  }
  for (const Drawing::Arrow& arrow : drawing.arrows) {
    const std::string line = arrow.condition.empty() ? "-->" : "-. " + arrow.condition + " .->";
    text += fmt::format("  n{} {} n{}\n", arrow.from, line, arrow.to);
  }
  return text;
}

}  // namespace fugle::app
