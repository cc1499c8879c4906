// fugle rerun RUN: a new run of what an earlier one ran, all of it or what is not right yet. The new run is made first,
// with what it takes over in its journal; then it goes on as any run that is resumed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "app/access.hpp"
#include "app/command_table.hpp"
#include "app/find_run.hpp"
#include "app/life_in_job.hpp"
#include "app/placement_options.hpp"
#include "app/planning_options.hpp"
#include "app/requeue.hpp"
#include "app/run_again.hpp"
#include "app/supervise.hpp"
#include "app/surroundings.hpp"
#include "base/error.hpp"
#include "graph/selection.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

constexpr std::array<const char*, 5> kOwn{"failed", "from", "element", "all", "into"};

void add_own_options(po::options_description& options) {
  auto add = options.add_options();
  add("all", "all elements; what it does without an option");
  add("failed", "what is not OK, or whose files are gone, and what needs that; the rest is kept as it is");
  add("from", po::value<std::vector<std::string>>()->value_name("T")->composing(),
      "besides what --failed means this task (or element, or tag:WORD) and what needs it");
  add("element", po::value<std::vector<std::string>>()->value_name("E")->composing(),
      "this element only, not what needs it");
  add("into", po::value<std::string>()->value_name("DIR"),
      "run in DIR instead, made if need be: outputs go there, inputs that are not there are linked from where the "
      "run was");
}

Again again_from(const Arguments& arguments) {
  const char* chosen = nullptr;
  for (const char* option : {"all", "failed", "from", "element"}) {
    if (!arguments.has(option)) continue;
    if (chosen != nullptr)
      throw UsageError(fmt::format("--{} and --{} are two answers to what runs again; leave one out", chosen, option));
    chosen = option;
  }
  Again again;
  if (arguments.has("failed")) again.which = Again::Which::failed;
  for (const auto& [option, which] :
       {std::pair{"from", Again::Which::from}, std::pair{"element", Again::Which::only}}) {
    if (!arguments.has(option)) continue;
    again.which = which;
    for (const std::string& text : arguments.get<std::vector<std::string>>(option))
      for (std::string& pattern : graph::split_patterns(text)) again.patterns.push_back(std::move(pattern));
    if (again.patterns.empty()) throw UsageError(fmt::format("--{} wants a task or an element", option));
  }
  return again;
}

std::string directory_from(const Arguments& arguments, const Again& again) {
  if (!arguments.has("into")) return {};
  if (again.which != Again::Which::all)
    throw UsageError(
        "--into is for all elements (the outputs of those that are kept are where the run was); leave the other out");
  const std::string given = arguments.get<std::string>("into");
  std::error_code problem;
  std::filesystem::create_directories(given, problem);
  if (given.empty() || problem)
    throw EnvironmentError(fmt::format("cannot make the directory '{}' ({}); try another --into", given,
                                       given.empty() ? "it has no name" : problem.message()));
  return std::filesystem::canonical(given).string();
}

/// The options that `resume` has too.
Args without_own(const Usage& usage, const Args& args) {
  po::options_description all;
  all.add(usage.options).add(usage.hidden).add_options()("words", po::value<Args>());
  po::positional_options_description positional;
  positional.add("words", -1);
  namespace style = po::command_line_style;
  const auto parsed = po::command_line_parser(args)
                          .options(all)
                          .positional(positional)
                          .style(style::default_style & ~style::allow_guessing)
                          .run();
  Args rest;
  for (const auto& option : parsed.options) {
    const bool is_own = std::ranges::find(kOwn, option.string_key) != kOwn.end();
    if (option.position_key == -1 && !is_own)
      rest.insert(rest.end(), option.original_tokens.begin(), option.original_tokens.end());
  }
  return rest;
}

}  // namespace

int rerun_verb(const Args& args) {
  Usage usage("rerun", "[RUN]", "A new run of an earlier one's file and parameters, as they were then.", 0, 1);
  add_own_options(usage.options);
  // As of `resume`, which does the rest.
  add_placement_options(usage.options);
  add_planning_options(usage.options);
  add_walltime_options(usage.options);
  add_runs_dir_option(usage.options);
  add_restart_option(usage.options);
  add_requeue_option(usage.options);
  add_hidden_life_options(usage.hidden);
  usage.options.add_options()("fail-fast", "stop the run at the first failure");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  RunAgain wanted;
  wanted.again = again_from(*arguments);
  wanted.runs_dir = runs_dir_from(*arguments);
  wanted.args = args;
  const std::string old_dir = find_run(wanted.runs_dir, arguments->words.empty() ? "" : arguments->words.front());
  Args resume = without_own(usage, args);
  if (wanted.again.which == Again::Which::only)
    for (const std::string& pattern : wanted.again.patterns) resume.insert(resume.end(), {"--select", pattern});
  // The other ranks of an mpirun by hand do as rank 0 says; where the run is they need not know.
  const bool leads = !look_around().is_rank || is_rank_0();
  std::string run_dir = old_dir;
  if (leads) {
    expect_own(old_dir);
    wanted.into = directory_from(*arguments, wanted.again);
    NewRun made = make_run_again(old_dir, wanted);
    if (made.run_dir.empty()) return made.exit_code;
    run_dir = std::move(made.run_dir);
  }
  resume.insert(resume.end(), {"--accept", run_dir});  // the file as it was is what is meant
  return resume_verb(resume);
}

}  // namespace fugle::app
