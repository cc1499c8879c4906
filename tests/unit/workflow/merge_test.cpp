#include "workflow/merge.hpp"

#include <gtest/gtest.h>

#include <map>

#include "workflow/reader.hpp"
#include "workflow/resolved.hpp"

namespace fugle::workflow {
namespace {

using Files = std::map<std::string, std::string>;

/// Reads `w.yaml` among files that are only here.
class Resolving : public testing::Test {
 protected:
  std::optional<Workflow> read(const Files& files) {
    const ReadOptions options{[&](const std::string& path, std::string& why) -> std::optional<std::string> {
      const auto file = files.find(path);
      if (file != files.end()) return file->second;
      why = "not found";
      return std::nullopt;
    }};
    auto workflow = read_workflow(files.at("w.yaml"), diagnostics_, options, &resolved_);
    diagnostics_.sort();
    return workflow;
  }
  std::optional<Workflow> read(const std::string& tasks) {
    return read(Files{{"w.yaml", "version: 1\nname: w\n" + tasks}});
  }

  Diagnostics diagnostics_{"w.yaml"};
  Resolved resolved_;
};

TEST_F(Resolving, a_task_stands_above_its_templates_and_they_above_defaults) {
  const auto workflow = read(
      "defaults: {timeout: 1m, grace: 1s, estimate: 10s, env: {A: defaults, B: defaults}}\n"
      "templates:\n"
      "  left: {timeout: 2m, grace: 2s, env: {B: left, C: left}}\n"
      "  right: {timeout: 3m, env: {C: right}}\n"
      "tasks:\n"
      "  t: {run: x, extends: [left, right], env: {D: task}}\n"
      "  u: {run: x}\n");
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  const TaskNode& t = workflow->tasks[0];
  EXPECT_EQ(t.timeout.value, std::chrono::minutes(3));
  EXPECT_EQ(t.grace.value, std::chrono::seconds(2));
  EXPECT_EQ(t.estimate.value, std::chrono::seconds(10));
  std::map<std::string, std::string> env;
  for (const EnvVar& variable : t.env) env[variable.name] = variable.value.raw;
  EXPECT_EQ(env, (std::map<std::string, std::string>{{"A", "defaults"}, {"B", "left"}, {"C", "right"}, {"D", "task"}}));
  EXPECT_EQ(workflow->tasks[1].timeout.value, std::chrono::minutes(1));
}

TEST_F(Resolving, short_forms_are_made_long_before_they_are_merged) {
  const auto workflow = read(
      "defaults: {retries: {delay: 7s}}\n"
      "templates: {t: {retries: 2, outputs: {o: {path: a, type: file}, p: c}}}\n"
      "tasks:\n"
      "  a: {run: x, extends: t, outputs: {o: b}}\n"
      "  b: {run: x, extends: t, retries: ~}\n"
      "  c: {run: x, extends: t, retries: {max: 5}}\n");
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  EXPECT_EQ(workflow->tasks[0].retries.max.value, 2);
  EXPECT_EQ(workflow->tasks[0].retries.delay.value, std::chrono::seconds(7));
  EXPECT_EQ(workflow->tasks[0].outputs.at(0).path.raw, "b");
  EXPECT_EQ(workflow->tasks[0].outputs.at(1).path.raw, "c");
  EXPECT_EQ(workflow->tasks[1].retries.max.value, 0);
  EXPECT_EQ(workflow->tasks[1].retries.delay.value, std::chrono::seconds(5));
  EXPECT_EQ(workflow->tasks[2].retries.max.value, 5);
  EXPECT_EQ(workflow->tasks[2].retries.delay.value, std::chrono::seconds(7));
}

TEST_F(Resolving, lists_are_replaced_whole) {
  const auto workflow = read(
      "templates: {t: {run: [a, b, c], tags: [one, two], needs: [n]}}\n"
      "tasks:\n"
      "  n: {run: x}\n"
      "  m: {run: x}\n"
      "  a: {extends: t, tags: [three], needs: [m]}\n");
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  const TaskNode& a = workflow->tasks[2];
  EXPECT_EQ(a.argv.size(), 3U);
  EXPECT_EQ(a.tags, std::vector<std::string>{"three"});
  ASSERT_EQ(a.needs.size(), 1U);
  EXPECT_EQ(a.needs[0].task, "m");
}

TEST_F(Resolving, a_template_extends_others_and_defaults_may_name_one) {
  const auto workflow = read(
      "defaults: {extends: top}\n"
      "templates: {base: {timeout: 1m, grace: 1s}, top: {extends: base, timeout: 2m}}\n"
      "tasks: {a: {run: x}, b: {run: x, extends: ~}, c: {run: x, extends: base}}\n");
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  EXPECT_TRUE(diagnostics_.all().empty()) << diagnostics_.to_text();
  EXPECT_EQ(workflow->tasks[0].timeout.value, std::chrono::minutes(2));
  EXPECT_EQ(workflow->tasks[0].grace.value, std::chrono::seconds(1));
  EXPECT_EQ(workflow->tasks[1].timeout.value, Duration{0});
  EXPECT_EQ(workflow->tasks[2].timeout.value, std::chrono::minutes(1));
}

TEST_F(Resolving, what_is_included_stands_below_the_file_and_the_last_stands_above_the_first) {
  const auto workflow =
      read({{"w.yaml",
             "version: 1\nname: w\ninclude: [lib/first.yaml, lib/second.yaml]\n"
             "params: {p: {default: 3}}\ntasks: {a: {run: x, extends: t}}\n"},
            {"lib/first.yaml",
             "params: {p: {type: int, default: 1, max: 9}, q: 1, r: 1}\n"
             "templates: {t: {timeout: 1m, grace: 1s}}\ntasks: {first: {run: x}}\n"},
            {"lib/second.yaml", "include: [../deep/third.yaml]\nparams: {q: 2}\ntemplates: {t: {timeout: 2m}}\n"},
            {"deep/third.yaml", "params: {q: 3, s: 3}\ntasks: {third: {run: x}}\n"}});
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  std::map<std::string, Value> params;
  for (const Param& param : workflow->params) params[param.name] = param.fallback.value();
  EXPECT_EQ(params, (std::map<std::string, Value>{{"p", Value(std::int64_t{3})},
                                                  {"q", Value(std::int64_t{2})},
                                                  {"r", Value(std::int64_t{1})},
                                                  {"s", Value(std::int64_t{3})}}));
  std::vector<std::string> tasks;
  for (const TaskNode& task : workflow->tasks) tasks.push_back(task.name);
  EXPECT_EQ(tasks, (std::vector<std::string>{"first", "third", "a"}));
  EXPECT_EQ(workflow->tasks.back().timeout.value, std::chrono::minutes(2));
  EXPECT_EQ(workflow->tasks.back().grace.value, std::chrono::seconds(1));
}

TEST_F(Resolving, a_file_that_is_included_twice_counts_once) {
  const auto workflow = read({{"w.yaml", "version: 1\nname: w\ninclude: [a.yaml, b.yaml]\ntasks: {t: {run: x}}\n"},
                              {"a.yaml", "include: [c.yaml]\n"},
                              {"b.yaml", "include: [./c.yaml]\n"},
                              {"c.yaml", "tasks: {c: {run: x}}\n"}});
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  EXPECT_EQ(workflow->tasks.size(), 2U);
}

TEST_F(Resolving, files_that_include_ever_deeper_ones_come_to_an_end) {
  const ReadOptions options{
      [](const std::string&, std::string&) -> std::optional<std::string> { return "include: [d/x.yaml]\n"; }};
  EXPECT_FALSE(read_workflow("version: 1\nname: w\ninclude: [x.yaml]\ntasks: {a: {run: x}}\n", diagnostics_, options));
  ASSERT_EQ(diagnostics_.all().size(), 1U);
  EXPECT_EQ(diagnostics_.all()[0].text, "'include' is nested deeper than 64");
}

TEST_F(Resolving, what_is_printed_means_the_same_and_tells_where_it_comes_from) {
  const auto workflow = read({{"w.yaml",
                               "version: 1\nname: w\ninclude: [lib.yaml]\n"
                               "params: {n: {type: int, default: 3}, s: abc, l: [a, b], u: {type: string}}\n"
                               "defaults: {grace: 2s}\n"
                               "tasks:\n"
                               "  a:\n"
                               "    extends: t\n"
                               "    env: {TEXT: \"5\", ODD: \"a: b # \\t\\\\ \\u00e9\"}\n"
                               "    run: |\n"
                               "      echo ${{ params.n }}\n"
                               "\n"
                               "        indented\n"
                               "finally: {z: {run: [echo, \"yes\", 010], timeout: ~}}\n"},
                              {"lib.yaml", "templates:\n  t: {timeout: 1m, retries: 2}\n"}});
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  put_params(resolved_, *workflow, nullptr, {{"n", "7"}, {"u", "8"}, {"l", "x,y"}});
  const std::string printed = resolved_yaml(resolved_, diagnostics_);
  EXPECT_NE(printed.find("timeout: 1m  # lib.yaml:2\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("grace: 2s  # w.yaml:5\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("default: 7  # command line\n"), std::string::npos) << printed;
  EXPECT_NE(printed.find("default: \"8\"  # command line\n"), std::string::npos) << printed;
  for (const char* gone : {"extends", "templates", "defaults", "include"})
    EXPECT_EQ(printed.find(gone), std::string::npos) << printed;

  Diagnostics second("printed.yaml");
  Resolved again;
  const auto same = read_workflow(printed, second, {}, &again);
  ASSERT_TRUE(same.has_value()) << second.to_text() << printed;
  EXPECT_EQ(same->tasks.at(0).script->raw, workflow->tasks.at(0).script->raw);
  EXPECT_EQ(same->tasks[0].env.at(0).value.raw, "5");
  EXPECT_EQ(same->tasks[0].env.at(1).value.raw, workflow->tasks[0].env.at(1).value.raw);
  EXPECT_EQ(same->tasks[0].retries.max.value, 2);
  EXPECT_EQ(same->params.at(0).fallback, Value(std::int64_t{7}));
  EXPECT_EQ(same->params.at(2).fallback, Value(List{Value("x"), Value("y")}));
  EXPECT_EQ(same->params.at(3).fallback, Value("8"));
  EXPECT_EQ(same->tasks.at(1).argv.at(2).raw, "010");
}

TEST_F(Resolving, json_has_a_pointer_to_the_origin_of_each_value) {
  const auto workflow = read("env: {\"a/b\": 1}\ntasks: {t: {run: [x, \"1\"], priority: 3}}\n");
  ASSERT_TRUE(workflow.has_value()) << diagnostics_.to_text();
  const std::string json = resolved_json(resolved_, diagnostics_);
  EXPECT_NE(json.find(R"("run":["x","1"],"priority":3)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("/env/a~1b":"w.yaml:3")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("/tasks/t/run/1":"w.yaml:4")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("diagnostics":[])"), std::string::npos) << json;
}

}  // namespace
}  // namespace fugle::workflow
