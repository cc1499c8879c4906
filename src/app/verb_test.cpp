// fugle test FILE: the workflow with stubs instead of its commands, in a directory of its own, here and now; and
// whether it ends as the file beside it expects.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "app/command_table.hpp"
#include "app/linked_inputs.hpp"
#include "app/load_workflow.hpp"
#include "app/mistakes.hpp"
#include "app/rank_loop.hpp"
#include "app/read_durations.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "report/json_text.hpp"
#include "workflow/expectation.hpp"
#include "workflow/reader.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

using scheduler::State;
using workflow::Expectation;
using workflow::Position;

/// Of a test: gone with it, unless it is kept.
class Workshop {
 public:
  Workshop() {
    const char* root = std::getenv("TMPDIR");
    std::string pattern = std::string(root != nullptr && *root != '\0' ? root : "/tmp") + "/fugle-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      throw EnvironmentError(
          fmt::format("cannot make a directory like '{}' ({}); set TMPDIR to one that can be written", pattern,
                      std::strerror(errno)));
    path_ = fs::canonical(pattern).string();
  }
  ~Workshop() {
    std::error_code ignored;
    if (!is_kept_) fs::remove_all(path_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { is_kept_ = true; }

 private:
  std::string path_;
  bool is_kept_ = false;
};

/// "demo.expect" of "demo.yaml".
std::string file_beside(const std::string& file) {
  fs::path path(file);
  return path.replace_extension(".expect").string();
}

struct Expected {
  std::string file;
  Expectation content;
};

/// nullopt after its mistakes were printed.
std::optional<Expected> read_expected(const Arguments& arguments, const LoadOptions& load) {
  Expected expected;
  const bool is_named = arguments.has("expect");
  expected.file = is_named ? arguments.get<std::string>("expect") : file_beside(load.file);
  if (!is_named && (load.file == "-" || !fs::exists(expected.file))) {
    expected.file.clear();
    return expected;
  }
  workflow::Diagnostics diagnostics(expected.file);
  expected.content = workflow::read_expectation(workflow::read_file(expected.file), diagnostics);
  print_mistakes(diagnostics);
  return diagnostics.has_errors() ? std::nullopt : std::optional(std::move(expected));
}

RunFacts facts_of(const Loaded& loaded, const LoadOptions& load, const Args& args) {
  RunFacts facts;
  facts.created = std::chrono::system_clock::now();
  facts.workflow = loaded.workflow.name;
  facts.run = loaded.run_id;
  facts.file = load.file;
  facts.source = loaded.source;
  facts.params = load.params;
  facts.values = loaded.values;
  facts.submit_dir = load.directory;
  facts.host = host_name();
  facts.user = user_name();
  facts.pid = getpid();
  facts.argv = args;
  facts.argv.insert(facts.argv.begin(), {"fugle", "test"});
  return facts;
}

void run_here(Loaded loaded, const LoadOptions& load, const Args& args) {
  RankOptions options;
  (void)run_rank(options, [&](const Workers& workers) -> Opening {
    auto run = OpenRun::create(load.runs_dir, facts_of(loaded, load, args), std::move(loaded.graph), loaded.kept);
    RunPlan plan = make_run_plan(run->state(), workers.machine, plan::known_durations(run->graph(), {}, {}), {}, {});
    return {std::move(run), std::move(plan)};
  });
}

/// As FORMAT.md section 8 has it: the strongest of what its elements are.
State state_of_task(const scheduler::RunState& state, const std::vector<ElementId>& elements) {
  State strongest = State::skipped;
  constexpr std::array kOrder{State::skipped, State::cached,    State::ok,
                              State::blocked, State::cancelled, State::failed};
  for (const ElementId e : elements) {
    const bool is_tolerated = state.state(e) == State::failed && state.counts_as_ok(e) &&
                              state.graph().task_of(e).on_failure != graph::OnFailure::ignore;
    const State own = is_tolerated ? State::ok : state.state(e);
    if (std::ranges::find(kOrder, own) > std::ranges::find(kOrder, strongest)) strongest = own;
  }
  return strongest;
}

/// What it names: elements of a task, or one; the tasks of what is not there yet have none.
std::vector<ElementId> elements_named(const graph::Graph& graph, const std::string& id, bool& is_known) {
  std::vector<ElementId> found;
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    if (graph::is_gate(graph.task_of(e).kind)) continue;
    const bool is_meant = graph.task_of(e).name == id || graph.id(e) == id;
    is_known = is_known || is_meant;
    // An expansion stands for its elements as long as there are none.
    if (is_meant && !graph.is_gate(e)) found.push_back(e);
  }
  return found;
}

struct Mismatch {
  Position at;
  std::string text;
};

