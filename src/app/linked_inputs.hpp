// Input files that nobody makes, where a workflow runs in another directory than its own: they are found there under
// the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "graph/graph.hpp"

namespace fugle::app {

enum class AbsentInput : std::uint8_t { left, made_empty };

/// Links those that are in `from` and not in `to`, both absolute; how many. What is in neither is left, or made empty.
/// Throws EnvironmentError.
std::size_t link_inputs(const graph::Graph& graph, const std::string& from, const std::string& to,
                        AbsentInput absent = AbsentInput::left);

/// Throws UsageError for an output outside of `directory`; `why` is what it would do there.
void expect_outputs_in(const graph::Graph& graph, const std::string& directory, const std::string& why);

}  // namespace fugle::app
