// Workflows made in C++: what they look like as files, and what their functions are called with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fugle/fugle.hpp>
#include <nlohmann/json.hpp>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "function/program_function.hpp"

namespace fugle {
namespace {

using function::CallInput;
using function::CallOutcome;
using nlohmann::json;

int add_one(int x) { return x + 1; }
double total(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

/// Calls a function of the workflow as a worker does.
CallOutcome call(const Workflow& workflow, const std::string& name, const std::vector<std::string>& results,
                 std::uint32_t index = 0) {
  const json file = json::parse(workflow.to_json());
  const std::string with = file["tasks"][name]["with"].dump();
  CallInput input;
  input.task = name;
  input.element = name;
  input.index = index;
  input.arguments = with;
  input.results.assign(results.begin(), results.end());
  return function::registry_of(workflow).find(name)->call(input);
}

template <class T>
T value_of(const CallOutcome& outcome) {
  EXPECT_EQ(outcome.reason, "");
  return detail::value_of<T>(outcome.result);
}

TEST(Workflow, of_functions_and_commands_is_a_file) {
  Workflow wf("mixed");
  wf.description("a test").key("limits.max_failures", "3");
  const auto a = wf.function("a", add_one, 3).cores(2).retries(1).timeout("1m");
  wf.command("b", {"echo", "b"}).needs(a).output("o", "out.txt").env("NAME", "x").key("resources.bind", "\"l3\"");
  const json file = json::parse(wf.to_json());
  EXPECT_EQ(file["version"], 1);
  EXPECT_EQ(file["name"], "mixed");
  EXPECT_EQ(file["limits"]["max_failures"], 3);
  EXPECT_EQ(file["tasks"]["a"]["plugin"], ":a");
  EXPECT_EQ(file["tasks"]["a"]["isolate"], false);
  EXPECT_EQ(file["tasks"]["a"]["resources"]["cores"], 2);
  EXPECT_EQ(file["tasks"]["a"]["retries"], 1);
  EXPECT_EQ(file["tasks"]["b"]["needs"], json({"a"}));
  EXPECT_EQ(file["tasks"]["b"]["outputs"]["o"], "out.txt");
  EXPECT_EQ(file["tasks"]["b"]["resources"]["bind"], "l3");
}

TEST(Workflow, functions_are_called_with_what_they_were_given_and_what_others_returned) {
  Workflow wf("chain");
  const auto a = wf.function("a", add_one, 3);
  wf.function(
      "b", [](int x, const std::string& text) { return text + std::to_string(x); }, a, "x = ");
  const CallOutcome first = call(wf, "a", {});
  EXPECT_EQ(value_of<int>(first), 4);
  EXPECT_EQ(value_of<std::string>(call(wf, "b", {first.result})), "x = 4");
}

TEST(Workflow, a_fan_out_has_an_element_per_value_named_by_it) {
  Workflow wf("fan");
  const auto a = wf.function("a", add_one, 1);
  const auto squares = wf.map(
      "square", [](int i, int base) { return i * i + base; }, over({2, 3, 5}), a);
  EXPECT_EQ(squares.size(), 3u);
  const json file = json::parse(wf.to_json());
  EXPECT_EQ(file["tasks"]["square"]["matrix"]["i"], json({2, 3, 5}));
  EXPECT_EQ(value_of<int>(call(wf, "square", {detail::bytes_of(10)}, 2)), 35);
}

TEST(Workflow, elements_whose_values_make_no_names_are_numbered) {
  Workflow wf("fan");
  wf.map(
      "twice", [](int i) { return i; }, over({7, 7}));
  wf.map(
      "list", [](const std::vector<int>& v) { return v.size(); }, over({std::vector<int>{1}, std::vector<int>{2, 3}}));
  const json file = json::parse(wf.to_json());
  EXPECT_EQ(file["tasks"]["twice"]["matrix"]["i"], json({0, 1}));
  EXPECT_EQ(file["tasks"]["list"]["matrix"]["i"], json({0, 1}));
  EXPECT_EQ(value_of<std::size_t>(call(wf, "list", {}, 1)), 2u);
}

TEST(Workflow, a_map_over_a_map_takes_the_result_of_the_same_element) {
  Workflow wf("maps");
  const auto first = wf.map(
      "first", [](double x) { return x; }, over({0.5, 1.5}));
  wf.map(
      "second", [](double y) { return 2 * y; }, first);
  const json file = json::parse(wf.to_json());
  EXPECT_EQ(file["tasks"]["second"]["needs"]["first"], "each");
  EXPECT_EQ(file["tasks"]["second"]["matrix"], file["tasks"]["first"]["matrix"]);
  EXPECT_EQ(value_of<double>(call(wf, "second", {detail::bytes_of(1.5)}, 1)), 3.0);
}

TEST(Workflow, a_function_gathers_all_results_of_a_fan_out) {
  Workflow wf("gather");
  const auto parts = wf.map(
      "part", [](double x) { return x; }, over({0.5, 1.5}));
  wf.function("total", total, parts);
  wf.map(
      "shares", [](double part, const std::vector<double>& every) { return part / total(every); }, over({0.5, 1.5}),
      all(parts));
  const std::vector<std::string> results{detail::bytes_of(0.5), detail::bytes_of(1.5)};
  EXPECT_EQ(value_of<double>(call(wf, "total", results)), 2.0);
  EXPECT_EQ(value_of<double>(call(wf, "shares", results, 0)), 0.25);
}

TEST(Workflow, an_exception_is_an_error_with_its_text) {
  Workflow wf("bad");
  wf.function("a", []() -> int { throw std::runtime_error("no water"); });
  const CallOutcome outcome = call(wf, "a", {});
  EXPECT_EQ(outcome.cls, graph::FailureClass::error);
  EXPECT_EQ(outcome.reason, "no water");
}

TEST(Workflow, a_function_that_exits_does_not_end_its_worker_well) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  Workflow wf("bad");
  wf.function("a", [] { std::exit(0); });
  EXPECT_EXIT((void)call(wf, "a", {}), testing::ExitedWithCode(3), "the function of 'a' called exit");
}

TEST(Workflow, a_program_whose_values_have_changed_since_is_found_out) {
  Workflow before("changed");
  before.map("a", add_one, over({1, 2}));
  Workflow after("changed");
  after.map("a", add_one, over({1, 3}));
  const std::string with = json::parse(before.to_json())["tasks"]["a"]["with"].dump();
  CallInput input;
  input.arguments = with;
  const CallOutcome outcome = function::registry_of(after).find("a")->call(input);
  EXPECT_EQ(outcome.cls, graph::FailureClass::error);
  EXPECT_THAT(outcome.reason, ::testing::HasSubstr("start a new run"));
}

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

auto is_mistake(const char* code, std::uint32_t line, const std::string& part) {
  return AllOf(Field(&detail::Mistake::code, code), Field(&detail::Mistake::text, HasSubstr(part)),
               Field(&detail::Mistake::place, ::testing::Property(&std::source_location::line, line)));
}

TEST(Workflow, mistakes_in_its_making_are_kept_with_their_places) {
  Workflow wf("wrong");
  const auto two = wf.map("two", add_one, over({1, 2}));
  // clang-format off
  const std::uint32_t line = std::source_location::current().line();
  wf.map("none", add_one, 1);
  wf.map("three", [](int a, int b) { return a + b; }, over({1, 2, 3}), two);
  wf.key("limits", "{");
  Workflow other("other");
  const auto foreign = other.function("a", add_one, 1);
  wf.function("b", add_one, foreign);
  wf.command("c", {"true"}).needs(foreign);
  wf.command("two", {"true"});
  wf.map("both", [](int, const std::vector<int>&) {}, two, all(two));
  wf.function("after", add_one, 1).needs(two).needs_each(two);
  wf.key("slurm", "3").key("slurm.nodes", "2");
  // clang-format on
  EXPECT_THAT(wf.mistakes(),
              ElementsAre(is_mistake("E105", line + 1, "'none' has nothing to go over; give it over(values)"),
                          is_mistake("E208", line + 2, "'three' goes over 3 values and over the 2 elements of 'two'"),
                          is_mistake("E101", line + 3, "'limits' is not JSON"),
                          is_mistake("E202", line + 6, "'b' takes the result of 'a', a task of another workflow"),
                          is_mistake("E202", line + 7, "'c' needs 'a', a task of another workflow"),
                          is_mistake("E102", line + 8, "a second task 'two' (first at "),
                          is_mistake("E113", line + 9, "'both' takes both one and all results of 'two'"),
                          is_mistake("E113", line + 10, "'after' needs both one and all elements of 'two'"),
                          is_mistake("E104", line + 11, "'slurm.nodes' can not be set")));
  EXPECT_EQ(json::parse(wf.to_json())["tasks"].size(), 7u) << "of a name the first stands in the file";
}

TEST(Workflow, knows_which_line_of_its_text_was_said_where) {
  const std::uint32_t line = std::source_location::current().line();
  Workflow wf("placed");
  const auto a = wf.command("a", {"echo", "two\nlines"});
  auto b = wf.command("b", {"true"});
  wf.limits({.max_failures = 3});
  b.needs(a);
  b.key("resources", R"json({"cores": 2})json");
  const std::string text = wf.to_json();
  EXPECT_TRUE(json::accept(text));
  const auto place_of = [&](const std::string& part) {
    const auto number = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(part)), '\n') + 1;
    std::uint32_t found = 0;
    for (const auto& placed : wf.places())
      if (placed.line <= number) found = placed.place.line() - line;
    return found;
  };
  EXPECT_EQ(place_of("\"version\""), 1u);
  EXPECT_EQ(place_of("max_failures"), 4u);
  EXPECT_EQ(place_of("\"a\": {"), 2u);
  EXPECT_EQ(place_of("two\\nlines"), 2u);
  EXPECT_EQ(place_of("\"b\": {"), 3u);
  EXPECT_EQ(place_of("\"cores\""), 6u);
  EXPECT_EQ(place_of("        \"a\"\n"), 5u);
  EXPECT_NE(text.find("\"needs\": [\n        \"a\"\n      ]"), std::string::npos) << text;
}

