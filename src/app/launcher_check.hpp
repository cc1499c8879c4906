// Whether what starts MPI ranks is there, before anything is: stage P of the key `launcher` (FORMAT.md, E306), and
// whether Slurm makes as many job steps as that takes (W08). Knows the names of launchers, not how they are called.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

struct LauncherQuestion {
  const graph::Graph& graph;
  const workflow::Workflow* workflow;  ///< for places in the file; null: not at hand
  bool is_in_job = false;              ///< of Slurm: `auto` is srun there, or mpirun
  /// Whether there is a program of that name in PATH.
  std::function<bool(const std::string& name)> is_in_path;
  /// Steps that Slurm allows a job; nothing: not known. Called when there are ranks for srun to start.
  std::function<std::optional<std::uint64_t>()> max_steps{};
};

/// E306 for each task with ranks whose launcher is not in PATH; of a task that sets PATH itself nothing is said. W08
/// where more elements with ranks are to be started by srun than a job may have steps.
void check_launchers(const LauncherQuestion& question, const std::vector<std::uint32_t>& num_elements,
                     workflow::Diagnostics& diagnostics);

/// In what `scontrol show config` says; nothing: it does not say.
[[nodiscard]] std::optional<std::uint64_t> max_step_count_in(const std::string& config);

/// The question as it is for this process: its PATH, the job around it, and the Slurm it belongs to.
[[nodiscard]] LauncherQuestion launcher_question_here(const graph::Graph& graph, const workflow::Workflow* workflow,
                                                      bool is_in_job);

}  // namespace fugle::app
