#include "app/after_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/find_run.hpp"
#include "app/jobs.hpp"
#include "app/run_directory.hpp"
#include "app/small_file.hpp"
#include "base/error.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"
#include "workflow/triggers_reader.hpp"

namespace fugle::app {
namespace po = boost::program_options;
using Json = nlohmann::ordered_json;
using report::RunCondition;
using workflow::RunEnd;

namespace {

constexpr std::size_t kLongestFile = 1 << 20;

std::string file_in(const std::string& run_dir) { return run_dir + "/after.json"; }

std::string workflow_of(const std::string& run_dir) {
  try {
    return read_run_facts(run_dir).workflow;
  } catch (const Error&) {
    return {};  // a damaged run has no name
  }
}

/// A run id, a path, the name of a workflow, or the beginning of one run.
std::string find_other_run(const std::string& runs_dir, const std::string& word) {
  const std::vector<std::string> runs = list_runs(runs_dir);
  const auto named = [&](const std::string& run) { return run.ends_with("/" + word); };
  if (const auto run = std::ranges::find_if(runs, named); run != runs.end()) return *run;
  const auto newest = std::ranges::find_if(runs, [&](const std::string& run) { return workflow_of(run) == word; });
  if (newest != runs.end()) return *newest;
  if (const auto run = try_find_run(runs_dir, word)) return *run;
  throw UsageError(
      fmt::format("nothing to wait for: no run of '{}' in '{}' (the name of a workflow that has run, or the "
                  "id of a run); 'fugle history' lists the runs",
                  word, runs_dir));
}

AfterRun after_of(const std::string& runs_dir, const std::string& word, RunEnd wanted) {
  const std::string run_dir = find_other_run(runs_dir, word);
  return {read_run_facts(run_dir).run, run_dir, wanted};
}

/// "RUN" or "RUN:state".
AfterRun parse_after(const std::string& runs_dir, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  RunEnd wanted = RunEnd::ok;
  if (colon != std::string::npos) {
    workflow::Diagnostics diagnostics("");
    const auto state = workflow::parse_run_end(text.substr(colon + 1), {}, diagnostics);
    if (!state) throw UsageError(fmt::format("--after {}: {}", text, diagnostics.all().front().text));
    wanted = *state;
  }
  return after_of(runs_dir, text.substr(0, colon), wanted);
}

bool has_ended(RunCondition condition) {
  return condition == RunCondition::ok || condition == RunCondition::failed || condition == RunCondition::cancelled;
}

}  // namespace

void add_after_option(po::options_description& options) {
  options.add_options()("after", po::value<std::vector<std::string>>()->value_name("RUN[:ok|failed|done]")->composing(),
                        "begin when that run has ended, if it ended so; ok by default. RUN: an id, or a workflow's "
                        "name for its newest run. May be given several times: all have to");
}

std::vector<AfterRun> after_runs_from(const Arguments& arguments, const workflow::Triggers& triggers,
                                      const std::string& runs_dir) {
  std::vector<AfterRun> after;
  if (arguments.has("after"))
    for (const std::string& text : arguments.get<std::vector<std::string>>("after"))
      after.push_back(parse_after(runs_dir, text));
  for (const workflow::RunTrigger& trigger : triggers.runs)
    after.push_back(after_of(runs_dir, trigger.run, trigger.state));
  return after;
}

void write_after_runs(const std::string& run_dir, const std::vector<AfterRun>& after) {
  Json list = Json::array();
  for (const AfterRun& other : after)
    list.push_back({{"run", other.run}, {"run_dir", other.run_dir}, {"state", workflow::name_of(other.wanted)}});
  write_small_file(file_in(run_dir), list.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

std::vector<AfterRun> read_after_runs(const std::string& run_dir) {
  const RegularFile file = open_regular(file_in(run_dir));
  if (!file.is_open()) return {};
  const auto text = read_all(file, kLongestFile);
  try {
    std::vector<AfterRun> after;
    for (const Json& item : Json::parse(text.value_or(""))) {
      workflow::Diagnostics diagnostics("");
      const auto wanted = workflow::parse_run_end(item.at("state").get<std::string>(), {}, diagnostics);
      if (!wanted) throw EnvironmentError("a state is wrong");
      after.push_back({item.at("run"), item.at("run_dir"), *wanted});
    }
    return after;
  } catch (const std::exception&) {
    throw EnvironmentError(fmt::format(
        "cannot read {} (it is damaged); remove it to let the run begin whatever other runs did", file_in(run_dir)));
  }
}

std::string dependency_option(const std::vector<AfterRun>& after) {
  std::string jobs;
  for (const AfterRun& other : after)
    for (const std::string& job : ids_of(read_jobs(other.run_dir))) jobs += ":" + job;
  return jobs.empty() ? jobs : "--dependency=afterany" + jobs;
}

AfterVerdict judge(const OtherRun& other, RunEnd wanted) {
  if (other.condition == RunCondition::ok) return wanted == RunEnd::failed ? AfterVerdict::never : AfterVerdict::go;
  // Failed or not: it goes on where it has been given another job.
  if (other.condition == RunCondition::running) return AfterVerdict::wait;
  if (other.had_jobs && !other.alive && !has_ended(other.condition)) return AfterVerdict::unknown;
  if (other.alive && !other.alive->empty()) return AfterVerdict::wait;
  return wanted == RunEnd::ok ? AfterVerdict::never : AfterVerdict::go;
}

}  // namespace fugle::app
