// A workflow file, an imported trace or a list of command lines, to a graph: what `validate`, `plan` and `run` share.
// All mistakes go to standard error at once (or to standard output as JSON), in the form of FORMAT.md section 9.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/arguments.hpp"
#include "app/capture_driver.hpp"
#include "app/kept_workflow.hpp"
#include "graph/graph.hpp"
#include "workflow/import.hpp"
#include "workflow/run_rules.hpp"
#include "workflow/slurm_request.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

enum class Source : std::uint8_t { yaml, wfformat, lines, slurm, sbatch };
/// As in run.json: "yaml", "wfformat", "lines", "slurm", "sbatch".
[[nodiscard]] const char* name_of(Source source);
/// nullopt: there is no such source.
[[nodiscard]] std::optional<Source> source_named(std::string_view word);

/// How much is checked: `validate` looks at the file alone, `plan` also at parameter values and input files.
enum class Stage : std::uint8_t { validate, plan };

struct LoadOptions {
  std::string file;              ///< "-": standard input
  bool is_own = false;           ///< of this program itself: `file` is only its name
  std::optional<Source> source;  ///< none: a JSON file with `schemaVersion` is WfFormat, all else YAML
  workflow::Replay replay;
  workflow::LinesOptions lines;
  std::string array;         ///< with Source::slurm: --array of sbatch
  bool approximate = false;  ///< of imported formats: what is only nearly the same is W51, not E501
  /// With Source::sbatch: the directory of the recording.
  std::string recording;
  /// It goes with the last copy of these options: a front-end and what it starts read it at their own times.
  std::shared_ptr<const DriverRecording> driver;
  std::vector<std::pair<std::string, std::string>> params;
  std::string params_file;  ///< below `params`; empty: none
  /// Of an earlier run: what was read then is used, not what has become of the files since.
  std::shared_ptr<const KeptWorkflow> stored;
  std::string secrets_file;  ///< absolute; empty: none
  bool has_stubs = false;      ///< its stubs instead of its commands
  std::string looks_for_files;  ///< where expressions look for files, instead of in `directory`; empty: there
  std::string directory;  ///< absolute submit directory: base of relative paths
  Stage stage = Stage::plan;
  bool needs_inputs = true;  ///< at Stage::plan: input files that nobody makes have to exist, and secrets be set
  std::string runs_dir;      ///< where the run is made, for run.id and run.dir; empty: none is
  bool strict = false;       ///< warnings are errors too
  bool json = false;         ///< diagnostics as JSON on standard output
  bool keeps_resolved = false;   ///< Loaded::resolved is wanted
  bool prints_resolved = false;  ///< the workflow as it is in effect on standard output, when it is good
};

struct Loaded {
  workflow::Workflow workflow;
  graph::Graph graph;
  workflow::Outlook outlook;  ///< of what the graph has not yet
  Source source = Source::yaml;
  std::optional<Duration> reserve;  ///< as the file has it
  workflow::SlurmRequest slurm;     ///< the same
  workflow::RunRules rules;         ///< the same
  std::string run_id;               ///< of the run that is to be made
  std::vector<std::pair<std::string, std::string>> values;  ///< of its params, in the order of the file
  std::string resolved;             ///< as workflow::resolved_json() has it, where it is wanted and there are keys
  KeptWorkflow kept;                ///< its texts, and what they were expanded with
};


/// nullopt after the mistakes were printed: the caller exits with 2. Throws UsageError when the file is not readable.
[[nodiscard]] std::optional<Loaded> load_workflow(const LoadOptions& options);

/// What reads the workflow of a run again. Throws UsageError where nobody can.
[[nodiscard]] LoadOptions load_options_of(KeptWorkflow kept, Source source);

/// Adds what says how to read FILE: -p, --params-file, --from, --replay, --lines, -c, --mem, --gpus, --timeout,
/// --retries, --shell, --array, --approximate, and the words after "--" as a driver.
void add_load_options(boost::program_options::options_description& options);
/// Of these -p and --params-file alone.
void add_params_options(boost::program_options::options_description& options);
void take_params(const Arguments& arguments, LoadOptions& options);
/// Lets words after "--" be the driver of --from sbatch.
void add_driver_words(Usage& usage);
/// The same, as given: FILE is the first word, or the value of --lines. Throws UsageError.
[[nodiscard]] LoadOptions load_options_from(const Arguments& arguments);
/// The words that make another process load the same, without running a driver a second time.
[[nodiscard]] Args args_for_ranks(const Args& args, const LoadOptions& options);

}  // namespace fugle::app
