// How many elements with several workers run at once, as resources of a lower bound. Where worker i has room for p(i)
// of one kind of request, m elements that each want it on n different nodes need sum of min(p(i), m) >= n x m; what
// wants it on k n nodes counts as k of them. What k workers run wherever these are shares the sum of p(i).
#pragma once

#include <span>
#include <vector>

#include "plan/bound_model.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

/// For the kinds that do most work. None where each element has one worker, and not all of a node.
[[nodiscard]] std::vector<CountedResource> count_parties(const Problem& problem, std::span<const double> durations);

}  // namespace fugle::plan
