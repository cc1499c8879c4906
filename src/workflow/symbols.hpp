// What expressions of one workflow can name outside their own task: parameters with their values, the environment,
// the workflow itself and its tasks. Made once per expansion, from the file and the command line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "workflow/expand.hpp"
#include "workflow/expression.hpp"
#include "workflow/slurm_request.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

struct Symbols {
  const Workflow* workflow = nullptr;
  std::unordered_map<std::string_view, std::uint32_t> task_numbers;
  std::vector<std::optional<Value>> params;        ///< parallel to Workflow::params; nullopt: stand-ins are used
  std::map<std::string, std::string> environment;  ///< for env.X: submit-time, then the top-level `env`
  std::vector<std::pair<std::string, std::string>> task_env;  ///< the top-level `env`, then FUGLE_PARAM_*
  std::string submit_directory;                               ///< absolute
  std::string directory;                                      ///< absolute: base of relative paths
  std::string scratch;                                        ///< absolute; empty: it is not written
  graph::RunLimits limits;
  std::uint64_t max_expand = 0;     ///< elements of one task
  std::optional<Duration> reserve;  ///< as written; nullopt: it is not
  SlurmRequest slurm;
  Files* files = nullptr;   ///< what can be asked of them; nullptr: nothing
  std::string run_id;       ///< where no run is made, something like it
  std::string run_dir;      ///< absolute; the same
  bool check_only = false;  ///< an environment variable may be unset as well
};

/// Reports E103 and E110 for -p, E105 for required parameters, and mistakes in the top-level `env`, `workdir`,
/// `scratch`, `limits`, `reserve` and `slurm`; a parameter whose value was refused is left without one.
[[nodiscard]] Symbols make_symbols(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics);

/// The number of a task; throws ExpressionError (E202, with the nearest name).
[[nodiscard]] std::uint32_t find_task(const Symbols& symbols, std::string_view name);

/// Values of params, workflow and env.
class WorkflowNames final : public Names {
 public:
  explicit WorkflowNames(const Symbols& symbols) : symbols_(symbols) {}
  [[nodiscard]] Value value_of(const Name& name) const override;
  [[nodiscard]] bool is_unset(const Name& name) const override;
  [[nodiscard]] bool is_doubtful(const Name& name) const override;
  [[nodiscard]] Value ask_files(FileQuestion question, const std::string& path) const override;

 private:
  const Symbols& symbols_;
};

}  // namespace fugle::workflow
