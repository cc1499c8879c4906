// Importers: foreign formats to Workflow (FORMAT.md sections 13 and 14). Each format is one file.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "workflow/diagnostic.hpp"
#include "workflow/sbatch_job.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// What replaces the commands of an imported trace. Sleeping and doing nothing keep the edges, the data on them and the
/// cores; files, memory and priorities are left out: the first are not made, the others were of another machine.
struct Replay {
  enum class Kind : std::uint8_t { commands, sleep, none } kind = Kind::commands;
  double scale = 1.0;  ///< of the recorded run times
};

/// WfCommons WfFormat, schemaVersion 1.0 to 1.5, plain or gzip bytes.
[[nodiscard]] std::optional<Workflow> import_wfformat(std::string_view bytes, const Replay& replay,
                                                      Diagnostics& diagnostics);

struct LinesOptions {
  std::int64_t cores = 1;
  std::uint64_t mem_bytes = 0;
  std::int64_t gpus = 0;
  Duration timeout{0};
  std::int64_t retries = 0;
  std::string shell = "bash";
};
/// One task per line (FORMAT.md section 13).
[[nodiscard]] std::optional<Workflow> import_lines(std::string_view bytes, const LinesOptions& options,
                                                   Diagnostics& diagnostics);

struct SlurmOptions {
  std::string name;     ///< of the workflow
  std::string program;  ///< fugle, absolute: what scripts find under the name srun; empty: nothing is put there
  SbatchRules rules;
};
/// Calls of sbatch, in their order (FORMAT.md section 14.2). Each job is a task with the tag "id:N".
[[nodiscard]] std::optional<Workflow> import_slurm(std::span<const SbatchCall> calls, const SlurmOptions& options,
                                                   Diagnostics& diagnostics);

}  // namespace fugle::workflow
