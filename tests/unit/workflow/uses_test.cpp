// `uses`: the tasks of other files in the place of tasks.
#include <gtest/gtest.h>

#include <map>

#include "expanded.hpp"
#include "workflow/flatten.hpp"

namespace fugle::workflow {
namespace {

using Others = std::map<std::string, std::string>;

Expanded expand_files(const std::string& tasks, const Others& others, const Setup& setup = {}) {
  Diagnostics diagnostics("w.yaml");
  ReadOptions reading;
  reading.read_bytes = [&](const std::string& path, std::string& why) -> std::optional<std::string> {
    const auto found = others.find(path);
    if (found != others.end()) return "version: 1\nname: other\n" + found->second;
    why = "not found";
    return std::nullopt;
  };
  Expanded result;
  if (const auto workflow = read_workflow("version: 1\nname: w\n" + tasks, diagnostics, reading)) {
    ExpandOptions options;
    options.directory = "/work";
    options.params = setup.params;
    options.environment = {{"HOME", "/home/u"}};
    options.check_only = setup.check_only;
    result.graph = expand(*workflow, options, diagnostics);
  }
  diagnostics.sort();
  result.messages = diagnostics.to_text();
  return result;
}

std::string last_word(const Expanded& expanded, std::string_view id) { return expanded.command(id).back(); }

std::string variable(const Expanded& expanded, std::string_view id, std::string_view name) {
  for (const auto& [known, value] : expanded.task(id).env)
    if (known == name) return value;
  return "(none)";
}

const Others kPost{{"post.yaml", R"(params: {grid: 0.1, station: {type: string}}
env: {OMP: "1"}
tasks:
  regrid: {outputs: {o: "${{ params.station }}.nc"}, run: [regrid, "${{ params.grid }}"]}
  plot: {needs: [regrid], run: [plot, "${{ tasks.regrid.outputs.o }}", "${{ workflow.name }}"]}
outputs: {grid: "${{ tasks.regrid.outputs.o }}", two: "${{ tasks.regrid.outputs.o }}.2"}
)"}};

TEST(Uses, puts_the_tasks_of_the_file_under_the_name_of_the_task) {
  const Expanded e = expand_files(R"(params: {grid: 7}
env: {OUTER: x, OMP: "9"}
tasks:
  a: {run: [a]}
  post: {uses: post.yaml, needs: [a], with: {station: coast}}
  b: {needs: [post], run: [b, "${{ tasks.post.outputs.two }}"]}
)",
                                  kPost);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.ids(), "a post/regrid post/plot b");
  EXPECT_EQ(e.needs("post/regrid"), "a");
  EXPECT_EQ(e.needs("post/plot"), "a post/regrid");
  EXPECT_EQ(e.needs("b"), "post/regrid post/plot");
  EXPECT_EQ(last_word(e, "post/regrid"), "0.1");
  EXPECT_EQ(last_word(e, "post/plot"), "other");
  EXPECT_EQ(last_word(e, "b"), "coast.nc.2");
  EXPECT_EQ(variable(e, "post/plot", "FUGLE_PARAM_grid"), "0.1");
  EXPECT_EQ(variable(e, "post/plot", "FUGLE_PARAM_station"), "coast");
  EXPECT_EQ(variable(e, "a", "FUGLE_PARAM_grid"), "7");
  EXPECT_EQ(variable(e, "post/plot", "OUTER"), "x");
  EXPECT_EQ(variable(e, "post/plot", "OMP"), "1");
  EXPECT_EQ(variable(e, "b", "OMP"), "9");
}

TEST(Uses, each_element_of_a_matrix_has_a_file_of_its_own) {
  const Expanded e = expand_files(R"(tasks:
  a: {matrix: {s: [coast, plain]}, run: [a, "${{ matrix.s }}"]}
  p: {uses: post.yaml, matrix: {s: [coast, plain]}, needs: {a: each}, with: {station: "${{ matrix.s }}", grid: "${{ index + 3 }}"}}
  b: {matrix: {s: [plain, coast]}, needs: {p: each}, run: [b, "${{ tasks.p.outputs.grid }}"]}
  c: {run: [c, "${{ join(tasks.p.outputs.grid, '+') }}"]}
)",
                                  kPost);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.ids(),
            "a[coast] a[plain] p[coast]/regrid p[coast]/plot p[plain]/regrid p[plain]/plot b[plain] b[coast] c");
  EXPECT_EQ(e.needs("p[coast]/regrid"), "a[coast]");
  EXPECT_EQ(e.needs("p[plain]/plot"), "a[plain] p[plain]/regrid");
  EXPECT_EQ(last_word(e, "p[plain]/regrid"), "4");
  EXPECT_EQ(e.needs("b[plain]"), "p[plain]/regrid p[plain]/plot");
  EXPECT_EQ(last_word(e, "b[plain]"), "plain.nc");
  EXPECT_EQ(last_word(e, "c"), "coast.nc+plain.nc");
}

