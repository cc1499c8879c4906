// The run directory as files and names (REQUIREMENTS section 3), and run.json: what the run was started from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/access.hpp"
#include "app/load_workflow.hpp"
#include "base/time.hpp"
#include "graph/table_spec.hpp"
#include "plan/plan.hpp"
#include "workflow/run_rules.hpp"

namespace fugle::app {

/// Who starts the ranks.
enum class Launcher : std::uint8_t { none, mpirun, srun };
[[nodiscard]] const char* name_of(Launcher launcher);  ///< "none", "mpirun", "srun"

/// How the ranks of a run were started: what `resume` does again.
struct Placement {
  Launcher launcher = Launcher::none;  ///< none: this process is all there is
  std::uint32_t mpi_ranks = 0;         ///< 0: one process
  std::uint32_t cores_per_rank = 0;    ///< 0: all there are, shared by the ranks of a node
};

/// run.json
struct RunFacts {
  std::string run;
  std::string workflow;  ///< name
  std::string file;      ///< as given
  Source source = Source::yaml;
  std::vector<std::pair<std::string, std::string>> params;  ///< as given: -p
  std::vector<std::pair<std::string, std::string>> values;  ///< of all params, wherever they come from
  std::string submit_dir;
  std::string host;
  std::string user;
  int pid = 0;
  std::vector<std::string> argv;
  Time created{};
  Placement placement;
  plan::PlanOptions planning;
  std::optional<Duration> reserve;  ///< as the file has it
  workflow::SlurmRequest slurm;     ///< as the file has it, or `fugle submit` was told
  graph::TableSpec table;           ///< as the file has it
  workflow::RunRules rules;         ///< as the file has them
  Time deadline_at = kNever;        ///< of a deadline by the clock
  std::string secrets_file;         ///< where values of secrets are; empty: in the environment
  bool keeps_journal = true;        ///< false: --journal off
  std::vector<std::string> select;  ///< patterns of elements it was started for; empty: all
  Access access;                    ///< for the making of the directory, whose rights then say it: not in run.json
};

/// The directory of runs: --runs-dir, else FUGLE_RUNS, else .fugle; absolute.
[[nodiscard]] std::string runs_directory(const std::string& given);
/// "<name>-<UTC time>-<4 letters>"
[[nodiscard]] std::string make_run_id(const std::string& workflow_name, Time now);
[[nodiscard]] std::string host_name();
[[nodiscard]] std::string user_name();

/// Makes runs_dir/run with its folders, 0700 or as `access` says; returns its absolute path. A runs_dir that is made
/// here gets the same rights. Throws EnvironmentError, also when there is such a run already.
std::string create_run_directory(const std::string& runs_dir, const std::string& run, const Access& access = {});
void write_run_facts(const std::string& run_dir, const RunFacts& facts);
/// Throws EnvironmentError: not the text of a run.json.
[[nodiscard]] RunFacts parse_run_facts(const std::string& text);
/// Throws EnvironmentError when run.json is absent or damaged.
[[nodiscard]] RunFacts read_run_facts(const std::string& run_dir);

}  // namespace fugle::app
