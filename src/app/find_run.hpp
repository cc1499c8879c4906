// Which run a command means: RUN is a run id, a unique beginning of one, a path of a run directory, the id of a Slurm job
// that the run was given, or nothing for the newest. Looks at names in the runs directory only.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/arguments.hpp"

namespace fugle::app {

/// Adds --runs-dir.
void add_runs_dir_option(boost::program_options::options_description& options);
/// --runs-dir, else FUGLE_RUNS, else ".fugle"; absolute.
[[nodiscard]] std::string runs_dir_from(const Arguments& arguments);

/// Paths of all run directories, newest first; empty when there is no such runs directory.
[[nodiscard]] std::vector<std::string> list_runs(const std::string& runs_dir);
/// nullopt: no run is meant by `word`. Throws UsageError when several are.
[[nodiscard]] std::optional<std::string> try_find_run(const std::string& runs_dir, const std::string& word);
/// Absolute path of the run directory, with a word on standard error when it is not ours; an empty word means the
/// newest run. Throws UsageError.
[[nodiscard]] std::string find_run(const std::string& runs_dir, const std::string& word);

/// What `[RUN] [E]` mean: one word is a run if there is such a run, else an element of the newest one.
struct RunAndElement {
  std::string run_dir;
  std::string element;  ///< empty: none given
};
[[nodiscard]] RunAndElement find_run_and_element(const std::string& runs_dir, const std::vector<std::string>& words);

}  // namespace fugle::app
