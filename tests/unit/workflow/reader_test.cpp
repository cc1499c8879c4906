#include "workflow/reader.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "workflow/keys.hpp"
#include "workflow/task_reader.hpp"

namespace fugle::workflow {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kHead = "version: 1\nname: w\n";

/// The workflow of a good text; fails the test when it has messages.
Workflow read(const std::string& text) {
  Diagnostics diagnostics("w.yaml");
  auto workflow = read_workflow(text, diagnostics);
  EXPECT_EQ(diagnostics.to_text(), "");
  return workflow.value_or(Workflow{});
}

TaskNode read_one_task(const std::string& keys) {
  const Workflow workflow = read(std::string(kHead) + "tasks:\n  a:\n    run: x\n" + keys);
  return workflow.tasks.empty() ? TaskNode{} : workflow.tasks[0];
}

std::string messages_of(std::string_view bytes) {
  Diagnostics diagnostics("f");
  (void)read_workflow(bytes, diagnostics);
  diagnostics.sort();
  return diagnostics.to_text();
}

std::string with_task(const std::string& keys) { return std::string(kHead) + "tasks:\n  a: {run: x, " + keys + "}\n"; }

TEST(Reader, takes_the_smallest_file) {
  const Workflow workflow = read("version: 1\nname: hello\ntasks:\n  hi: {run: echo hello from $(hostname)}\n");
  EXPECT_EQ(workflow.name, "hello");
  ASSERT_EQ(workflow.tasks.size(), 1u);
  const TaskNode& task = workflow.tasks[0];
  EXPECT_EQ(task.name, "hi");
  EXPECT_EQ(task.at, (Position{4, 3}));
  EXPECT_EQ(task.script.value().raw, "echo hello from $(hostname)");
  EXPECT_EQ(task.run_at, (Position{4, 13}));
  EXPECT_EQ(task.cores.value, 1);
  EXPECT_EQ(task.grace.value, seconds(30));
}

TEST(Reader, takes_json_as_well_as_yaml) {
  const Workflow workflow = read(R"({"version": 1, "name": "w",)"
                                 "\n\t"
                                 R"("tasks": {"a": {"run": ["echo", "\uD83D\uDE00", "a\/b"], "timeout": "5m"}}})");
  ASSERT_EQ(workflow.tasks.size(), 1u);
  ASSERT_EQ(workflow.tasks[0].argv.size(), 3u);
  EXPECT_EQ(workflow.tasks[0].argv[1].raw, "\xF0\x9F\x98\x80");
  EXPECT_EQ(workflow.tasks[0].argv[2].raw, "a/b");
  EXPECT_EQ(workflow.tasks[0].timeout.value, minutes(5));
}

TEST(Reader, fills_every_key_of_a_task) {
  const TaskNode task = read_one_task(R"(    description: words
    shell: python3 -u
    matrix: {x: [1, b, "2"], y: 01..02}
    inputs: {i: in.txt, j: [a, b], k: {path: c, description: d}}
    outputs: {o: out.txt, p: {path: q, type: file, description: d}}
    resources: {cores: 4, mem: 2G, scratch: 3G}
    env: {A: 1, B: on}
    workdir: sub
    timeout: 1h30m
    grace: 10s
    retries: {max: 3, delay: 1s, backoff: 1.5, max_delay: 1m, jitter: 0, when: [error, timeout, 7, "130..145"]}
    on_failure: ignore
    tolerate: 5%
    cleanup: rm -f core.*
    estimate: 00:20:00
    priority: -5
    tags: [fast, io]
)");
  EXPECT_EQ(task.description, "words");
  EXPECT_EQ(task.shell, (std::vector<std::string>{"python3", "-u", "-c"}));
  ASSERT_EQ(task.matrix.size(), 2u);
  EXPECT_EQ(task.matrix[0].values, (List{Value(std::int64_t{1}), Value("b"), Value("2")}));
  EXPECT_EQ(task.matrix[1].values, (List{Value("01"), Value("02")}));
  EXPECT_EQ(task.matrix[0].value_at.size(), 3u);
  ASSERT_EQ(task.inputs.size(), 3u);
  EXPECT_FALSE(task.inputs[0].is_list);
  EXPECT_TRUE(task.inputs[1].is_list);
  EXPECT_EQ(task.inputs[2].paths.at(0).raw, "c");
  ASSERT_EQ(task.outputs.size(), 2u);
  EXPECT_EQ(task.outputs[1].path.raw, "q");
  EXPECT_EQ(task.cores.value, 4);
  EXPECT_EQ(task.mem.value.bytes, std::uint64_t{2} << 30);
  ASSERT_EQ(task.env.size(), 2u);
  EXPECT_EQ(task.env[1].value.raw, "on");
  EXPECT_EQ(task.workdir.value().raw, "sub");
  EXPECT_EQ(task.timeout.value, minutes(90));
  EXPECT_EQ(task.grace.value, seconds(10));
  EXPECT_EQ(task.retries.max.value, 3);
  EXPECT_EQ(task.retries.delay.value, seconds(1));
  EXPECT_EQ(task.retries.backoff.value, 1.5);
  EXPECT_EQ(task.retries.max_delay.value, minutes(1));
  EXPECT_EQ(task.retries.jitter.value, 0.0);
  EXPECT_TRUE(task.retries.when.covers(graph::FailureClass::timeout, 0));
  EXPECT_FALSE(task.retries.when.covers(graph::FailureClass::signal, 0));
  EXPECT_EQ(task.retries.when.exit_codes, (std::vector<std::pair<int, int>>{{7, 7}, {130, 145}}));
  EXPECT_EQ(task.on_failure.value, graph::OnFailure::ignore);
  EXPECT_EQ(task.tolerate.value.fraction, 0.05);
  EXPECT_EQ(task.cleanup.value().raw, "rm -f core.*");
  EXPECT_EQ(task.scratch.value.bytes, std::uint64_t{3} << 30);
  EXPECT_EQ(task.estimate.value, minutes(20));
  EXPECT_EQ(task.priority.value, -5);
  EXPECT_EQ(task.tags, (std::vector<std::string>{"fast", "io"}));
}

TEST(Reader, takes_needs_as_task_list_or_map) {
  const Workflow workflow = read(std::string(kHead) +
                                 "tasks:\n  a: {run: x}\n  b: {run: x, needs: [a, a]}\n"
                                 "  c: {run: x, needs: {a: ok, b: }}\n  d: {run: x, needs: c}\n");
  ASSERT_EQ(workflow.tasks.size(), 4u);
  EXPECT_EQ(workflow.tasks[1].needs.size(), 1u);
  EXPECT_EQ(workflow.tasks[2].needs.size(), 2u);
  ASSERT_EQ(workflow.tasks[3].needs.size(), 1u);
  EXPECT_EQ(workflow.tasks[3].needs[0].task, "c");
}

TEST(Reader, infers_types_of_params_from_their_defaults) {
  const Workflow workflow = read(std::string(kHead) + R"(params:
  i: 5
  f: 0.5
  b: true
  s: yes
  q: "5"
  r:
  l: {default: [1, two]}
  p: {type: path, description: where}
  m: {type: float, default: 2, min: 1, max: 3}
tasks: {a: {run: x}}
)");
  ASSERT_EQ(workflow.params.size(), 9u);
  EXPECT_EQ(workflow.params[0].type, ParamType::integer);
  EXPECT_EQ(workflow.params[1].type, ParamType::number);
  EXPECT_EQ(workflow.params[2].type, ParamType::boolean);
  EXPECT_EQ(workflow.params[3].type, ParamType::string);
  EXPECT_EQ(workflow.params[4].fallback, Value("5"));
  EXPECT_FALSE(workflow.params[5].fallback.has_value());
  EXPECT_EQ(workflow.params[6].fallback, Value(List{Value(std::int64_t{1}), Value("two")}));
  EXPECT_EQ(workflow.params[7].description, "where");
  EXPECT_EQ(workflow.params[8].fallback, Value(2.0));
}

TEST(Reader, merges_defaults_into_each_task) {
  const Workflow workflow = read(std::string(kHead) + R"(on_failure: ignore
defaults:
  timeout: 5m
  env: {A: 1, B: 2}
  retries: {max: 1, delay: 10s}
  tags: [slow]
  resources: {mem: 1G, cores: 2}
tasks:
  plain: {run: x}
  other: {run: x, timeout: 6m, env: {B: 3, C: 4}, retries: 2, tags: [fast], resources: {cores: 8}, on_failure: skip_dependents}
  reset: {run: x, timeout: ~, env: {A: ~}, retries: ~, tags: ~, resources: {mem: null}, on_failure: ~}
)");
  ASSERT_EQ(workflow.tasks.size(), 3u);
  const TaskNode &plain = workflow.tasks[0], &other = workflow.tasks[1], &reset = workflow.tasks[2];
  EXPECT_EQ(plain.timeout.value, minutes(5));
  EXPECT_EQ(plain.timeout.at, (Position{5, 12}));
  EXPECT_EQ(plain.env.size(), 2u);
  EXPECT_EQ(plain.on_failure.value, graph::OnFailure::ignore);
  EXPECT_EQ(other.timeout.value, minutes(6));
  ASSERT_EQ(other.env.size(), 3u);
  EXPECT_EQ(other.env[1].value.raw, "3");
  EXPECT_EQ(other.retries.max.value, 2);
  EXPECT_EQ(other.retries.delay.value, seconds(10));
  EXPECT_EQ(other.tags, std::vector<std::string>{"fast"});
  EXPECT_EQ(other.cores.value, 8);
  EXPECT_EQ(other.mem.value.bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(other.on_failure.value, graph::OnFailure::skip_dependents);
  EXPECT_EQ(reset.timeout.value, seconds(0));
  ASSERT_EQ(reset.env.size(), 1u);
  EXPECT_EQ(reset.env[0].name, "B");
  EXPECT_EQ(reset.retries.delay.value, seconds(5));
  EXPECT_TRUE(reset.tags.empty());
  EXPECT_EQ(reset.mem.value.bytes, 0u);
  EXPECT_EQ(reset.cores.value, 2);
  EXPECT_EQ(reset.on_failure.value, graph::OnFailure::skip_dependents);
}

TEST(Reader, reads_gpus_binding_and_place) {
  const Workflow workflow = read(std::string(kHead) + R"(reserve: 3m
defaults: {resources: {gpus: 2, bind: l3, place: "near: plain"}}
tasks:
  plain: {run: x, resources: {cores: 4}}
  other: {run: x, resources: {gpus: 0, bind: none, place: spread}}
  reset: {run: x, resources: {gpus: ~, bind: ~, place: ~}}
  bare: {run: x, resources: ~}
)");
  EXPECT_EQ(workflow.reserve.value, minutes(3));
  ASSERT_EQ(workflow.tasks.size(), 4u);
  const TaskNode &plain = workflow.tasks[0], &other = workflow.tasks[1];
  EXPECT_EQ(plain.gpus.value, 2);
  EXPECT_EQ(plain.bind.value, graph::Bind::l3);
  EXPECT_EQ(plain.place.value.place, graph::Place::near);
  EXPECT_EQ(plain.place.value.near, "plain");
  EXPECT_EQ(other.gpus.value, 0);
  EXPECT_EQ(other.bind.value, graph::Bind::none);
  EXPECT_EQ(other.place.value.place, graph::Place::spread);
  for (const TaskNode* reset : {&workflow.tasks[2], &workflow.tasks[3]}) {
    EXPECT_EQ(reset->gpus.value, 0);
    EXPECT_EQ(reset->bind.value, graph::Bind::automatic);
    EXPECT_EQ(reset->place.value.place, graph::Place::pack);
  }
}

TEST(Reader, defers_values_with_markers) {
  const TaskNode task = read_one_task(
      "    resources: {cores: \"${{ params.n }}\"}\n    matrix: {x: \"${{ params.l }}\", y: \"1..${{ params.n }}\"}\n"
      "    retries: ${{ params.r }}\n");
  EXPECT_EQ(task.cores.expression.value().raw, "${{ params.n }}");
  EXPECT_EQ(task.cores.value, 1);
  EXPECT_EQ(task.cores.at.line, 6u);
  ASSERT_EQ(task.matrix.size(), 2u);
  EXPECT_EQ(task.matrix[0].expression.value().raw, "${{ params.l }}");
  EXPECT_EQ(task.matrix[1].expression.value().raw, "1..${{ params.n }}");
  EXPECT_EQ(task.retries.max.expression.value().raw, "${{ params.r }}");
}

TEST(Reader, knows_where_each_marker_stands) {
  const TaskNode task = read_one_task("    env:\n      A: |\n        one ${{ a }}\n          $${{ ${{ b }}\n");
  ASSERT_EQ(task.env.size(), 1u);
  EXPECT_EQ(task.env[0].value.markers, (std::vector<Position>{{8, 13}, {9, 12}, {9, 16}}));
}

TEST(Reader, does_not_take_an_escaped_marker_for_an_expression) {
  EXPECT_EQ(messages_of(with_task("timeout: '$${{ x }}'")),
            "f:4:24: error E109: '$${{ x }}' is not a duration; write it like 90s, 15m, 1h30m or 01:30:00\nf: 1 error, "
            "0 warnings\n");
}

TEST(Reader, types_scalars_by_key_and_never_guesses) {
  const TaskNode task =
      read_one_task("    env: {A: on, B: no, C: 010, D: 12:30, E: 2026-01-01, F: Null, G: !!str 5}\n");
  std::vector<std::string> values;
  for (const EnvVar& variable : task.env) values.push_back(variable.value.raw);
  EXPECT_EQ(values, (std::vector<std::string>{"on", "no", "010", "12:30", "2026-01-01", "Null", "5"}));
}

TEST(Reader, gives_json_types_only_where_a_key_fixes_none) {
  const TaskNode task = read_one_task("    matrix: {x: [010, yes, 1.5, true, \"true\", !!str 7, !!int \"7\", 'a']}\n");
  EXPECT_EQ(task.matrix.at(0).values, (List{Value("010"), Value("yes"), Value(1.5), Value(true), Value("true"),
                                            Value(std::int64_t{7}), Value("7"), Value("a")}));
}

TEST(Reader, tells_null_from_the_quoted_word) {
  const TaskNode task = read_one_task("    env: {A: \"~\", B: 'null', C: \"\", D: ~, E: null, F: !!null ~, G: }\n");
  ASSERT_EQ(task.env.size(), 3u);
  EXPECT_EQ(task.env[2].value.raw, "");
}

TEST(Reader, does_not_take_the_next_key_for_an_absent_value) {
  const TaskNode task = read_one_task("    env:\n      A:\n      Null: x\n      B:\n      NULLABLE: y\n      C:\n");
  ASSERT_EQ(task.env.size(), 2u);
  EXPECT_EQ(task.env[0].name, "Null");
  EXPECT_EQ(task.env[1].name, "NULLABLE");
}

TEST(Reader, expands_aliases_as_if_written_out) {
  const Workflow workflow = read(
      std::string(kHead) + "tasks:\n  a: {run: x, env: &e {A: 1}, tags: &t [one]}\n  b: {run: x, env: *e, tags: *t}\n");
  ASSERT_EQ(workflow.tasks.size(), 2u);
  EXPECT_EQ(workflow.tasks[1].env.at(0).value.raw, "1");
  EXPECT_EQ(workflow.tasks[1].env.at(0).value.at, (Position{4, 27}));
  EXPECT_EQ(workflow.tasks[1].tags, std::vector<std::string>{"one"});
}

TEST(Reader, keeps_the_old_anchor_where_a_name_is_used_twice) {
  const TaskNode task = read_one_task("    env: {A: &v 1, B: *v, C: &v 2, D: *v}\n");
  ASSERT_EQ(task.env.size(), 4u);
  EXPECT_EQ(task.env[1].value.raw, "1");
  EXPECT_EQ(task.env[3].value.raw, "2");
}

TEST(Reader, accepts_values_over_several_lines) {
  const TaskNode task = read_one_task(
      "    env:\n      A: \"one\n        two: three\"\n      B: plain\n        words\n      C: >-\n        a\n        "
      "b\n");
  ASSERT_EQ(task.env.size(), 3u);
  EXPECT_EQ(task.env[0].value.raw, "one two: three");
  EXPECT_EQ(task.env[1].value.raw, "plain words");
  EXPECT_EQ(task.env[2].value.raw, "a b");
}

TEST(Reader, takes_windows_line_ends) {
  const Workflow workflow = read("version: 1\r\nname: w\r\ntasks:\r\n  a:\r\n    run: |\r\n      one\r\n      two\r\n");
  EXPECT_EQ(workflow.tasks.at(0).script.value().raw, "one\ntwo\n");
}

TEST(Reader, skips_a_byte_order_mark) {
  EXPECT_EQ(messages_of("\xEF\xBB\xBFversion: 1\nname: w\ntasks: {a: {run: x}}\n"), "");
  EXPECT_EQ(messages_of("\xEF\xBB\xBFversion: 2\n"),
            "f:1:10: error E106: format version 2 is newer than this build (1)\nf: 1 error, 0 warnings\n");
}

TEST(Reader, names_the_first_byte_that_is_not_utf8) {
  const auto expect = [](std::string_view bytes, const std::string& message) {
    EXPECT_EQ(messages_of(bytes), "f:" + message + "\nf: 1 error, 0 warnings\n");
  };
  expect("version: 1\nname: \xC3(", "2:7: error E101: not UTF-8 at byte 17");
  expect("a: \x80", "1:4: error E101: not UTF-8 at byte 3");
  expect("\xC0\xAF", "1:1: error E101: not UTF-8 at byte 0");
  expect("\xED\xA0\x80", "1:1: error E101: not UTF-8 at byte 0");
  expect("\xF4\x90\x80\x80", "1:1: error E101: not UTF-8 at byte 0");
  expect("\xE2\x82", "1:1: error E101: not UTF-8 at byte 0");
  expect(std::string_view("a\0b", 3), "1:2: error E101: not UTF-8 at byte 1");
  expect("\xFF\xFEv\0", "1:1: error E101: not UTF-8 at byte 0");
}

TEST(Reader, refuses_a_nul_written_as_an_escape) {
  EXPECT_EQ(messages_of(with_task("description: \"a\\0b\"")),
            "f:4:28: error E101: cannot read this: a NUL character in a value\nf: 1 error, 0 warnings\n");
}

TEST(Reader, survives_deep_nesting_of_every_kind) {
  for (const std::string& opening :
       {std::string("["), std::string("{a: "), std::string("- "), std::string("? "), std::string("[{")}) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += opening;
    EXPECT_NE(messages_of("x: \n " + text).find("E10"), std::string::npos);
    EXPECT_NE(messages_of(text).find("E10"), std::string::npos);
  }
  std::string text;
  for (int i = 0; i < 2000; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(messages_of(text).find("more than 500 levels"), std::string::npos);
}

TEST(Reader, survives_every_cut_of_a_file) {
  const std::string text = R"(version: 1 # c
name: "w"
params: {n: {type: int, default: 5}, l: &l [a, 'b''c', "d\u00e9"]}
tasks:
  a:
    run: |
      echo ${{ params.n }}
    env: *l
    matrix: {x: 1..3, y: ["${{ x }}"]}
  ? b
  : {run: [x, y], needs: {a: ok}}
)";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    Diagnostics diagnostics("f");
    const auto workflow = read_workflow(text.substr(0, length), diagnostics);
    EXPECT_EQ(workflow.has_value(), !diagnostics.has_errors()) << length;
  }
}

