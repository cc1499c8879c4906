// fugle run FILE: the whole graph, here: in one process, over the ranks of the mpirun around us, or (-n N) over ranks
// of an mpirun that it starts itself.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/find_run.hpp"
#include "app/load_workflow.hpp"
#include "app/placement_options.hpp"
#include "app/rank_loop.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace {

RunFacts facts_of(const Loaded& loaded, const LoadOptions& load, const Placement& placement, const Args& args) {
  RunFacts facts;
  facts.created = std::chrono::system_clock::now();
  facts.workflow = loaded.workflow.name;
  facts.run = make_run_id(facts.workflow, facts.created);
  facts.file = load.file;
  facts.source = loaded.source;
  facts.params = load.params;
  facts.submit_dir = load.directory;
  facts.host = host_name();
  facts.user = user_name();
  facts.pid = getpid();
  facts.argv = args;
  facts.argv.insert(facts.argv.begin(), {"fugle", "run"});
  facts.placement = placement;
  return facts;
}

}  // namespace

int run_verb(const Args& args) {
  Usage usage("run", "[FILE]", "Runs a workflow; what has finished is never lost: fugle resume continues.", 0, 1);
  add_load_options(usage.options);
  add_placement_options(usage.options);
  add_runs_dir_option(usage.options);
  usage.options.add_options()("fail-fast", "stop the run at the first failure");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const LoadOptions load = load_options_from(*arguments);
  const Placement placement = placement_from(*arguments);

  if (starts_mpirun(placement)) {
    // Mistakes in the file are told here, once, before any rank exists. Standard input can be read only once.
    if (load.file != "-" && !load_workflow(load)) return static_cast<int>(ExitCode::usage);
    return run_over_ranks(placement, "run", args);
  }

  RankOptions options = rank_options(*arguments, placement);
  options.fail_fast = arguments->has("fail-fast");
  return run_rank(options, [&](int& exit_code) -> std::unique_ptr<OpenRun> {
    auto loaded = load_workflow(load);
    if (!loaded) {
      exit_code = static_cast<int>(ExitCode::usage);
      return nullptr;
    }
    RunFacts facts = facts_of(*loaded, load, placement, args);
    return OpenRun::create(runs_dir_from(*arguments), std::move(facts), std::move(loaded->graph));
  });
}

}  // namespace fugle::app
