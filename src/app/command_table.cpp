#include "app/command_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/crash_guard.hpp"
#include "app/version.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/dataset_metrics.hpp"

namespace fugle::app {
namespace {

constexpr std::array kCommands{
    Command{"validate", "FILE", "check a workflow file", validate_verb},
    Command{"plan", "FILE", "what would run, in which order, how long", plan_verb},
    Command{"graph", "FILE|RUN", "what waits for what, as text or as a picture", graph_verb},
    Command{"diff", "A B", "what differs between files, runs, or both", diff_verb},
    Command{"simulate", "FILE", "what a run would be like on machines you describe", simulate_verb},
    Command{"test", "FILE", "try a workflow with stubs instead of its commands", test_verb},
    Command{"run", "FILE", "run a workflow here or under mpirun", run_verb},
    Command{"sbatch", "...", "in place of sbatch: record a job for run --from sbatch", sbatch_verb},
    Command{"submit", "FILE", "run a workflow in a Slurm job", submit_verb},
    Command{"resume", "[RUN]", "continue a run: unfinished and failed elements", resume_verb},
    Command{"rerun", "[RUN]", "a new run of what a run ran: all, or what failed", rerun_verb},
    Command{"status", "[RUN]", "counts, what runs, when it will end", status_verb},
    Command{"logs", "[RUN] [E]", "output of attempts", logs_verb},
    Command{"why", "[RUN] [E]", "why an element waits, failed or is blocked", why_verb},
    Command{"report", "[RUN]", "how long it took, against the best possible", report_verb},
    Command{"history", "[RUN]", "past runs, their attempts and events", history_verb},
    Command{"cancel", "[RUN] [E]", "stop a run or an element", cancel_verb},
    Command{"hold", "[RUN] E", "keep an element from starting", hold_verb},
    Command{"release", "[RUN] E", "let a held element start again", release_verb},
    Command{"job", "SCRIPT", "submit a Slurm job and wait for it: for tasks that are jobs", job_verb},
    Command{"init", "NAME", "write a small workflow to begin with", init_verb},
    Command{"schema", "", "the workflow format for editors; its keys and messages", schema_verb},
    Command{"serve", "FILE", "make schedules fire, once or as a list", serve_verb},
    Command{"bench", "", "what this machine can do: smallest tasks, processes per second", bench_verb},
    Command{"doctor", "[RUN]", "is this machine usable; is the state of a run sound", doctor_verb},
};

/// Old or foreign words and what they stand for.
struct Alias {
  std::string_view word;
  std::string_view verb;
  std::string_view option;
};
constexpr std::array kAliases{
    Alias{"explain", "why", ""},           Alias{"watch", "status", "--watch"}, Alias{"log", "logs", ""},
    Alias{"check", "validate", ""},        Alias{"lint", "validate", ""},       Alias{"stop", "cancel", ""},
    Alias{"audit", "history", "--events"},
};

/// What they read may have been made by others, or be damaged.
constexpr std::array<std::string_view, 5> kReadingVerbs{"status", "logs", "why", "report", "history"};

constexpr std::array<std::string_view, 4> kLaterVerbs{"backfill", "lineage", "import", "export"};

void print_help() {
  fmt::print("usage: fugle VERB [words] [options]\n\n");
  for (const Command& command : kCommands) fmt::print("  {:<9} {:<10} {}\n", command.name, command.words, command.help);
  fmt::print(
      "\n'fugle VERB --help' says more. RUN is a run id, the beginning of one, or absent for the newest;\n"
      "E is an element such as 'mdrun[8,2]'.\n");
}

int print_version() {
  fmt::print("fugle {}\n", kVersion);
  return 0;
}

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) { return c.name == name; });
  return found == kCommands.end() ? nullptr : found;
}

Args replace_alias(Args args) {
  const auto alias =
      std::find_if(kAliases.begin(), kAliases.end(), [&](const Alias& candidate) { return candidate.word == args[0]; });
  if (alias == kAliases.end()) return args;
  args[0] = alias->verb;
  if (!alias->option.empty()) args.insert(args.begin() + 1, std::string(alias->option));
  return args;
}

[[noreturn]] void refuse_verb(const std::string& verb) {
  if (std::find(kLaterVerbs.begin(), kLaterVerbs.end(), verb) != kLaterVerbs.end())
    throw UsageError(fmt::format("'{}' is not in this version of fugle; 'fugle help' lists the verbs", verb));
  std::vector<std::string_view> known{"help"};
  for (const Command& command : kCommands) known.push_back(command.name);
  for (const Alias& alias : kAliases) known.push_back(alias.word);
  const auto nearest = nearest_word(verb, known);
  throw UsageError(fmt::format("unknown verb '{}'; {}", verb,
                               nearest ? fmt::format("did you mean '{}'?", *nearest) : "'fugle help' lists the verbs"));
}

int help(const Args& args) {
  if (args.size() > 1) return dispatch({args[1], "--help"});
  print_help();
  return 0;
}

}  // namespace

std::span<const Command> command_table() { return kCommands; }

int dispatch(const Args& given) {
  if (given.empty()) {
    print_help();
    return static_cast<int>(ExitCode::usage);
  }
  const Args args = replace_alias(given);
  if (args[0] == "help" || args[0] == "--help" || args[0] == "-h") return help(args);
  if (args[0] == "version" || args[0] == "--version") return print_version();
  if (args[0] == executor::kReadDatasets) return read_datasets_verb(Args(args.begin() + 1, args.end()));
  const Command* command = find_command(args[0]);
  if (command == nullptr) refuse_verb(args[0]);
  if (std::find(kReadingVerbs.begin(), kReadingVerbs.end(), args[0]) != kReadingVerbs.end()) continue_in_child(args[0]);
  return command->function(Args(args.begin() + 1, args.end()));
}

}  // namespace fugle::app
