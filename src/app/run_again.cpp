#include "app/run_again.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "app/linked_inputs.hpp"
#include "app/load_workflow.hpp"
#include "app/mistakes.hpp"
#include "app/notices.hpp"
#include "app/run_language.hpp"
#include "app/submit_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "store/file_store.hpp"
#include "store/run_lock.hpp"
#include "workflow/expand.hpp"
#include "workflow/run_time.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostNames = 8;  ///< of elements, in one line

RunFacts facts_of(const RunFacts& old, const Loaded& loaded, const RunAgain& wanted, const std::string& directory) {
  RunFacts facts = old;
  facts.created = std::chrono::system_clock::now();
  facts.run = loaded.run_id;
  facts.values = loaded.values;
  facts.submit_dir = directory;
  facts.host = host_name();
  facts.user = user_name();
  facts.pid = getpid();
  facts.argv = wanted.args;
  facts.argv.insert(facts.argv.begin(), {"fugle", "rerun"});
  facts.keeps_journal = true;
  facts.rules = loaded.rules;
  facts.deadline_at = kNever;
  if (facts.rules.deadline_at) facts.deadline_at = next_time_of_day(*facts.rules.deadline_at, facts.created);
  facts.select.clear();
  if (wanted.again.which == Again::Which::only) facts.select = wanted.again.patterns;
  return facts;
}

std::optional<Loaded> load_again(const std::string& old_dir, const RunFacts& facts, const RunAgain& wanted) {
  LoadOptions load = load_options_of(read_kept_workflow(old_dir), facts.source);
  load.runs_dir = wanted.runs_dir;
  load.secrets_file = facts.secrets_file;
  if (wanted.into.empty()) return load_workflow(load);
  const std::string from = std::exchange(load.directory, wanted.into);
  load.needs_inputs = false;
  auto loaded = load_workflow(load);
  if (!loaded) return std::nullopt;
  expect_outputs_in(loaded->graph, wanted.into, "--into would write over that of the earlier run");
  const std::size_t count = link_inputs(loaded->graph, from, wanted.into);
  if (count > 0)
    fmt::print(stderr, "fugle: {} of '{}' linked into '{}'\n", counted(count, "input", "inputs"), from, wanted.into);
  workflow::Diagnostics diagnostics(facts.file);
  if (load.replay.kind == workflow::Replay::Kind::commands)
    workflow::check_inputs_exist(loaded->graph, loaded->workflow, diagnostics);
  print_mistakes(diagnostics);
  return diagnostics.has_errors() ? std::nullopt : std::move(loaded);
}

bool has_same_elements(const graph::Graph& a, const graph::Graph& b) {
  if (a.num_elements() != b.num_elements()) return false;
  for (std::uint32_t e = 0; e < a.num_elements(); ++e)
    if (a.id(ElementId(e)) != b.id(ElementId(e))) return false;
  return true;
}

/// What attempts left in the run directory under the numbers of their elements: metrics, and results of functions.
void copy_what_attempts_left(const std::string& old_dir, const std::string& run_dir) {
  for (const char* name : {"metrics.h5", "values"}) {
    std::error_code problem;
    if (!fs::exists(fs::path(old_dir) / name, problem)) continue;
    fs::copy(fs::path(old_dir) / name, fs::path(run_dir) / name, fs::copy_options::recursive, problem);
    if (problem)
      throw EnvironmentError(
          fmt::format("cannot copy {}/{} ({}); free some space, or use --all", old_dir, name, problem.message()));
  }
}

void write_first_life(const std::string& run_dir, const graph::Graph& graph,
                      const std::vector<scheduler::Event>& events) {
  const store::RunLock lock(run_dir);
  store::JournalOptions options;
  options.capacity = store::capacity_for(graph.num_real_elements());
  store::FileStore store(run_dir, {}, options);
  store.append(events);
  store.flush();
  if (const auto fault = store.fault()) throw EnvironmentError(*fault);
}

std::string first_of(std::vector<std::string> names) {
  const std::size_t count = names.size();
  if (count > kMostNames) names.resize(kMostNames);
  return count == 0 ? "" : fmt::format(": {}{}", join(names, " "), count > kMostNames ? " ..." : "");
}

void say(const std::string& old_run, const scheduler::RunState& fresh, const Again& again) {
  std::vector<std::string> starts;
  std::uint64_t kept = 0;
  for (std::uint32_t e = 0; e < fresh.graph().num_elements(); ++e) {
    if (fresh.graph().is_gate(ElementId(e))) continue;
    if (is_final(fresh.state(ElementId(e))))
      ++kept;
    else
      starts.emplace_back(fresh.graph().id(ElementId(e)));
  }
  const std::size_t count = starts.size();
  if (again.which == Again::Which::only) {
    fmt::print(stderr, "fugle: {} again: {} only, with what it needs; {} of {} kept\n", old_run,
               join(again.patterns, " "), kept, kept + count);
    return;
  }
  fmt::print(stderr, "fugle: {} again: {} to run{}; {} kept\n", old_run, counted(count, "element", "elements"),
             first_of(std::move(starts)), kept);
}

/// Into the journal of the new run, and into its state.
void take_over(const StoredRun& old, std::vector<bool> again, const RunAgain& wanted, bool same_numbers,
               const std::string& run_dir, scheduler::RunState& fresh) {
  if (wanted.again.which == Again::Which::all) return;
  // Results of functions are under the numbers of their elements.
  for (std::uint32_t e = 0; e < again.size() && !same_numbers; ++e)
    if (old.graph().task_of(ElementId(e)).kind == graph::TaskKind::function) again[e] = true;
  if (same_numbers) copy_what_attempts_left(old.dir(), run_dir);
  std::unique_ptr<RunLanguage> language;
  if (workflow::RunTime::is_needed_by(fresh.graph())) language = std::make_unique<RunLanguage>(run_dir, fresh);
  const auto events = carry_over(old, again, fresh, language.get());
  if (!events.empty()) write_first_life(run_dir, fresh.graph(), events);
}

}  // namespace

NewRun make_run_again(const std::string& old_dir, const RunAgain& wanted) {
  const StoredRun old(old_dir);
  if (old.condition() == report::RunCondition::running && wanted.into.empty())
    throw ConflictError(
        fmt::format("{0} is still running and would write the same files; wait for it, fugle cancel {0}, "
                    "or rerun --into another directory",
                    old.facts().run));
  const std::vector<bool> again =
      elements_to_run_again(old, wanted.again);  // mistakes are told before anything is made
  if (std::ranges::find(again, true) == again.end()) {
    fmt::print("nothing to run again: all of {0} is OK; 'fugle rerun {0}' runs all of it\n", old.facts().run);
    return {};
  }
  auto loaded = load_again(old_dir, old.facts(), wanted);
  if (!loaded) return {{}, static_cast<int>(ExitCode::usage)};
  const std::string directory = wanted.into.empty() ? old.facts().submit_dir : wanted.into;
  const bool same_numbers = !old.graph().has_grown() && has_same_elements(old.graph(), loaded->graph);
  const RunFacts facts = facts_of(old.facts(), *loaded, wanted, directory);
  const std::string run_dir = make_waiting_run(wanted.runs_dir, facts, loaded->graph, loaded->kept);
  scheduler::RunState fresh(loaded->graph, hash_text(facts.run));
  try {
    take_over(old, again, wanted, same_numbers, run_dir, fresh);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(run_dir, ignored);  // nobody is to resume half of it
    throw;
  }
  say(old.facts().run, fresh, wanted.again);
  return {run_dir};
}

}  // namespace fugle::app
