// What a workflow was made a graph of, kept in the run directory: so that a later life of the run makes of it what is
// known only while the run goes on, whatever has become of the files since; and that the same can be run again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "workflow/expand.hpp"
#include "workflow/files.hpp"
#include "workflow/import.hpp"

namespace fugle::app {

struct KeptWorkflow {
  std::string file;                          ///< as given
  std::string text;                          ///< its bytes
  std::map<std::string, std::string> others;  ///< path as it was asked for, bytes: what it includes and uses
  std::vector<std::pair<std::string, std::string>> params;
  std::string params_file, params_text;             ///< --params-file and its bytes; empty: none
  std::map<std::string, std::string> environment;  ///< of what the texts name
  std::string directory;                           ///< absolute submit directory
  std::string run_id, run_dir;
  std::string file_answers;  ///< as Loaded has them
  workflow::LinesOptions lines;  ///< what a list of lines, a trace or a batch script was read with
  workflow::Replay replay;
  std::string array;
  bool approximate = false;
  bool has_stubs = false;  ///< instead of its commands (workflow/stubs.hpp)
};

/// Of the environment what is named by `env.NAME` in one of the texts: the rest is nobody's business.
[[nodiscard]] std::map<std::string, std::string> named_environment(const KeptWorkflow& kept,
                                                                   const std::map<std::string, std::string>& all);

/// workflow.json of the run directory. Throw EnvironmentError.
void write_kept_workflow(const std::string& run_dir, const KeptWorkflow& kept);
[[nodiscard]] KeptWorkflow read_kept_workflow(const std::string& run_dir);

/// Reads what a workflow file includes and uses from what was kept, which outlives it.
[[nodiscard]] std::function<std::optional<std::string>(const std::string& path, std::string& why)> bytes_in(
    const KeptWorkflow& kept);

/// The workflow of the kept texts. Throws EnvironmentError when there are mistakes in it.
[[nodiscard]] workflow::Workflow workflow_of(const KeptWorkflow& kept);

}  // namespace fugle::app
