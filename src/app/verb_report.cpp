// fugle report [RUN]: how long a run took, how near that is to the best possible, and what to look at.
#include <cstdio>

#include "app/find_run.hpp"
#include "app/stored_run.hpp"
#include "base/printable.hpp"
#include "report/report_view.hpp"

namespace fugle::app {

int report_verb(const Args& args) {
  Usage usage(
      "report", "[RUN]",
      "Makespan against its lower bound, critical path, use of the cores and lengths by task, from the files of "
      "the run.",
      0, 1);
  usage.options.add_options()("json", "as JSON");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const StoredRun run(find_run(runs_dir_from(*arguments), arguments->words.empty() ? "" : arguments->words.front()));
  report::RunLengths lengths(run.graph());
  for (const scheduler::Event& event : run.events()) lengths.add(event);

  report::RunReport report;
  report.names = run.names();
  report.condition = run.condition();
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
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace fugle::app
