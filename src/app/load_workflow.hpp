// A workflow file, an imported trace or a list of command lines, to a graph: what `validate`, `plan` and `run` share.
// All mistakes go to standard error at once (or to standard output as JSON), in the form of FORMAT.md section 9.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/arguments.hpp"
#include "graph/graph.hpp"
#include "workflow/import.hpp"
#include "workflow/slurm_request.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

enum class Source : std::uint8_t { yaml, wfformat, lines };
/// As in run.json: "yaml", "wfformat", "lines".
[[nodiscard]] const char* name_of(Source source);

/// How much is checked: `validate` looks at the file alone, `plan` also at parameter values and input files.
enum class Stage : std::uint8_t { validate, plan };

struct LoadOptions {
  std::string file;              ///< "-": standard input
  std::optional<Source> source;  ///< none: a JSON file with `schemaVersion` is WfFormat, all else YAML
  workflow::Replay replay;
  workflow::LinesOptions lines;
  std::vector<std::pair<std::string, std::string>> params;
  std::string directory;  ///< absolute submit directory: base of relative paths
  Stage stage = Stage::plan;
  bool needs_inputs = true;  ///< at Stage::plan: input files that nobody makes have to exist
  bool strict = false;       ///< warnings are errors too
  bool json = false;         ///< diagnostics as JSON on standard output
};

struct Loaded {
  workflow::Workflow workflow;
  graph::Graph graph;
  Source source = Source::yaml;
  std::optional<Duration> reserve;  ///< as the file has it
  workflow::SlurmRequest slurm;     ///< the same
};

/// nullopt after the mistakes were printed: the caller exits with 2. Throws UsageError when the file is not readable.
[[nodiscard]] std::optional<Loaded> load_workflow(const LoadOptions& options);

/// Adds what says how to read FILE: -p, --from, --replay, --lines, -c, --mem, --gpus, --timeout, --retries, --shell.
void add_load_options(boost::program_options::options_description& options);
/// The same, as given: FILE is the first word, or the value of --lines. Throws UsageError.
[[nodiscard]] LoadOptions load_options_from(const Arguments& arguments);

}  // namespace fugle::app
