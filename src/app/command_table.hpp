// The verbs of the command line as one table: help, aliases and spelling suggestions come from it. Each verb is one
// file verb_<name>.cpp; this header is all that they share with main().
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::app {

using Args = std::vector<std::string>;

/// A verb takes the words after its name and returns the exit code. Throws Error.
using VerbFunction = int (*)(const Args&);

int validate_verb(const Args& args);
int plan_verb(const Args& args);
int graph_verb(const Args& args);
int diff_verb(const Args& args);
int simulate_verb(const Args& args);
int test_verb(const Args& args);
int run_verb(const Args& args);
int submit_verb(const Args& args);
int read_datasets_verb(const Args& args);
int init_verb(const Args& args);
int schema_verb(const Args& args);
int sbatch_verb(const Args& args);
int resume_verb(const Args& args);
int rerun_verb(const Args& args);
int status_verb(const Args& args);
int logs_verb(const Args& args);
int why_verb(const Args& args);
int history_verb(const Args& args);
int report_verb(const Args& args);
int cancel_verb(const Args& args);
int hold_verb(const Args& args);
int release_verb(const Args& args);
int doctor_verb(const Args& args);
int bench_verb(const Args& args);
int job_verb(const Args& args);
int serve_verb(const Args& args);

struct Command {
  std::string_view name;
  std::string_view words;
  std::string_view help;
  VerbFunction function;
};

[[nodiscard]] std::span<const Command> command_table();

/// Finds the verb (or alias, or `help`, `--version`) of args[0] and runs it on the rest; without arguments it prints
/// the help and returns 2. Throws UsageError with a suggestion for an unknown verb.
int dispatch(const Args& args);

}  // namespace fugle::app
