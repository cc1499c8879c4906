// run --only E: one element of a workflow alone, whatever it needs; what others made is there already, or the person
// knows better. With --attach it is this terminal's.
#pragma once

#include <string>

#include "app/arguments.hpp"
#include "graph/graph.hpp"

namespace fugle::app {

/// Adds --only and --attach.
void add_only_options(boost::program_options::options_description& options);
/// Empty: not asked for. Throws UsageError where it is asked for together with what it can not go with.
[[nodiscard]] std::string only_from(const Arguments& arguments);

/// A graph of that element and nothing else. Throws UsageError for one there is not, and for one whose texts come from
/// other tasks.
[[nodiscard]] graph::Graph only_element(const graph::Graph& graph, const std::string& id);

/// Becomes the command of that element, in its directory, with its variables. Returns only when that fails. Throws as
/// only_element().
[[noreturn]] void attach_to_element(const graph::Graph& graph, const std::string& id);

}  // namespace fugle::app
