// --select: which elements of a run are to run now (graph/selection.hpp).
#pragma once

#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "graph/selection.hpp"

namespace fugle::app {

void add_select_option(boost::program_options::options_description& options);
/// As given; empty: no selection. Throws UsageError for an option without a pattern.
[[nodiscard]] std::vector<std::string> select_patterns_from(const Arguments& arguments);
/// Says on standard error what was selected. Without patterns that is everything, and nothing is said. Throws
/// UsageError for a pattern that matches nothing.
[[nodiscard]] graph::Selection select_and_say(const graph::Graph& graph, const std::vector<std::string>& patterns);

}  // namespace fugle::app
