// Workflows made in C++: what they look like as files, and what their functions are called with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fugle/fugle.hpp>
#include <nlohmann/json.hpp>
#include <string>
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

TEST(Workflow, mistakes_in_its_making_name_the_task) {
  Workflow wf("wrong");
  const auto two = wf.map("two", add_one, over({1, 2}));
  const auto message_of = [](auto make) {
    try {
      make();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message_of([&] { wf.map("none", add_one, 1); }),
            "map 'none' has nothing to go over; give it over(values), or the Results of another map");
  EXPECT_THAT(message_of([&] {
                wf.map(
                    "three", [](int a, int b) { return a + b; }, over({1, 2, 3}), two);
              }),
              ::testing::HasSubstr("'three' goes over 3 values and over the 2 elements of 'two'"));
  EXPECT_THAT(message_of([&] { wf.key("limits", "{"); }), ::testing::HasSubstr("is not JSON"));
  Workflow other("other");
  const auto foreign = other.function("a", add_one, 1);
  EXPECT_THAT(message_of([&] { wf.function("b", add_one, foreign); }), ::testing::HasSubstr("of another workflow"));
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
