#include "app/drawing.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace fugle::app {
namespace {

using graph::TaskKind;
using Sources = std::set<std::pair<std::uint32_t, std::string>>;  ///< box, condition

const char* condition_of(TaskKind gate) {
  switch (gate) {
    case TaskKind::end_gate: return "done";
    case TaskKind::fail_gate: return "failed";
    case TaskKind::start_gate: return "started";
    case TaskKind::any_gate: return "any";
    default: return "";
  }
}

std::string joined(const std::string& outer, const std::string& inner) {
  return outer.empty() || inner.empty() ? outer + inner : outer + " " + inner;
}

/// Arrows between the boxes that elements belong to; gates are seen through, each once.
class Arrows {
 public:
  Arrows(const graph::Graph& graph, const std::vector<std::uint32_t>& box_of)
      : graph_(graph), box_of_(box_of), through_(graph.num_elements()), is_known_(graph.num_elements()) {}

  std::vector<Drawing::Arrow> all() {
    std::set<Drawing::Arrow> arrows;
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e) {
      if (graph_.is_gate(ElementId(e))) continue;
      for (const auto& [box, condition] : sources(e))
        if (box != box_of_[e]) arrows.insert({box, box_of_[e], condition});
    }
    return {arrows.begin(), arrows.end()};
  }

 private:
  Sources sources(std::uint32_t element) {
    Sources found;
    for (const std::uint32_t need : graph_.needs(ElementId(element))) {
      if (graph_.is_gate(ElementId(need)))
        found.merge(Sources(through(need)));
      else
        found.emplace(box_of_[need], "");
    }
    return found;
  }
  const Sources& through(std::uint32_t gate) {
    if (is_known_[gate]) return through_[gate];
    const std::string condition = condition_of(graph_.task_of(ElementId(gate)).kind);
    for (const auto& [box, inner] : sources(gate)) through_[gate].emplace(box, joined(condition, inner));
    is_known_[gate] = true;
    return through_[gate];
  }

  const graph::Graph& graph_;
  const std::vector<std::uint32_t>& box_of_;
  std::vector<Sources> through_;
  std::vector<bool> is_known_;
};

Drawing::Box box_for(const graph::Task& task, std::string name, std::string detail) {
  const auto add = [&detail](bool is_true, const char* word) {
    if (is_true) detail += (detail.empty() ? "" : ", ") + std::string(word);
  };
  add(task.service.is_given, "service");
  add(task.has_when, "when");
  add(task.runs_finally, "finally");
  const std::size_t slash = task.name.rfind('/');
  return {std::move(name),
          std::move(detail),
          task.service.is_given,
          task.runs_finally,
          task.has_when,
          false,
          slash == std::string::npos ? "" : task.name.substr(0, slash)};
}

/// The task whose elements an element is, or stands for.
std::uint32_t task_number(const graph::Graph& graph, std::uint32_t e) {
  const graph::Task& task = graph.task_of(ElementId(e));
  return task.kind == TaskKind::expansion ? task.expands : graph.task_id_of(ElementId(e)).value();
}

/// "mdrun" of "mdrun[8,2]".
std::string_view task_part(std::string_view name) { return name.substr(0, name.find('[')); }

}  // namespace

Drawing draw_tasks(const graph::Graph& graph, const std::string& name) {
  Drawing drawing{name, {}, {}};
  std::vector<std::uint32_t> counts(graph.num_tasks());
  std::vector<bool> is_open(graph.num_tasks());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    const bool is_expansion = graph.task_of(ElementId(e)).kind == TaskKind::expansion;
    if (!is_expansion) ++counts[task_number(graph, e)];
    if (is_expansion && !graph.is_gate(ElementId(e))) is_open[task_number(graph, e)] = true;
  }
  std::vector<std::uint32_t> box_of_task(graph.num_tasks());
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (graph::is_gate(task.kind) || (counts[t] == 0 && !is_open[t])) continue;
    box_of_task[t] = static_cast<std::uint32_t>(drawing.boxes.size());
    const std::string count = counts[t] > 1 ? std::to_string(counts[t]) + " elements" : "";
    drawing.boxes.push_back(box_for(task, task.name, is_open[t] ? "elements known at run time" : count));
  }
  std::vector<std::uint32_t> box_of(graph.num_elements());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) box_of[e] = box_of_task[task_number(graph, e)];
  drawing.arrows = Arrows(graph, box_of).all();
  return drawing;
}

Drawing draw_elements(const graph::Graph& graph, const std::string& name) {
  Drawing drawing{name, {}, {}};
  std::vector<std::uint32_t> box_of(graph.num_elements());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (graph.is_gate(ElementId(e))) continue;
    box_of[e] = static_cast<std::uint32_t>(drawing.boxes.size());
    const graph::Task& task = graph.task_of(ElementId(e));
    const bool is_open = task.kind == TaskKind::expansion;
    drawing.boxes.push_back(
        box_for(task, std::string(graph.id(ElementId(e))), is_open ? "elements known at run time" : ""));
  }
  drawing.arrows = Arrows(graph, box_of).all();
  return drawing;
}

void mark_handlers(Drawing& drawing, std::span<const std::pair<std::string, std::string>> handlers) {
  for (const auto& [task, handler] : handlers) {
    for (Drawing::Box& box : drawing.boxes) {
      if (task_part(box.name) != handler) continue;
      // Its condition is the failure, which the arrow says.
      box.detail = "handler";
      box.is_handler = true;
      box.is_conditional = box.runs_finally = false;
    }
    std::erase_if(drawing.arrows, [&](const Drawing::Arrow& arrow) {
      return task_part(drawing.boxes[arrow.to].name) == handler && task_part(drawing.boxes[arrow.from].name) == task;
    });
    for (std::uint32_t from = 0; from < drawing.boxes.size(); ++from)
      for (std::uint32_t to = 0; to < drawing.boxes.size(); ++to)
        if (task_part(drawing.boxes[from].name) == task && task_part(drawing.boxes[to].name) == handler)
          drawing.arrows.push_back({from, to, "failed"});
  }
  std::ranges::sort(drawing.arrows);
}

}  // namespace fugle::app