TEST(Reader, says_what_can_not_be_opened) {
  EXPECT_EQ(read_file(FUGLE_SOURCE_DIR "/tests/unit/workflow/golden/e105_empty_file.yaml"), "");
  try {
    (void)read_file("/no/such/file.yaml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "cannot read '/no/such/file.yaml' (No such file or directory); check the path");
  }
  EXPECT_THROW((void)read_file("/"), UsageError);
}

TEST(Keys, that_are_built_have_a_reader_and_others_have_none) {
  for (const Key& key : keys_of(Scope::task)) EXPECT_EQ(has_reader(key.name), key.is_built) << key.name;
}

TEST(Keys, have_help_and_stand_once_in_their_scope) {
  for (const Scope scope :
       {Scope::top, Scope::task, Scope::resources, Scope::retries, Scope::restart, Scope::need, Scope::matrix,
        Scope::param, Scope::input, Scope::output, Scope::service, Scope::metric, Scope::metric_hdf5, Scope::report}) {
    EXPECT_FALSE(keys_of(scope).empty());
    for (const Key& key : keys_of(scope)) {
      EXPECT_EQ(find_key(scope, key.name), &key) << key.name;
      EXPECT_FALSE(key.help.empty()) << key.name;
    }
  }
}

}  // namespace
}  // namespace fugle::workflow
