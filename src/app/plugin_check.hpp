// Whether the functions that tasks call can be loaded, before anything runs: stage P of the key `plugin` (FORMAT.md,
// E305). Loading a library runs code of it, so each is tried in a process of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

/// What is wrong with "library:function", for people; nothing: it can be called.
using PluginTrial = std::function<std::optional<std::string>(const std::string& function)>;

/// By a child process, which sees the environment of this one. Not for a rank after MPI_Init.
[[nodiscard]] std::optional<std::string> try_plugin(const std::string& function);

/// E305 for each task with one of `num_elements[task]` elements or more whose function can not be called. Each function
/// is tried once.
void check_plugins(const graph::Graph& graph, const workflow::Workflow* workflow, const PluginTrial& trial,
                   const std::vector<std::uint32_t>& num_elements, workflow::Diagnostics& diagnostics);

}  // namespace fugle::app
