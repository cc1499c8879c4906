// fugle diff A B: what differs between two workflow files, two runs, or a run and a file.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "app/command_table.hpp"
#include "app/find_run.hpp"
#include "app/kept_workflow.hpp"
#include "app/load_workflow.hpp"
#include "app/stored_run.hpp"
#include "app/workflow_diff.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace {

using Kind = Difference::Kind;

constexpr int kDiffer = 1;  ///< as of diff(1); 2 is trouble

struct Side {
  std::string word;
  std::unique_ptr<StoredRun> run;  ///< null: a file
  std::optional<Loaded> loaded;
};

Side side_of(const Arguments& arguments, const std::string& word) {
  Side side{word, nullptr, {}};
  if (word == "-" || std::filesystem::is_regular_file(word)) return side;
  const auto run_dir = try_find_run(runs_dir_from(arguments), word);
  if (!run_dir)
    throw UsageError(
        fmt::format("'{}' is neither a workflow file nor a run here; 'fugle history' lists the runs", word));
  side.run = std::make_unique<StoredRun>(*run_dir);
  return side;
}

/// Where a file is held against a run it is read with the parameters of the run.
void load(Side& side, const Side& other, const LoadOptions& given) {
  LoadOptions options = given;
  if (side.run) {
    options = load_options_of(read_kept_workflow(side.run->dir()), side.run->facts().source);
  } else {
    options.file = side.word;
    if (other.run) {
      const KeptWorkflow kept = read_kept_workflow(other.run->dir());
      options.directory = kept.directory;
      options.params.insert(options.params.begin(), kept.params.begin(), kept.params.end());
      if (options.params_file.empty() && std::filesystem::exists(kept.params_file))
        options.params_file = kept.params_file;
    }
  }
  options.needs_inputs = false;
  options.keeps_resolved = true;
  side.loaded = load_workflow(options);
}

/// How elements that both have ended, and what was chosen for params.
void add_states(const StoredRun& before, const StoredRun& after, std::vector<Difference>& into) {
  std::map<std::string_view, scheduler::State> states;
  const auto of = [](const StoredRun& run, std::uint32_t e) { return run.state().state(ElementId(e)); };
  for (std::uint32_t e = 0; e < before.graph().num_elements(); ++e)
    if (!before.graph().is_gate(ElementId(e))) states.emplace(before.graph().id(ElementId(e)), of(before, e));
  for (std::uint32_t e = 0; e < after.graph().num_elements(); ++e) {
    if (after.graph().is_gate(ElementId(e))) continue;
    const auto found = states.find(after.graph().id(ElementId(e)));
    if (found != states.end() && found->second != of(after, e))
      into.push_back({Kind::changed, fmt::format("element {}", found->first), "state", name_of(found->second),
                      name_of(of(after, e))});
  }
}

std::vector<Difference> differences_of(const Side& a, const Side& b) {
  std::vector<Difference> differences = diff_workflows(*a.loaded, *b.loaded);
  if (!a.run || !b.run) return differences;
  // Of two runs also what was known only while they went on.
  for (Difference& one : diff_elements(a.run->graph(), b.run->graph(), false))
    if (std::ranges::find(differences, one) == differences.end()) differences.push_back(std::move(one));
  add_states(*a.run, *b.run, differences);
  return differences;
}

}  // namespace

int diff_verb(const Args& args) {
  Usage usage("diff", "A B",
              "What differs between two workflow files, two runs, or a run and a file. Exit code 0: nothing, 1: "
              "something, 2 or more: they can not be compared.",
              2, 2);
  usage.options.add_options()("json", "print JSON");
  add_runs_dir_option(usage.options);
  add_params_options(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  LoadOptions given;
  given.directory = std::filesystem::current_path().string();
  take_params(*arguments, given);
  Side a = side_of(*arguments, arguments->words[0]);
  Side b = side_of(*arguments, arguments->words[1]);
  load(a, b, given);
  load(b, a, given);
  if (!a.loaded || !b.loaded) return static_cast<int>(ExitCode::usage);
  const std::vector<Difference> differences = differences_of(a, b);
  const std::string text = arguments->has("json") ? json_of(differences) : printable(text_of(differences));
  std::fwrite(text.data(), 1, text.size(), stdout);
  return differences.empty() ? 0 : kDiffer;
}

}  // namespace fugle::app