void compare_task(const StoredRun& run, const Expectation::OfTask& wanted, std::vector<Mismatch>& into) {
  bool is_known = false;
  const std::vector<ElementId> elements = elements_named(run.graph(), wanted.id, is_known);
  if (!is_known) {
    std::vector<std::string_view> known;
    for (std::uint32_t t = 0; t < run.graph().num_tasks(); ++t)
      if (!graph::is_gate(run.graph().task(TaskId(t)).kind)) known.push_back(run.graph().task(TaskId(t)).name);
    const auto nearest = nearest_word(wanted.id, known);
    into.push_back({wanted.at, fmt::format("there is no task or element '{}'{}", wanted.id,
                                           nearest ? fmt::format("; did you mean '{}'?", *nearest) : "")});
    return;
  }
  const bool stands_for_none =
      elements.size() == 1 && run.graph().task_of(elements[0]).kind == graph::TaskKind::expansion;
  const auto count = static_cast<std::int64_t>(stands_for_none ? 0 : elements.size());
  if (wanted.elements && *wanted.elements != count)
    into.push_back(
        {wanted.at, fmt::format("{} has {}, expected {}", wanted.id,
                                counted(static_cast<std::uint64_t>(count), "element", "elements"), *wanted.elements)});
  const char* is = scheduler::name_of(state_of_task(run.state(), elements));
  if (!wanted.state.empty() && wanted.state != is)
    into.push_back({wanted.at, fmt::format("{} is {}, expected {}", wanted.id, is, wanted.state)});
}

std::vector<Mismatch> compare(const StoredRun& run, const Expectation& expected) {
  std::vector<Mismatch> mismatches;
  const std::string_view is = report::name_of(run.condition());
  if (expected.state.text != is)
    mismatches.push_back({expected.state.at, fmt::format("the run is {}, expected {}", is, expected.state.text)});
  for (const Expectation::OfTask& task : expected.tasks) compare_task(run, task, mismatches);
  for (const Expectation::Word& file : expected.files)
    if (!fs::exists(fs::path(run.facts().submit_dir) / file.text))
      mismatches.push_back({file.at, fmt::format("there is no file '{}' at the end", file.text)});
  std::ranges::stable_sort(mismatches, {}, &Mismatch::at);
  return mismatches;
}

std::string in_text(const std::string& file, const Mismatch& mismatch) {
  if (mismatch.at.line == 0) return mismatch.text;
  return fmt::format("{}:{}:{}: {}", file, mismatch.at.line, mismatch.at.column, mismatch.text);
}

void print_json(const StoredRun& run, const Expected& expected, const std::vector<Mismatch>& mismatches,
                const std::string& kept) {
  report::Json json;
  json["workflow"] = run.facts().workflow;
  json["is_as_expected"] = mismatches.empty();
  json["state"] = report::name_of(run.condition());
  json["elements"] = run.graph().num_real_elements();
  json["expect"] = expected.file.empty() ? report::Json() : report::Json(expected.file);
  json["directory"] = kept.empty() ? report::Json() : report::Json(kept);
  json["mismatches"] = report::Json::array();
  for (const Mismatch& mismatch : mismatches)
    json["mismatches"].push_back({{"line", mismatch.at.line}, {"column", mismatch.at.column}, {"text", mismatch.text}});
  fmt::print("{}\n", report::to_pretty_text(json));
}

void print_text(const StoredRun& run, const Expected& expected, const std::vector<Mismatch>& mismatches,
                const std::string& kept) {
  for (const Mismatch& mismatch : mismatches) fmt::print("{}\n", in_text(expected.file, mismatch));
  const std::string with = expected.file.empty() ? "" : fmt::format(" ({})", expected.file);
  fmt::print("test of {}: {}, {}{}\n", run.facts().workflow,
             mismatches.empty() ? "as expected" : counted(mismatches.size(), "difference", "differences"),
             counted(run.graph().num_real_elements(), "element", "elements"), with);
  if (!kept.empty()) fmt::print("what it made is in {0}; fugle status --runs-dir {0}/.fugle\n", kept);
}

}  // namespace

int test_verb(const Args& args) {
  Usage usage("test", "FILE",
              "Runs a workflow with stubs instead of its commands, in a directory of its own, and compares how it ends "
              "with the file beside it that ends in .expect. Exit code 1 where it differs.",
              0, 1);
  auto add = usage.options.add_options();
  add("expect", boost::program_options::value<std::string>()->value_name("FILE"), "what to compare with instead");
  add("keep", "keep the directory also where all is as expected");
  add("json", "print JSON");
  add_load_options(usage.options);
  add_driver_words(usage);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  LoadOptions load = load_options_from(*arguments);
  const auto expected = read_expected(*arguments, load);
  if (!expected) return static_cast<int>(ExitCode::usage);

  Workshop workshop;
  load.params.insert(load.params.begin(), expected->content.params.begin(), expected->content.params.end());
  load.has_stubs = true;
  load.needs_inputs = false;
  load.looks_for_files = std::exchange(load.directory, workshop.path());
  load.runs_dir = workshop.path() + "/.fugle";
  auto loaded = load_workflow(load);
  if (!loaded) return static_cast<int>(ExitCode::usage);
  expect_outputs_in(loaded->graph, workshop.path(), "a test would write there");
  (void)link_inputs(loaded->graph, load.looks_for_files, workshop.path(), AbsentInput::made_empty);
  const std::string run_dir = load.runs_dir + "/" + loaded->run_id;
  run_here(*std::move(loaded), load, args);

  const StoredRun run(run_dir);
  const std::vector<Mismatch> mismatches = compare(run, expected->content);
  if (!mismatches.empty() || arguments->has("keep")) workshop.keep();
  const std::string kept = !mismatches.empty() || arguments->has("keep") ? workshop.path() : "";
  (arguments->has("json") ? print_json : print_text)(run, *expected, mismatches, kept);
  return static_cast<int>(mismatches.empty() ? ExitCode::ok : ExitCode::failed);
}

}  // namespace fugle::app
