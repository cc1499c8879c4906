// Workflow to Graph: parameters applied, matrices multiplied out, expressions evaluated, paths made absolute, edges
// made from `needs`, references and equal paths, cycles found. Pure: looks at no clock, and at files only through the
// port that it is given.
//
// Paths: those in the graph are absolute. In texts, inputs and outputs of other tasks are inserted as written when the
// task runs in the directory of the workflow, else absolute; an output of the task itself is a slot for its staged
// path, which is absolute always.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/files.hpp"
#include "workflow/slurm_request.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

struct ExpandOptions {
  std::string directory;                                    ///< absolute submit directory: base of relative paths
  std::vector<std::pair<std::string, std::string>> params;  ///< -p NAME=VALUE, in order
  std::map<std::string, std::string> environment;           ///< for env.X
  Files* files =
      nullptr;  ///< for exists(), glob(), lines() and `foreach` with a pattern; with check_only they stay unknown
  std::string run_id;  ///< of the run that is made of it, and its directory; empty: none is
  std::string run_dir;
  /// Validation without parameter values: a required parameter without value is no error, and what depends on it is
  /// checked as far as possible. The graph is then only good for being thrown away.
  bool check_only = false;
  Outlook* outlook = nullptr;  ///< filled by expand(), if it is there
};

/// nullopt when there are errors in `diagnostics`. The checks of FORMAT.md that need elements are made here: E105 and
/// E110 for parameters, E201 to E209 but E204, E402 to E405.
[[nodiscard]] std::optional<graph::Graph> expand(const Workflow& workflow, const ExpandOptions& options,
                                                 Diagnostics& diagnostics);

/// `reserve` as written in a workflow that expand() took; nullopt: it is not written.
[[nodiscard]] std::optional<Duration> reserve_of(const Workflow& workflow, const ExpandOptions& options);

/// What a workflow that expand() took asks Slurm for.
[[nodiscard]] SlurmRequest slurm_request_of(const Workflow& workflow, const ExpandOptions& options);

/// Stage P: inputs that no element produces must exist (E204, with a suggestion from the directory).
void check_inputs_exist(const graph::Graph& graph, const Workflow& workflow, Diagnostics& diagnostics);

}  // namespace fugle::workflow