TEST(Uses, a_foreach_inlines_the_file_for_each_item) {
  const Others files{
      {"f.yaml", "params: {n: {type: int}}\ntasks:\n  b: {matrix: {x: [1, 2]}, run: [b, \"${{ params.n }}\"]}\n"}};
  const Expanded e = expand_files(R"(tasks:
  a: {uses: f.yaml, foreach: [{id: k, n: 5}, {id: l, n: 6}], with: {n: "${{ item.n }}"}}
)",
                                  files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.ids(), "a[k]/b[1] a[k]/b[2] a[l]/b[1] a[l]/b[2]");
  EXPECT_EQ(last_word(e, "a[l]/b[1]"), "6");
}

TEST(Uses, names_in_a_file_are_its_own) {
  const Others files{{"f.yaml", "tasks:\n  b: {run: [b, \"${{ tasks.out.outputs.o }}\"]}\n"},
                     {"g.yaml", "tasks:\n  b: {run: [b, \"${{ params.p }}\"]}\n"}};
  EXPECT_EQ(first_message(expand_files(
                "params: {p: 1}\ntasks:\n  out: {outputs: {o: x}, run: [x]}\n  u: {uses: f.yaml}\n", files)),
            "f.yaml:4:17: error E202: unknown task 'out'");
  EXPECT_EQ(first_message(expand_files("params: {p: 1}\ntasks:\n  u: {uses: g.yaml}\n", files)),
            "g.yaml:4:17: error E402: params has no param 'p'; has: none");
}

TEST(Uses, what_is_given_is_of_the_type_of_the_param) {
  const Others files{
      {"f.yaml", "params: {n: {type: int, max: 4, description: how many}, l: [1]}\ntasks:\n  b: {run: [b]}\n"}};
  const auto said = [&](const std::string& with) {
    return first_message(expand_files(
        "params: {p: {type: int}, q: 3}\ntasks:\n  u: {uses: f.yaml, with: {" + with + "}}\n", files, {{{"p", "9"}}}));
  };
  EXPECT_EQ(said("n: 5"), "5:31: error E110: n: 5 > max 4");
  EXPECT_EQ(said("n: many"), "5:31: error E110: n: 'many' is not an int");
  EXPECT_EQ(said("n: \"${{ params.p }}\""), "5:31: error E110: n: 9 > max 4");
  EXPECT_EQ(said("m: 1, n: 1"), "5:28: error E103: unknown param 'm'");
  EXPECT_EQ(said("l: [2]"), "5:3: error E105: param 'n' of 'f.yaml' is required: how many");
  EXPECT_EQ(said("n: \"${{ params.q }}\", l: [2, x]"), "");
}

TEST(Uses, takes_only_keys_that_are_about_all_of_its_tasks) {
  const Others files{{"f.yaml", "tasks:\n  b: {run: [b]}\n"}};
  const auto said = [&](const std::string& keys) {
    return first_message(expand_files("defaults: {timeout: 1m}\ntasks:\n  u: {uses: f.yaml, " + keys + "}\n", files));
  };
  EXPECT_EQ(said("timeout: 5m"),
            "5:21: error E113: 'timeout' is not allowed here: task 'u' uses a file, whose tasks can have it");
  EXPECT_EQ(said("run: [x]"),
            "5:21: error E113: 'run' is not allowed here: task 'u' uses a file, whose tasks can have it");
  EXPECT_EQ(said("tolerate: 1"), "5:21: error E103: 'tolerate beside uses' is not in this version of fugle");
  EXPECT_EQ(said("tags: [t], priority: 3, description: x, on_failure: stop"), "");
}

TEST(Uses, eight_files_deep_and_no_deeper) {
  Others files;
  for (int i = 1; i < 9; ++i)
    files[fmt::format("f{}.yaml", i)] = fmt::format("tasks:\n  t{}: {{uses: f{}.yaml}}\n", i, i + 1);
  files["f9.yaml"] = "tasks:\n  end: {run: [x]}\n";
  EXPECT_EQ(first_message(expand_files("tasks:\n  t0: {uses: f1.yaml}\n", files)),
            "f8.yaml:4:14: error E108: 'uses' is nested deeper than 8");
  const Expanded e = expand_files("tasks:\n  t: {uses: f2.yaml}\n", files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.ids(), "t/t2/t3/t4/t5/t6/t7/t8/end");
  // Known to be as deep when it is met again.
  EXPECT_EQ(first_message(expand_files("tasks:\n  s: {uses: f2.yaml}\n  t: {uses: f1.yaml}\n", files)),
            "f1.yaml:4:14: error E108: 'uses' is nested deeper than 8");
}

