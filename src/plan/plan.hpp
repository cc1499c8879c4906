// Plan: which element is preferred when, on which worker, and what is granted together. A pure function of graph,
// machine, durations, options and seed; no clock: effort is counted in steps, so that the same input gives the same
// plan. A hint: work may move. Knows nothing of what has happened.
//
// How a plan is followed (by scheduler::Granter, and by predict(), which must agree). At each instant, after all that
// ends then has ended, for each priority from the highest down:
//  1. Each worker with room takes the first in order of the READY elements at home there that fit, again and again.
//  2. The READY elements that are left, first in order first, go to the worker with room that holds most of their input
//     bytes (what is on the same node counts half), ties to the most free cores, then to the lowest; see
//     plan/worker_choice.hpp for those without inputs. What fits on no worker with room waits.
// A lease is granted to its home as a whole when its first element is READY. Where workers differ in speed
// (Problem::durations_on) elements wait for their homes and step 2 is for those that have none.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/problem.hpp"

namespace fugle::plan {

enum class Policy : std::uint8_t {
  fifo,       ///< as they become READY, by id; no homes
  heft,       ///< upward ranks; homes by earliest finish with insertion
  partition,  ///< few bytes between nodes and every worker busy at every time
  automatic,  ///< the best of these for this graph and machine, searched further where it is small
};
[[nodiscard]] const char* name_of(Policy policy);  ///< "fifo", "heft", "partition", "auto"
[[nodiscard]] std::optional<Policy> policy_named(std::string_view name);

struct PlanOptions {
  Policy policy = Policy::automatic;
  int effort = 3;  ///< 0..9: how much is searched; each step about three times as much as the one before
  std::uint64_t seed = 1;
};

struct Plan {
  std::vector<std::uint32_t> order;    ///< [element] position 0 .. n-1, smaller starts first
  std::vector<std::int32_t> priority;  ///< [element] effective priority; empty: all the same
  std::vector<WorkerId> homes;         ///< [element] invalid: none; empty: nobody has one
  std::vector<std::uint32_t> leases;   ///< [element] number of its lease; empty: chains, found while granting
  Policy made_by = Policy::fifo;       ///< with Policy::automatic: the one that won
  bool was_searched = false;           ///< improved by search
};

[[nodiscard]] Plan make_plan(const Problem& problem, const PlanOptions& options);

}  // namespace fugle::plan
