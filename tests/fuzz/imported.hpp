// What every importer must keep: a workflow or errors, and a workflow that expands, or errors.
#pragma once

#include <cstdlib>
#include <optional>

#include "workflow/expand.hpp"
#include "workflow/import.hpp"

namespace fugle::workflow {

inline void judge_imported(const std::optional<Workflow>& workflow, Diagnostics& diagnostics) {
  if (workflow.has_value() == diagnostics.has_errors()) std::abort();
  if (!workflow) return;
  ExpandOptions options;
  options.directory = "/somewhere";
  const auto graph = expand(*workflow, options, diagnostics);
  if (graph.has_value() == diagnostics.has_errors()) std::abort();
}

}  // namespace fugle::workflow
