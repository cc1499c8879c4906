#include "graph/task.hpp"

#include <algorithm>

namespace fugle::graph {

const char* name_of(FailureClass cls) {
  switch (cls) {
    case FailureClass::none: return "none";
    case FailureClass::error: return "error";
    case FailureClass::signal: return "signal";
    case FailureClass::timeout: return "timeout";
    case FailureClass::oom: return "oom";
    case FailureClass::output: return "output";
    case FailureClass::check: return "check";
    case FailureClass::performance: return "performance";
    case FailureClass::setup: return "setup";
    case FailureClass::expand: return "expand";
    case FailureClass::launch: return "launch";
    case FailureClass::node_fail: return "node_fail";
    case FailureClass::preempted: return "preempted";
    case FailureClass::lost: return "lost";
    case FailureClass::cancelled: return "cancelled";
  }
  return "unknown";
}

bool RetryPolicy::covers(FailureClass cls, int exit_code) const {
  if ((classes >> static_cast<unsigned>(cls) & 1u) != 0) return true;
  return cls == FailureClass::error && std::any_of(exit_codes.begin(), exit_codes.end(), [&](const auto& range) {
           return range.first <= exit_code && exit_code <= range.second;
         });
}

std::uint32_t Tolerance::limit(std::uint32_t num_elements) const {
  // A part of 0.1 of 10 is 1, though 0.1 is a little less than a tenth.
  const auto part = static_cast<std::uint32_t>(fraction * num_elements + 1e-9);
  return std::max(count, part);
}

}  // namespace fugle::graph
