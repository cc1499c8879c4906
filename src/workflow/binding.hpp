// Where processes run among others that have cores of their own.
#pragma once

#include <vector>

#include "graph/graph.hpp"

namespace fugle::workflow {

/// What is bound to cores of its own, such as ranks, cannot give way to a process that runs anywhere: beside it each
/// gets the core it has leased. Else one-core processes are left to the system, which costs least.
void bind_beside_what_is_bound(std::vector<graph::Task>& tasks);
/// The same of tasks that come to those of `graph`.
void bind_beside_what_is_bound(const graph::Graph& graph, std::vector<graph::Task>& tasks);

}  // namespace fugle::workflow
