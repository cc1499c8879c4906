// Whether columns that come from a file can be a Graph at all. What the builder makes always can; a file may have been
// damaged, or made to do harm, and everything behind a Graph trusts its numbers.
#pragma once

#include <string>

#include "graph/graph.hpp"

namespace fugle::graph {

/// What is wrong, in a few words: lengths that do not fit each other, numbers out of range, texts that can not be
/// unpacked, edges that go round in a circle. Empty: nothing. Linear.
[[nodiscard]] std::string find_flaw(const GraphData& data);

}  // namespace fugle::graph
