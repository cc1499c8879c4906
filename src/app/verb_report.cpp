// fugle report [RUN]: how long a run took, how near that is to the best possible, and what to look at; and the table of
// its sweep, where its file has the key `report`.
#include <fmt/format.h>

#include <cstdio>

#include "app/find_run.hpp"
#include "app/stored_run.hpp"
#include "app/sweep.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "report/report_view.hpp"

namespace fugle::app {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int show_table(const report::SweepTable& table, const Arguments& arguments) {
  if (arguments.has("json"))
    print(report::sweep_json(table));
  else
    print(arguments.has("csv") ? report::sweep_csv(table) : printable(report::sweep_text(table)));
  return judge_sweep(table);
}

}  // namespace

int report_verb(const Args& args) {
  Usage usage(
      "report", "[RUN]",
      "Makespan against its lower bound, critical path, use of the cores and lengths by task, from the files of "
      "the run.",
      0, 1);
  auto add = usage.options.add_options();
  add("json", "as JSON");
  add("table", "only the table that the key 'report' of the file asks for; exit code 1 below a reference");
  add("csv", "that table as CSV");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const StoredRun run(find_run(runs_dir_from(*arguments), arguments->words.empty() ? "" : arguments->words.front()));
  const bool has_table = run.facts().table.is_wanted();
  if (arguments->has("table") || arguments->has("csv")) {
    if (!has_table)
      throw UsageError(
          fmt::format("run {} has no table (its file has no key 'report'); leave out --table", run.facts().run));
    return show_table(sweep_of(run), *arguments);
  }
  report::RunLengths lengths(run.graph());
  for (const scheduler::Event& event : run.events()) lengths.add(event);

  report::RunReport report;
  report.names = run.names();
  report.condition = verdict_on(run).condition;
  report.counts = report::view_of(run.state());
  report.num_lives = static_cast<std::uint32_t>(run.lives().lives().size());
  for (const plan::Slot& slot : lengths.workers()) report.num_workers += slot.cores > 0 ? 1 : 0;
  report.num_cores = lengths.num_cores();
  report.num_attempts = lengths.num_attempts();
  report.measure = report::measure(run.graph(), lengths);
  report.tasks = report::lengths_by_task(run.graph(), run.attempts());
  const std::string text = arguments->has("json")
                               ? report::report_json(run.graph(), report, lengths.seconds())
                               : printable(report::report_text(run.graph(), report, lengths.seconds()));
  print(text);
  if (!has_table || arguments->has("json")) return 0;
  print("\n");
  return show_table(sweep_of(run), *arguments);
}

}  // namespace fugle::app