TEST(Uses, loops_name_their_files) {
  const Others files{{"a.yaml", "tasks:\n  t: {uses: b.yaml}\n"}, {"b.yaml", "tasks:\n  t: {uses: a.yaml}\n"}};
  EXPECT_EQ(first_message(expand_files("tasks:\n  t: {uses: a.yaml}\n", files)),
            "b.yaml:4:13: error E108: 'uses' loop a.yaml -> b.yaml -> a.yaml");
  EXPECT_EQ(first_message(expand_files("tasks:\n  t: {uses: gone.yaml}\n", files)),
            "4:13: error E108: cannot use 'gone.yaml': not found in .");
}

TEST(Uses, what_comes_from_other_tasks_is_a_dependency) {
  const Others files{
      {"f.yaml", "params: {p: {type: string}, q: x}\ntasks:\n  b: {run: [b, \"${{ params.p }}\"]}\n  c: {run: [c]}\n"}};
  const Expanded e = expand_files(R"(tasks:
  a: {outputs: {o: made.txt}, run: [a]}
  u: {uses: f.yaml, with: {p: "in/${{ tasks.a.outputs.o }}"}}
)",
                                  files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(last_word(e, "u/b"), "in/made.txt");
  EXPECT_EQ(variable(e, "u/c", "FUGLE_PARAM_p"), "in/made.txt");
  EXPECT_EQ(e.needs("u/b"), "a");
  EXPECT_EQ(e.needs("u/c"), "a");
  EXPECT_EQ(
      first_message(expand_files("tasks:\n  u: {uses: f.yaml, with: {p: \"${{ tasks.z.outputs.o }}\"}}\n", files)),
      "4:32: error E202: unknown task 'z'");
}

TEST(Uses, elements_must_be_known_at_start) {
  const Others files{{"f.yaml", "params: {p: {type: string}}\ntasks:\n  b: {run: [b]}\n"}};
  const std::string list = "tasks:\n  a: {outputs: {l: {type: list}}, run: [a]}\n  u: {uses: f.yaml, ";
  EXPECT_TRUE(
      first_message(expand_files(list + "foreach: \"${{ tasks.a.outputs.l }}\", with: {p: \"${{ item }}\"}}\n", files))
          .starts_with("5:31: error E404: tasks.a.outputs.l is known only after a has run; 'foreach' of a task that "
                       "uses a file must be known at start"));
}

TEST(Uses, outputs_must_be_there) {
  EXPECT_EQ(
      first_message(expand_files(
          "tasks:\n  p: {uses: post.yaml, with: {station: x}}\n  b: {run: [b, \"${{ tasks.p.outputs.gird }}\"]}\n",
          kPost)),
      "5:17: error E402: task p has no output 'gird'; has: grid, two");
  EXPECT_EQ(first_message(expand_files("tasks:\n  b: {run: [b]}\noutputs: {x: \"${{ tasks.c.outputs.o }}\"}\n", {})),
            "5:15: error E202: unknown task 'c'");
  EXPECT_EQ(first_message(expand_files("tasks:\n  b: {run: [b]}\noutputs: {x: \"${{ tasks.b.outputs.o }}\"}\n", {})),
            "5:15: error E402: task b has no output 'o'; has: none");
}

TEST(Uses, a_cycle_through_a_file_is_found) {
  const Others files{{"f.yaml",
                      "params: {p: {type: string}}\ntasks:\n  b: {outputs: {o: y}, run: [b]}\noutputs: {o: \"${{ "
                      "tasks.b.outputs.o }}\"}\n"}};
  const Expanded e = expand_files(R"(tasks:
  a: {outputs: {o: x}, run: [a, "${{ tasks.u.outputs.o }}"]}
  u: {uses: f.yaml, with: {p: "${{ tasks.a.outputs.o }}"}}
)",
                                  files);
  EXPECT_NE(e.messages.find("error E201: cycle a -> u/b -> a"), std::string::npos) << e.messages;
}

TEST(Uses, both_conditions_and_both_joins_hold) {
  const Others files{
      {"f.yaml",
       "tasks:\n  c: {run: [c]}\n  d: {run: [d]}\n  b: {join: any, needs: [c, d], when: \"index == 1\", run: [b]}\n"}};
  const Expanded e = expand_files(R"(tasks:
  x: {run: [x]}
  y: {run: [y]}
  u: {uses: f.yaml, join: any, needs: [x, y], when: "tasks.x.status == 'OK'"}
)",
                                  files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_TRUE(e.task("u/b").has_when);
  EXPECT_TRUE(e.task("u/c").has_when);
  // Two gates of the kind any, and x itself for its status.
  std::size_t num_any = 0;
  for (const std::uint32_t need : e.graph->needs(e.find("u/b")))
    if (e.graph->task_of(ElementId(need)).kind == graph::TaskKind::any_gate) ++num_any;
  EXPECT_EQ(num_any, 2u);
}

