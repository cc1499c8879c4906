// What a run comes to when nothing fails: which elements it skips, since they only run after a failure of others. What
// `when` says is not known before; such elements are taken for ones that run. Pure, linear in elements and edges.
#pragma once

#include <vector>

#include "graph/graph.hpp"

namespace fugle::graph {

/// [element]; gates of which nothing comes are among them. Empty: none is skipped.
[[nodiscard]] std::vector<bool> skipped_in_good_run(const Graph& graph);

}  // namespace fugle::graph
