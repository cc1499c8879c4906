// One call of sbatch as it was made, and the job that it asked for: directives, environment and command line put over
// each other in sbatch's order (the later wins), every value judged. Knows nothing of other jobs or of graphs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "workflow/diagnostic.hpp"
#include "workflow/sbatch_values.hpp"

namespace fugle::workflow {

/// As it was made: enough to run its script later and elsewhere.
struct SbatchCall {
  std::uint64_t id = 1;            ///< of its job; an array with n elements has the n ids from there
  std::vector<std::string> words;  ///< after "sbatch"
  std::string script;              ///< the text
  std::string script_path;         ///< as given; empty: standard input, or --wrap
  std::string directory;           ///< where it was made, absolute
  std::string host;
  std::string user;
  std::vector<std::pair<std::string, std::string>> set;      ///< variables of its environment that the reader's has not
  std::vector<std::string> unset;                            ///< variables of the reader's that its environment has not
  std::vector<std::pair<std::string, std::string>> options;  ///< SBATCH_PARTITION and the like in its environment
};

/// --export
struct SbatchExport {
  bool keeps_all = true;
  std::vector<std::string> names;                        ///< kept where not all are
  std::vector<std::pair<std::string, std::string>> set;  ///< in order
};

struct SbatchJob {
  std::uint64_t id = 1;
  std::string name;
  std::string interpreter;             ///< of the script's first line
  std::string interpreter_argument;    ///< all that follows, one word; empty: none
  std::vector<std::string> arguments;  ///< of the script
  std::optional<ArraySpec> array;
  DependencySpec dependencies;
  std::string directory;  ///< where it runs, absolute
  std::uint32_t ntasks = 1;
  bool has_ntasks = false;
  std::uint32_t ntasks_per_node = 0;  ///< 0: not said
  std::uint32_t cpus_per_task = 0;    ///< 0: not said
  std::uint32_t cores = 1;
  std::uint64_t mem_bytes = 0;          ///< 0: not said
  std::uint64_t mem_per_cpu_bytes = 0;  ///< 0: not said
  std::uint32_t gpus = 0;
  std::uint64_t tmp_bytes = 0;
  Duration time{0};                ///< 0: no limit
  std::optional<double> priority;  ///< --priority, or minus --nice
  std::optional<SignalSpec> signal;
  std::string output, error, input;  ///< file patterns; empty: not said
  bool appends = false;
  SbatchExport exported;
  std::string account, partition, qos, reservation, constraint;

  [[nodiscard]] std::uint64_t num_elements() const { return array ? array->indices.size() : 1; }
};

struct SbatchRules {
  bool approximates = false;  ///< what is only nearly the same is W51, not E501
};

/// nullopt after E501 or E502. Messages about directives are at their lines of the script, with its path as their file;
/// those about words of the call have "job 3" for a file.
[[nodiscard]] std::optional<SbatchJob> read_sbatch_call(const SbatchCall& call, const SbatchRules& rules,
                                                        Diagnostics& diagnostics);

/// The text of --wrap as sbatch makes a script of it.
[[nodiscard]] std::string wrapped_script(const std::string& command);

}  // namespace fugle::workflow