TEST(Workflow, says_all_that_a_file_says) {
  Workflow wf("all");
  wf.workdir("/w").scratch("/s").on_failure("drain").reserve("1m").param("p", "1").env("V", "x");
  wf.limits({.max_failures = 3, .max_requeues = 0})
      .slurm({.account = "me", .nodes = 2, .time = "1h", .exclusive = true, .extra = {"--switches=1"}})
      .report({.rows = {"matrix.n"}, .columns = {"median(t)"}, .baseline = R"({"n": 1})"});
  wf.command("mpi", {"./solve"})
      .matrix("n", {1, 2})
      .nodes(2)
      .ranks_per_node(4)
      .gpus_per_rank(1)
      .exclusive()
      .scratch("1G")
      .bind("l3")
      .place("spread")
      .launcher("none")
      .metric("t", {.regex = "time: (.*)", .reference = 2.5, .tolerance = std::pair(-0.5, 0.5)})
      .retries({.max = 2, .delay = "1s", .when = {"error", "3"}})
      .restart({.files = {"state"}, .signal = "USR1", .before_end = "1m"})
      .tags({"big"})
      .cleanup("rm -f core");
  const auto server = wf.command("server", {"./serve"}).service({.ready = "nc -z localhost 1", .stop = "INT"});
  const auto fit =
      wf.plugin("fit", "libfit.so:fit").with("order", 3).with("eps", 0.5).with("kind", "cubic").isolate(false);
  wf.script("last", "echo $FUGLE_RUN_STATE").shell({"sh", "-e"}).finally();
  wf.command("user", {"./use"}).needs(server).matrix("x", std::vector<std::string>{"a", "b"}).needs_each(fit);
  EXPECT_THAT(wf.mistakes(), ::testing::IsEmpty());
  const json file = json::parse(wf.to_json());
  EXPECT_EQ(file["limits"], json::parse(R"({"max_failures": 3, "max_requeues": 0})"));
  EXPECT_EQ(file["slurm"], json::parse(R"({"account": "me", "nodes": 2, "time": "1h", "exclusive": true,
                                           "extra": ["--switches=1"]})"));
  EXPECT_EQ(file["report"], json::parse(R"json({"rows": ["matrix.n"], "columns": ["median(t)"],
                                                "baseline": {"n": 1}})json"));
  EXPECT_EQ(file["workdir"], "/w");
  EXPECT_EQ(file["tasks"]["mpi"], json::parse(R"json({"run": ["./solve"], "matrix": {"n": [1, 2]},
      "resources": {"nodes": 2, "ranks_per_node": 4, "gpus_per_rank": 1, "exclusive": true, "scratch": "1G",
                    "bind": "l3", "place": "spread"},
      "launcher": "none", "metrics": {"t": {"regex": "time: (.*)", "reference": 2.5, "tolerance": [-0.5, 0.5]}},
      "retries": {"max": 2, "delay": "1s", "when": ["error", "3"]},
      "restart": {"files": ["state"], "signal": "USR1", "before_end": "1m"}, "tags": ["big"],
      "cleanup": "rm -f core"})json"));
  EXPECT_EQ(file["tasks"]["server"]["service"], json::parse(R"({"ready": "nc -z localhost 1", "stop": "INT"})"));
  EXPECT_EQ(file["tasks"]["fit"], json::parse(R"({"plugin": "libfit.so:fit", "isolate": false,
      "with": {"order": 3, "eps": 0.5, "kind": "cubic"}})"));
  EXPECT_EQ(file["tasks"]["user"]["needs"], json::parse(R"({"server": "ok", "fit": "each"})"));
  EXPECT_EQ(file["finally"]["last"]["shell"], json({"sh", "-e"}));
  EXPECT_FALSE(file["tasks"].contains("last"));
}

TEST(Context, can_be_made_by_hand_for_a_test) {
  const auto solve = [](const Context& context, double x) { return x * context.cores() + context.index(); };
  const Context context({.element = "solve[3]", .index = 3, .cores = 2});
  EXPECT_EQ(solve(context, 0.5), 4.0);
  EXPECT_FALSE(context.is_cancelled());
  EXPECT_THROW((void)context.output("table"), std::out_of_range);
}

}  // namespace
}  // namespace fugle
