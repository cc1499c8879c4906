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

/// What is said at the top of a file, for its tasks.
struct FileSymbols {
  std::vector<std::optional<Value>> params;                   ///< parallel to its params; nullopt: stand-ins are used
  std::map<std::string, std::string> env;                     ///< for env.X, above that of the file it is used in
  std::vector<std::pair<std::string, std::string>> task_env;  ///< `env`, then FUGLE_PARAM_*
  std::vector<EnvVar> late_env;                               ///< FUGLE_PARAM_* of params that are given
  std::string directory;                                      ///< absolute: base of relative paths
};

struct Symbols {
  const Workflow* workflow = nullptr;
  std::unordered_map<std::string_view, std::uint32_t> task_numbers;
  std::vector<FileSymbols> files;                      ///< by number: the workflow's own, then Workflow::used
  std::vector<std::vector<std::uint32_t>> tasks_in{};  ///< [file] numbers
  std::map<std::string, std::string> environment;      ///< for env.X: submit-time
  std::string submit_directory;                        ///< absolute
  std::string scratch;                                 ///< absolute; empty: it is not written
  graph::RunLimits limits;
  std::uint64_t max_expand = 0;     ///< elements of one task
  std::optional<Duration> reserve;  ///< as written; nullopt: it is not
  SlurmRequest slurm;
  Files* files_asked = nullptr;  ///< what can be asked of them; nullptr: nothing
  std::string run_id;       ///< where no run is made, something like it
  std::string run_dir;      ///< absolute; the same
  bool check_only = false;  ///< an environment variable may be unset as well

  [[nodiscard]] const std::string& directory_of(const TaskNode& task) const { return files[task.file].directory; }
  /// Those in a file and in the files that these use, but for those of `finally` and for those that use.
  [[nodiscard]] std::vector<std::uint32_t> tasks_below(std::uint32_t file) const;
};

/// Reports E103 and E110 for -p, E105 for required parameters, and mistakes in the top-level `env`, `workdir`,
/// `scratch`, `limits`, `reserve` and `slurm`; a parameter whose value was refused is left without one.
[[nodiscard]] Symbols make_symbols(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics);

/// Adds what is said at the top of Workflow::used[symbols.files.size() - 1].
void add_used_file(Symbols& symbols, Diagnostics& diagnostics);

/// The number of a task; throws ExpressionError (E202, with the nearest name).
[[nodiscard]] std::uint32_t find_task(const Symbols& symbols, std::string_view name);
/// By its name in a file.
[[nodiscard]] std::uint32_t find_task(const Symbols& symbols, std::uint32_t file, std::string_view name);

/// Values of params, workflow and env.
class WorkflowNames final : public Names {
 public:
  /// `file`: whose directory paths are relative to.
  explicit WorkflowNames(const Symbols& symbols, std::uint32_t file = 0) : symbols_(symbols), file_(file) {}
  [[nodiscard]] Value value_of(const Name& name) const override;
  [[nodiscard]] bool is_unset(const Name& name) const override;
  [[nodiscard]] bool is_doubtful(const Name& name) const override;
  [[nodiscard]] Value ask_files(FileQuestion question, const std::string& path) const override;

 private:
  [[nodiscard]] const std::string* variable(const Name& name) const;

  const Symbols& symbols_;
  std::uint32_t file_;
};

}  // namespace fugle::workflow
