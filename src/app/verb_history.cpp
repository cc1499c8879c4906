// fugle history [RUN]: past runs, or the lives, attempts and events of one; --compare: attempts by their metrics.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "app/compare_runs.hpp"
#include "app/event_book.hpp"
#include "app/find_run.hpp"
#include "app/jobs.hpp"
#include "app/read_status.hpp"
#include "app/schedule_book.hpp"
#include "app/stored_run.hpp"
#include "app/sweep.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "report/event_text.hpp"
#include "report/history_view.hpp"

namespace fugle::app {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void print_for_people(const std::string& text) { print(printable(text)); }

report::RunRow row_of(const std::string& run_dir) {
  const RunFacts facts = read_run_facts(run_dir);
  const report::RunStatus status = read_status(run_dir, now());
  report::RunRow row;
  row.run = facts.run;
  row.workflow = facts.workflow;
  row.user = facts.user;
  row.host = facts.host;
  row.params = facts.params;
  row.values = facts.values;
  row.condition = status.condition;
  row.reason = status.reason;
  row.counts = status.counts;
  row.started = status.started;
  row.elapsed = status.elapsed;
  return row;
}

/// One line for each schedule that is installed.
std::string schedules_text(const std::string& runs_dir) {
  std::string text;
  try {
    for (const Schedule& schedule : list_schedules(runs_dir)) text += schedule_line(schedule, now()) + "\n";
  } catch (const Error& problem) {
    fmt::print(stderr, "fugle: {}\n", printable(problem.what()));
  }
  return text.empty() ? text : "\nschedules\n" + text;
}

/// A run that is not readable is named, and does not hide the others.
void print_runs(const std::string& runs_dir, bool json) {
  std::vector<report::RunRow> rows;
  const std::map<std::string, std::string> events = EventBook::events_of_runs(runs_dir);
  for (const std::string& run_dir : list_runs(runs_dir)) {
    try {
      rows.push_back(row_of(run_dir));
      if (const auto event = events.find(rows.back().run); event != events.end()) rows.back().event = event->second;
    } catch (const Error& error) {
      fmt::print(stderr, "fugle: {}\n", printable(error.what()));
    }
  }
  if (json)
    print(report::runs_json(rows));
  else
    print_for_people(report::runs_text(rows) + schedules_text(runs_dir));
}

/// A list, one item per line, so that a million items need no tree in memory.
template <class Items, class ToJson>
void print_json_list(const Items& items, ToJson to_json) {
  print("[");
  const char* separator = "\n";
  for (std::size_t i = 0; i < items.size(); ++i, separator = ",\n") print(separator + report::to_line(to_json(i)));
  print("\n]\n");
}

void print_attempts(const StoredRun& run, const Arguments& arguments) {
  const report::AttemptsTable& table = run.attempts();
  if (arguments.has("json"))
    print_json_list(table.attempts(),
                    [&](std::size_t i) { return report::attempt_json(run.graph(), table, table.attempts()[i]); });
  else if (arguments.has("csv"))
    print(report::attempts_csv(run.graph(), table));
  else
    print_for_people(report::attempts_text(run.graph(), table));
}

void print_events(const StoredRun& run, bool json) {
  const auto& events = run.events();
  if (json)
    return print_json_list(events, [&](std::size_t i) { return report::event_json(run.graph(), i + 1, events[i]); });
  for (std::size_t i = 0; i < events.size(); ++i) print_for_people(report::event_line(run.graph(), i + 1, events[i]));
}

void print_lives(const StoredRun& run, bool json) {
  const auto of_run = run.lives().lives();
  std::vector<report::Life> lives(of_run.begin(), of_run.end());
  const auto jobs = read_jobs(run.dir());
  for (report::Life& life : lives) life.job = job_of_life(jobs, life.started);
  if (json) return print_json_list(lives, [&](std::size_t i) { return report::life_json(lives[i]); });
  const Verdict verdict = verdict_on(run);
  print_for_people(
      fmt::format("{}  {}  {}{}\n", run.facts().run, run.facts().workflow, report::name_of(verdict.condition),
                  verdict.reason.empty() ? "" : "  " + verdict.reason));
  print_for_people(report::lives_text(lives, run.condition()));
  print_for_people("\n" + report::attempts_text(run.graph(), run.attempts()));
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) words.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

/// Of all runs here, or of those that are named.
void print_comparison(const std::string& runs_dir, const Arguments& arguments) {
  const std::vector<std::string> metrics = words_of(arguments.get<std::string>("compare"));
  if (metrics.empty()) throw UsageError("--compare wants names of metrics, e.g. --compare energy,walltime");
  const std::string sorted_by = arguments.has("sort") ? arguments.get<std::string>("sort") : "";
  const auto by = static_cast<std::size_t>(std::ranges::find(metrics, sorted_by) - metrics.begin());
  if (!sorted_by.empty() && by == metrics.size())
    throw UsageError(fmt::format("--sort {}: only what is compared can be sorted by; one of {}", sorted_by,
                                 fmt::join(metrics, ", ")));
  std::vector<std::string> run_dirs;
  for (const std::string& word : arguments.words) run_dirs.push_back(find_run(runs_dir, word));
  report::Comparison comparison = compare_runs(run_dirs.empty() ? list_runs(runs_dir) : run_dirs, metrics);
  if (!sorted_by.empty())
    sort_rows(comparison, by, arguments.has("reverse") ? report::Order::descending : report::Order::ascending);
  if (arguments.has("json"))
    print(report::comparison_json(comparison));
  else if (arguments.has("csv"))
    print(report::comparison_csv(comparison));
  else
    print_for_people(report::comparison_text(comparison));
}

}  // namespace

int history_verb(const Args& args) {
  Usage usage("history", "[RUN]...",
              "Without RUN: all runs here. With RUN: its lives and attempts. Only --compare takes several.", 0, 1000);
  auto add = usage.options.add_options();
  add("attempts", "all attempts of RUN, or of the newest run");
  add("events", "all events of RUN, or of the newest run, as journalled");
  add("json", "as JSON");
  add("csv", "with --attempts or --compare: as CSV");
  add("compare", boost::program_options::value<std::string>()->value_name("METRIC,..."),
      "elements of RUN, or of all runs here, by the medians of these metrics; also walltime, cputime, maxrss");
  add("sort", boost::program_options::value<std::string>()->value_name("METRIC"), "with --compare: by this one");
  add("reverse", "with --sort: the largest first");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const std::string runs_dir = runs_dir_from(*arguments);
  if (arguments->has("compare")) {
    print_comparison(runs_dir, *arguments);
    return 0;
  }
  if (arguments->has("sort")) throw UsageError("--sort goes with --compare");
  if (arguments->words.size() > 1) throw UsageError("history takes one RUN; several go with --compare");
  const bool json = arguments->has("json");
  const bool wants_attempts = arguments->has("attempts") || arguments->has("csv");
  const bool wants_one_run = !arguments->words.empty() || wants_attempts || arguments->has("events");
  if (!wants_one_run) {
    print_runs(runs_dir, json);
    return 0;
  }
  const StoredRun run(find_run(runs_dir, arguments->words.empty() ? "" : arguments->words.front()));
  if (arguments->has("events"))
    print_events(run, json);
  else if (wants_attempts)
    print_attempts(run, *arguments);
  else
    print_lives(run, json);
  return 0;
}

}  // namespace fugle::app
