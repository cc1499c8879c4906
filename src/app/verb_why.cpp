// fugle why [RUN] [E]: why an element is in its state; without E, what is wrong with the run.
#include <fmt/format.h>

#include "app/find_run.hpp"
#include "app/job_view.hpp"
#include "app/jobs.hpp"
#include "app/stored_run.hpp"
#include "base/printable.hpp"
#include "report/explain.hpp"

namespace fugle::app {
namespace {

using report::Explanation;

void print_element(const Explanation& explanation, const report::RunNames& names, bool json) {
  if (json)
    fmt::print("{}", report::to_pretty_text(report::explanation_json(explanation)));
  else
    fmt::print("{}", printable(report::explanation_text(explanation, names)));
}

void print_run(const StoredRun& run, const std::vector<Explanation>& explanations, bool json) {
  const auto counts = report::view_of(run.state());
  const char* condition = report::name_of(run.condition());
  if (json) {
    report::Json list = report::Json::array();
    for (const Explanation& explanation : explanations) list.push_back(report::explanation_json(explanation));
    fmt::print("{}", report::to_pretty_text({{"run", run.facts().run}, {"state", condition}, {"elements", list}}));
    return;
  }
  fmt::print("{} is {}: {}\n", printable(run.facts().run), condition, report::summary_line(counts));
  for (const Explanation& explanation : explanations)
    fmt::print("\n{}", printable(report::explanation_text(explanation, run.names())));
}

/// "job 1234 is PENDING (Priority)"
std::string what_it_waits_for(const std::string& run_dir) {
  const auto jobs = read_jobs(run_dir);
  const auto rows = job_rows(jobs, ask_about_jobs(jobs_worth_asking(jobs)));
  if (rows.empty()) return {};
  const report::JobRow& job = rows.back();
  const std::string state = job.state.empty() ? "not known to Slurm, or Slurm does not answer" : job.state;
  return fmt::format("job {} is {}{}", job.job, state, job.reason.empty() ? "" : fmt::format(" ({})", job.reason));
}

}  // namespace

int why_verb(const Args& args) {
  Usage usage("why", "[RUN] [E]",
              "Why an element waits, runs, failed or was blocked. Without E: every failure of the run, and one element "
              "of each other unfinished state.",
              0, 2);
  usage.options.add_options()("json", "as JSON");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const RunAndElement wanted = find_run_and_element(runs_dir_from(*arguments), arguments->words);
  const StoredRun run(wanted.run_dir);
  const bool json = arguments->has("json");
  report::Situation situation = run.situation(now());
  if (run.condition() == report::RunCondition::queued) situation.queue = what_it_waits_for(wanted.run_dir);
  if (wanted.element.empty())
    print_run(run, report::explain_run(situation), json);
  else
    print_element(report::explain(situation, find_element(run.graph(), run.facts().run, wanted.element)), run.names(),
                  json);
  return 0;
}

}  // namespace fugle::app
