// job.sh: the batch script that `fugle submit` writes into the run directory, as text. It is for people to read and to
// submit again by hand; what it runs is `fugle resume`. Knows the options of
// sbatch (sbatch_words.cpp sorts those that came as words); submits nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/slurm_request.hpp"

namespace fugle::app {

struct BatchScript {
  std::string program;  ///< absolute path of fugle
  std::string run;      ///< id
  std::string run_dir;  ///< absolute
  std::string workflow;
  std::string file;  ///< as given
  std::string submit_dir;
  workflow::SlurmRequest request;
  std::uint32_t cores_per_node = 1;         ///< to ask for where the nodes are shared with others
  std::string requeue;                      ///< "auto", "chain", "never"
  std::vector<std::string> resume_options;  ///< further words for fugle resume
};
[[nodiscard]] std::string text_of(const BatchScript& script);

/// Puts what `words` (of a command line of sbatch) say of nodes, time, memory, partition, ... over `request`, and the
/// rest behind request.extra, one option with its value each. Returns what is for one submission only (--hold, --begin,
/// --dependency, ...). Throws UsageError for what makes no sense here (--array, --wrap, --wait), for values that are
/// none, and for words that are no options.
[[nodiscard]] std::vector<std::string> take_sbatch_words(const std::vector<std::string>& words,
                                                         workflow::SlurmRequest& request);
/// The same with the options of request.extra itself, as a file has them: "--nice 5" is an option and its value.
[[nodiscard]] std::vector<std::string> sort_extra(workflow::SlurmRequest& request);

/// Whether one of the options of a request has this name; `letter` 0: it has no short form.
[[nodiscard]] bool has_option(const std::vector<std::string>& extra, std::string_view name, char letter = 0);
/// "1-02:03:04"; without days where there are none.
[[nodiscard]] std::string slurm_time(Duration time);

}  // namespace fugle::app
