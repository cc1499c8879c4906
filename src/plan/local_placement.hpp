// HEFT-local: earliest finish, looked for only where inputs are and where a core is free first, and given up by up to
// `slack_s` to stay where most input bytes are. Without gaps between what is placed, it costs O(E + V log workers).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/placement.hpp"
#include "plan/problem.hpp"

namespace fugle::plan {

/// `sequence`: all elements, each after what it needs. Memory and GPUs are not counted over time, only whether they
/// can ever suffice. Elements that fit nowhere, and gates, have no worker.
[[nodiscard]] std::vector<Placement> place_near_inputs(const Problem& problem, std::span<const std::uint32_t> sequence,
                                                       double slack_s);

}  // namespace fugle::plan