TEST(Uses, nothing_is_said_of_a_good_file_without_values) {
  const Expanded e = expand_files(R"(params: {s: {type: string}}
tasks:
  post: {uses: post.yaml, with: {station: "${{ params.s }}"}}
)",
                                  kPost, {{}, true});
  EXPECT_EQ(e.messages, "");
}

TEST(Uses, handlers_of_a_file_and_of_the_task) {
  const Others files{
      {"f.yaml", "tasks:\n  b: {run: [b], on_failure: {policy: drain, run: h}}\n  c: {run: [c]}\n  h: {run: [h]}\n"}};
  const Expanded e = expand_files(R"(tasks:
  a: {run: [a]}
  u: {uses: f.yaml, needs: [a], on_failure: {policy: stop, run: g}}
  g: {run: [g]}
)",
                                  files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.ids(), "a u/b u/c u/h g");
  EXPECT_TRUE(e.task("u/h").has_when);
  EXPECT_TRUE(e.task("g").has_when);
  EXPECT_EQ(e.task("u/b").on_failure, graph::OnFailure::drain);
  EXPECT_EQ(e.task("u/c").on_failure, graph::OnFailure::stop);
  EXPECT_EQ(first_message(expand_files(
                "tasks:\n  a: {run: [a], on_failure: {policy: stop, run: u}}\n  u: {uses: f.yaml}\n", files)),
            "4:49: error E113: 'on_failure.run' is not allowed here: 'u' uses a file; name a task with run");
}

TEST(Uses, pools_of_a_file_are_there_for_all) {
  const Others files{{"f.yaml", "pools: {x: 2}\ntasks:\n  b: {run: [b], pools: {x: 1}}\n"}};
  const Expanded own = expand_files("tasks:\n  u: {uses: f.yaml}\n", files);
  ASSERT_TRUE(own.graph) << own.messages;
  ASSERT_EQ(own.graph->limits().pools.size(), 1u);
  EXPECT_EQ(own.graph->limits().pools[0].second, 2u);
  const Expanded outer = expand_files("pools: {x: 7}\ntasks:\n  u: {uses: f.yaml}\n", files);
  ASSERT_TRUE(outer.graph) << outer.messages;
  ASSERT_EQ(outer.graph->limits().pools.size(), 1u);
  EXPECT_EQ(outer.graph->limits().pools[0].second, 7u);
}

TEST(Uses, a_list_in_a_file_may_come_from_outside) {
  const Others files{
      {"f.yaml",
       "params: {l: {type: list}}\ntasks:\n  b: {foreach: \"${{ params.l }}\", run: [b, \"${{ item }}\"]}\n"}};
  const Expanded e = expand_files(R"(tasks:
  a: {outputs: {l: {type: list}}, run: [a]}
  u: {uses: f.yaml, with: {l: "${{ tasks.a.outputs.l }}"}}
)",
                                  files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.task("u/b").kind, graph::TaskKind::expansion);
  EXPECT_EQ(e.needs("u/b"), "a");
  EXPECT_EQ(
      first_message(expand_files(
          "tasks:\n  a: {outputs: {l: {type: list}}, run: [a]}\n  u: {uses: g.yaml, with: {l: \"${{ tasks.a.outputs.l "
          "}}\"}}\n",
          {{"g.yaml", "params: {l: {type: list}}\ntasks:\n  b: {matrix: {x: \"${{ params.l }}\"}, run: [b]}\n"}})),
      "g.yaml:5:20: error E404: tasks.a.outputs.l is known only after a has run; 'matrix' must be known at start "
      "(use foreach)");
}

TEST(Uses, what_comes_last_in_a_file_comes_last_in_all) {
  const Others files{{"f.yaml", "tasks:\n  b: {run: [b]}\nfinally:\n  z: {run: [z]}\n"}};
  const Expanded e =
      expand_files("tasks:\n  u: {uses: f.yaml}\n  c: {needs: [u], run: [c]}\nfinally:\n  v: {uses: f.yaml}\n", files);
  ASSERT_TRUE(e.graph) << e.messages;
  EXPECT_EQ(e.ids(), "u/b c u/z v/b v/z");
  EXPECT_EQ(e.needs("c"), "u/b");
  EXPECT_TRUE(e.task("u/z").runs_finally);
  EXPECT_TRUE(e.task("v/b").runs_finally);
}

}  // namespace
}  // namespace fugle::workflow
