// A workflow as boxes and arrows: its tasks, or its elements. What `fugle graph` writes in several forms.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::app {

struct Drawing {
  struct Box {
    std::string name;
    std::string detail;  ///< a short line below the name: "6 elements, when"
    bool is_service = false;
    bool runs_finally = false;
    bool is_conditional = false;  ///< it may be skipped
    bool is_handler = false;      ///< it runs when another one has failed
    std::string group;            ///< of tasks with a common prefix, "post" of "post/regrid"; empty: none
  };
  struct Arrow {
    std::uint32_t from = 0;  ///< number in `boxes`
    std::uint32_t to = 0;
    std::string condition;  ///< "done", "failed", "started", "any"; empty: the one above is OK
    auto operator<=>(const Arrow&) const = default;
  };
  std::string name;
  std::vector<Box> boxes;
  std::vector<Arrow> arrows;  ///< ascending, each once
};

[[nodiscard]] Drawing draw_tasks(const graph::Graph& graph, const std::string& name);
[[nodiscard]] Drawing draw_elements(const graph::Graph& graph, const std::string& name);

/// The handlers of a workflow: pairs of a task and the one that runs when it has failed.
void mark_handlers(Drawing& drawing, std::span<const std::pair<std::string, std::string>> handlers);

/// One line for each box, with what it needs.
[[nodiscard]] std::string text_of(const Drawing& drawing);
[[nodiscard]] std::string json_of(const Drawing& drawing);
/// For graphviz.
[[nodiscard]] std::string dot_of(const Drawing& drawing);
[[nodiscard]] std::string mermaid_of(const Drawing& drawing);
/// Layers from top to bottom; needs no other program.
[[nodiscard]] std::string svg_of(const Drawing& drawing);

}  // namespace fugle::app
