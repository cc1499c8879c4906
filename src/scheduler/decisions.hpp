// What the language has said of elements that are READY (scheduler/language.hpp): that they run, and with which texts.
// Kept until they are final. Of the head; knows nothing of what a text means.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "graph/graph.hpp"

namespace fugle::scheduler {

class Decisions {
 public:
  explicit Decisions(const graph::Graph& graph) : graph_(graph) {}

  /// Somebody has to say whether or how it runs when it is READY. It is granted alone.
  [[nodiscard]] bool are_wanted_of(ElementId e) const {
    const graph::Task& task = graph_.task_of(e);
    return task.has_when || task.is_late || task.kind == graph::TaskKind::expansion;
  }
  [[nodiscard]] bool has(ElementId e) const { return texts_.contains(e); }
  void keep(ElementId e, std::string packed_text) { texts_.insert_or_assign(e, std::move(packed_text)); }
  void forget(ElementId e) { texts_.erase(e); }
  /// As it runs: the text of the graph, where the task is not late.
  [[nodiscard]] std::string_view text_of(ElementId e) const {
    const auto said = texts_.find(e);
    return said != texts_.end() && graph_.task_of(e).is_late ? std::string_view(said->second) : graph_.packed_text(e);
  }

 private:
  const graph::Graph& graph_;
  std::unordered_map<ElementId, std::string> texts_;
};

}  // namespace fugle::scheduler
