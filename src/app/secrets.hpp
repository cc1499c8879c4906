// Secrets: names are in the workflow and with the run, values only in the environment and in --secrets-file. They go
// from rank 0 to the others by message, and are written nowhere. In Slurm they come with the environment that sbatch
// exports, or by the path of the file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/arguments.hpp"
#include "base/mask.hpp"
#include "workflow/diagnostic.hpp"
#include "workflow/workflow.hpp"

namespace fugle::app {

struct KeptWorkflow;
using Secrets = std::vector<std::pair<std::string, std::string>>;

struct FoundSecrets {
  Secrets secrets;
  std::vector<std::string> missing;  ///< neither in the file nor in the environment, or empty there
  std::string problem;               ///< of the file; empty: none
};

/// The file stands above the environment; empty: there is none. Of its lines NAME=VALUE, or NAME<<WORD, lines and WORD,
/// those with other names are left aside.
[[nodiscard]] FoundSecrets find_secrets(const std::vector<std::string>& names, const std::string& file);

/// The same of a run that was made with them: throws UsageError where one is missing.
[[nodiscard]] Secrets secrets_of_run(const std::vector<std::string>& names, const std::string& file);

[[nodiscard]] Mask mask_of(const Secrets& secrets);

/// Reports E110 where one is not set, or stands in a text that is kept with the run; E305 of the file.
void check_secrets(const workflow::Workflow& workflow, const std::string& file, const KeptWorkflow& kept,
                   workflow::Diagnostics& diagnostics);

/// Words of a command line as they may be kept.
[[nodiscard]] std::vector<std::string> masked(std::vector<std::string> words, const Secrets& secrets);

/// Takes them out of the environment of this process: who is to have them gets them otherwise.
void forget_in_environment(const Secrets& secrets);

/// Adds --secrets-file.
void add_secrets_option(boost::program_options::options_description& options);
/// Absolute; empty: none.
[[nodiscard]] std::string secrets_file_from(const Arguments& arguments);

}  // namespace fugle::app
