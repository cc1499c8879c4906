#include "workflow/expand.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"
#include "expanded.hpp"
#include "graph/list_slots.hpp"
#include "workflow/reader.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Expand, one_task_is_one_element_named_like_it) {
  const Expanded e = expand_text("tasks: {hi: {run: echo hello}}");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "hi");
  EXPECT_THAT(e.command("hi"), ElementsAre("echo hello"));
  EXPECT_THAT(e.task("hi").shell, ElementsAre("bash", "-euo", "pipefail", "-c"));
  EXPECT_EQ(e.task("hi").workdir, "/work");
}

TEST(Expand, a_matrix_is_multiplied_out_in_key_order_with_the_last_key_fastest) {
  const Expanded e = expand_text(R"(tasks:
  a:
    matrix: {x: [1, 2], y: "08..10..2"}
    run: [prog, "${{ matrix.x }}", "${{ matrix.y }}", "${{ index }}"]
)");
  EXPECT_EQ(e.ids(), "a[1,08] a[1,10] a[2,08] a[2,10]");
  EXPECT_THAT(e.command("a[2,08]"), ElementsAre("prog", "2", "08", "2"));
  EXPECT_THAT(e.task("a[1,08]").matrix_names, ElementsAre("x", "y"));
  EXPECT_THAT(e.text("a[1,10]").matrix, ElementsAre("1", "10"));
}

TEST(Expand, odd_or_long_values_become_hashes_in_ids) {
  const std::string long_value(49, 'x');
  const Expanded e = expand_text("tasks: {a: {matrix: {x: ['a b', 'a/b', ok-1.5:+_, " + long_value + "]}, run: [t]}}");
  const auto hashed = [](std::string_view text) { return fmt::format("~{:08x}", hash_text(text) & 0xFFFFFFFFu); };
  EXPECT_EQ(e.ids(), fmt::format("a[{}] a[{}] a[ok-1.5:+_] a[{}]", hashed("a b"), hashed("a/b"), hashed(long_value)));
}

TEST(Expand, params_come_from_the_command_line_before_their_defaults) {
  const std::string text = R"(params:
  n: {type: int, default: 3, min: 1, max: 64}
  name: {default: world}
tasks: {a: {run: "echo ${{ params.n + 1 }} ${{ params.name }}"}}
)";
  EXPECT_THAT(expand_text(text).command("a"), ElementsAre("echo 4 world"));
  EXPECT_THAT(expand_text(text, {{{"n", "8"}, {"n", "9"}}}).command("a"), ElementsAre("echo 10 world"));
  EXPECT_EQ(first_message(expand_text(text, {{{"n", "999"}}})), "command line: error E110: n: 999 > max 64");
  EXPECT_EQ(first_message(expand_text(text, {{{"n", "abc"}}})), "command line: error E110: n: 'abc' is not an int");
  EXPECT_EQ(first_message(expand_text(text, {{{"nam", "x"}}})),
            "command line: error E103: unknown param 'nam'; did you mean 'name'?");
}

TEST(Expand, tasks_see_params_in_their_environment) {
  const Expanded e = expand_text(R"(params: {step-size: 0.5, names: {type: list, default: [a, b]}}
tasks: {a: {run: [t]}}
)");
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(e.task("a").env, ElementsAre(Pair("FUGLE_PARAM_step_size", "0.5"), Pair("FUGLE_PARAM_names", "a b")));
}

TEST(Expand, a_required_param_without_value_is_an_error_except_when_only_checking) {
  const std::string text = R"(params:
  dir: {type: path, description: where it is}
  n: {type: int, min: 2}
  l: {type: list}
tasks:
  a: {matrix: {x: "${{ params.l }}", y: "1..${{ params.n }}"}, run: "cd ${{ params.dir }}; echo ${{ matrix.x }} ${{ matrix.y }}"}
)";
  EXPECT_EQ(first_message(expand_text(text)), "4:3: error E105: param 'dir' is required: where it is");
  const Expanded checked = expand_text(text, {{}, true});
  EXPECT_EQ(checked.messages, "");
  EXPECT_TRUE(checked.graph.has_value());
}

TEST(Expand, checking_does_not_report_what_only_a_stand_in_makes_wrong) {
  const Expanded e = expand_text(R"(params: {s: {type: string}}
tasks:
  a: {run: "echo ${{ int(params.s) }} ${{ env.NOT_SET }}", resources: {cores: "${{ params.s }}"}}
)",
                                 {{}, true});
  EXPECT_EQ(e.messages, "");
}

TEST(Expand, checking_still_reports_what_is_wrong_by_itself) {
  const Expanded e = expand_text(R"(params: {s: {type: string}}
tasks:
  a: {matrix: {x: ["a b"]}, run: "echo ${{ matrix.x }} ${{ params.s }}"}
)",
                                 {{}, true});
  EXPECT_EQ(first_message(e), "5:40: error E405: matrix.x holds a blank ('a b'); write ${{ q(matrix.x) }}");
}

TEST(Expand, checking_doubts_what_stands_on_stand_ins_through_other_tasks_and_nothing_else) {
  const Expanded e = expand_text(R"(params: {s: {type: string}}
tasks:
  a: {outputs: {o: "${{ params.s }} x", p: "plain x"}, run: [t]}
  b: {inputs: {i: "${{ tasks.a.outputs.o }}"}, run: "cat ${{ inputs.i }}"}
  c: {inputs: {i: "${{ tasks.a.outputs.p }}"}, run: "cat ${{ inputs.i }}"}
)",
                                 {{}, true});
  EXPECT_THAT(e.messages, ::testing::StartsWith("w.yaml:7:58: error E405: inputs.i holds a blank ('plain x')"));
  EXPECT_THAT(e.messages, HasSubstr("w.yaml: 1 error"));
}

TEST(Expand, outputs_are_slots_and_paths_in_the_graph_are_absolute) {
  const Expanded e = expand_text(R"(tasks:
  a:
    inputs: {i: ./in/../in.txt}
    outputs: {o: out/res.h5, p: /scratch//p}
    run: prog ${{ inputs.i }} ${{ outputs.o }} ${{ q(outputs.p) }} try${{ attempt }}
)");
  EXPECT_THAT(e.text("a").inputs, ElementsAre("/work/in.txt"));
  EXPECT_THAT(e.text("a").outputs, ElementsAre("/work/out/res.h5", "/scratch/p"));
  EXPECT_THAT(e.command("a"), ElementsAre("prog ./in/../in.txt /work/out/.1-res.h5 /scratch/.1-p try1"));
}

TEST(Expand, in_a_directory_of_its_own_a_task_sees_absolute_paths) {
  const Expanded e = expand_text(R"(workdir: base
tasks:
  a: {outputs: {o: x.txt}, run: touch}
  b: {workdir: sub, inputs: {i: in.txt}, run: "prog ${{ inputs.i }} ${{ tasks.a.outputs.o }}"}
  c: {inputs: {i: in.txt}, run: "prog ${{ inputs.i }} ${{ tasks.a.outputs.o }}"}
  d: {matrix: {x: [1, 2]}, workdir: "d${{ matrix.x }}", run: pwd}
)");
  EXPECT_EQ(e.task("b").workdir, "/work/base/sub");
  EXPECT_THAT(e.command("b"), ElementsAre("prog /work/base/in.txt /work/base/x.txt"));
  EXPECT_THAT(e.command("c"), ElementsAre("prog in.txt x.txt"));
  EXPECT_EQ(e.task("d[2]").workdir, "");
  EXPECT_EQ(e.text("d[2]").workdir, "/work/base/d2");
}

TEST(Expand, equal_environment_values_belong_to_the_task_and_others_to_the_element) {
  const Expanded e = expand_text(R"(env: {OMP: "1", TOP: "${{ env.HOME }}/x", AGAIN: "${{ env.TOP }}/y"}
tasks:
  a:
    matrix: {x: [1, 2]}
    outputs: {o: "o${{ matrix.x }}"}
    env: {OMP: "2", X: "v${{ matrix.x }}", OUT: "${{ outputs.o }}", CORES: "${{ resources.cores }}"}
    run: [t]
)");
  using Pair = std::pair<std::string, std::string>;
  const graph::Task& task = e.task("a[1]");
  EXPECT_THAT(task.env, ElementsAre(Pair("TOP", "/home/u/x"), Pair("AGAIN", "/home/u/x/y"), Pair("OMP", "2"),
                                    Pair("OUT", graph::output_slot(0, false)), Pair("CORES", "1")));
  EXPECT_THAT(task.env_names, ElementsAre("X"));
  EXPECT_THAT(e.text("a[2]").env, ElementsAre("v2"));
}

TEST(Expand, elements_of_different_requests_are_of_different_graph_tasks_of_one_name) {
  const Expanded e = expand_text(R"(tasks:
  a:
    matrix: {n: [1, 2, 4], r: [0, 1]}
    resources: {cores: "${{ matrix.n * 2 }}", mem: "${{ matrix.n }}G"}
    retries: ${{ matrix.r }}
    timeout: ${{ matrix.n }}m
    estimate: ${{ matrix.n }}s
    run: [t, "${{ resources.cores }}", "${{ resources.mem }}"]
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.graph->num_tasks(), 6U);
  const graph::Task& task = e.task("a[4,1]");
  EXPECT_EQ(task.name, "a");
  EXPECT_EQ(task.request, (graph::Request{8, std::uint64_t{4} << 30}));
  EXPECT_EQ(task.retries.max, 1U);
  EXPECT_EQ(task.timeout, std::chrono::minutes(4));
  EXPECT_EQ(e.graph->estimate(e.find("a[4,1]")), std::chrono::seconds(4));
  EXPECT_THAT(e.command("a[4,0]"), ElementsAre("t", "8", "4294967296"));
}

TEST(Expand, gpus_binding_and_place_reach_the_graph) {
  const Expanded e = expand_text(R"(tasks:
  a:
    matrix: {n: [1, 2], b: [core, none]}
    resources: {gpus: "${{ matrix.n }}", bind: "${{ matrix.b }}", place: "near: ${{ params.t }}"}
    run: [t, "${{ resources.gpus }}"]
  b: {run: [t], resources: {bind: socket, place: spread, gpus: 3}}
  c: {run: [t], resources: {cores: 2}}
params: {t: b}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a[2,core]").request.gpus, 2U);
  EXPECT_EQ(e.task("a[2,core]").bind, graph::Bind::core);
  EXPECT_EQ(e.task("a[1,none]").bind, graph::Bind::none);
  EXPECT_EQ(e.task("a[1,none]").place, graph::Place::near);
  EXPECT_EQ(e.task("a[1,none]").near, "b");
  EXPECT_THAT(e.command("a[2,none]"), ElementsAre("t", "2"));
  EXPECT_EQ(e.task("b").bind, graph::Bind::socket);
  EXPECT_EQ(e.task("b").place, graph::Place::spread);
  EXPECT_EQ(e.task("b").request.gpus, 3U);
  EXPECT_EQ(e.task("c").bind, graph::Bind::automatic);
  EXPECT_EQ(e.task("c").place, graph::Place::pack);
}

TEST(Expand, ranks_and_nodes_become_a_shape_and_what_each_node_has_to_have) {
  const Expanded e = expand_text(R"(tasks:
  one: {run: [t], resources: {ranks: 6, cores: 2, mem: 3G}}
  two: {run: [t], resources: {nodes: 3, ranks: 7, cores: 2}}
  many: {run: [t], resources: {nodes: 4, ranks_per_node: 32, cores: 2, gpus_per_rank: 2, exclusive: true}}
  follows: {run: [t], resources: {ranks: 64, ranks_per_node: 16, gpus: 6, bind: numa}}
  bare: {run: [t], resources: {nodes: 2, cores: 8}}
  plain: {run: [t], resources: {cores: 3}}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("one").shape, (graph::Shape{1, 6, 2, 0}));
  EXPECT_EQ(e.task("one").request, (graph::Request{12, std::uint64_t{3} << 30, 0, false}));
  EXPECT_EQ(e.task("one").bind, graph::Bind::core);
  EXPECT_EQ(e.task("two").shape, (graph::Shape{3, 7, 2, 0}));
  EXPECT_EQ(e.task("two").request, (graph::Request{6, 0, 0, false}));  // 3 ranks on the first node
  EXPECT_EQ(e.task("many").shape, (graph::Shape{4, 128, 2, 2}));
  EXPECT_EQ(e.task("many").request, (graph::Request{64, 0, 64, true}));
  EXPECT_EQ(e.task("follows").shape, (graph::Shape{4, 64, 1, 0}));
  EXPECT_EQ(e.task("follows").request, (graph::Request{16, 0, 2, false}));
  EXPECT_EQ(e.task("follows").bind, graph::Bind::numa);
  EXPECT_EQ(e.task("bare").shape, (graph::Shape{2, 0, 8, 0}));
  EXPECT_EQ(e.task("bare").bind, graph::Bind::automatic);
  EXPECT_EQ(e.task("plain").shape, (graph::Shape{1, 0, 3, 0}));
}

TEST(Expand, elements_of_one_task_may_have_different_shapes) {
  const Expanded e = expand_text(R"(tasks:
  a:
    matrix: {nodes: [1, 2, 4]}
    resources: {nodes: "${{ matrix.nodes }}", ranks_per_node: 2, cores: 3, gpus_per_rank: 1}
    launcher: mpiexec -n {ranks} --hosts {hostlist} --opt ${{ matrix.nodes }}
    run: "${{ launcher }} p ${{ resources.nodes }} ${{ resources.ranks }} ${{ resources.ranks_per_node }} \
          ${{ resources.cores }} ${{ resources.gpus }} ${{ resources.gpus_per_rank }} ${{ resources.exclusive }}"
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.graph->num_tasks(), 3U);
  EXPECT_EQ(e.task("a[4]").shape, (graph::Shape{4, 8, 3, 1}));
  EXPECT_EQ(e.task("a[2]").launcher, "mpiexec -n {ranks} --hosts {hostlist} --opt 2");
  EXPECT_EQ(graph::fill_slots(e.text("a[4]").command[0], {{}, 1, {}, {}, "srun -n 8"}),
            "srun -n 8 p 4 8 2 3 8 1 false");
}

TEST(Expand, an_ordinary_process_is_one_rank_to_expressions) {
  const Expanded e = expand_text("tasks: {a: {run: [\"${{ resources.ranks }}\", \"${{ resources.nodes }}\"]}}");
  ASSERT_EQ(e.messages, "");
  EXPECT_THAT(e.command("a"), ElementsAre("1", "1"));
}

TEST(Expand, ranks_that_do_not_add_up_are_refused) {
  const auto message = [](const std::string& resources, const std::string& more = {}) {
    return first_message(expand_text("tasks: {a: {run: [x], resources: {" + resources + "}" + more + "}}"));
  };
  EXPECT_EQ(message("nodes: 1, ranks: 100, ranks_per_node: 64"),
            "3:52: error E301: ranks 100 is not nodes 1 x ranks_per_node 64 = 64");
  EXPECT_THAT(message("ranks: 10, ranks_per_node: 4"),
              HasSubstr("E301: ranks 10 is not nodes 3 x ranks_per_node 4 = 12"));
  EXPECT_THAT(message("nodes: 4, ranks: 3"), HasSubstr("E301: ranks 3 is less than nodes 4"));
  EXPECT_THAT(message("ranks: 100000, cores: 100000"), HasSubstr("E112: 10000000000 cores on one node"));
  EXPECT_THAT(message("nodes: 1000000, ranks_per_node: 1000000"), HasSubstr("E112: 'ranks' is 1000000000000"));
  EXPECT_THAT(message("nodes: 0"), HasSubstr("E112: 'nodes' is 0; allowed 1..1000000"));
  EXPECT_THAT(message("ranks: 4", ", launcher: none"), HasSubstr("E113: 'launcher: none' is not allowed here"));
  EXPECT_EQ(message("ranks: 1", ", launcher: none"), "");
  EXPECT_EQ(message("exclusive: \"${{ 1 < 2 }}\""), "");
  EXPECT_THAT(message("exclusive: \"${{ 1 }}\""), HasSubstr("E104: 'exclusive' expects true or false, got '1'"));
  EXPECT_EQ(first_message(expand_text("tasks: {a: {run: x, resources: {ranks: 4}, launcher: none}}")), "");
}

TEST(Expand, ranks_from_a_param_without_value_are_not_judged) {
  const std::string text =
      "params: {n: {type: int}}\ntasks: {a: {run: [x], launcher: none, "
      "resources: {nodes: 3, ranks: '${{ params.n }}'}}}";
  EXPECT_EQ(expand_text(text, {{}, true}).messages, "");
  EXPECT_THAT(expand_text(text, {{{"n", "2"}}}).messages, HasSubstr("E301: ranks 2 is less than nodes 3"));
  EXPECT_THAT(expand_text(text, {{{"n", "3"}}}).messages, HasSubstr("E113: 'launcher: none'"));
}

TEST(Expand, the_launcher_is_known_to_shells_only) {
  const auto message = [](const std::string& task) { return first_message(expand_text("tasks: {a: {" + task + "}}")); };
  EXPECT_EQ(message("run: '${{ launcher }} x'"), "");
  EXPECT_EQ(message("run: [x], cleanup: '${{ launcher }} y'"), "");
  EXPECT_THAT(message("run: [\"${{ launcher }}\", x]"), HasSubstr("E404: launcher is several words"));
  EXPECT_THAT(message("run: x, env: {L: \"${{ launcher }}\"}"), HasSubstr("E404: launcher is several words"));
  EXPECT_THAT(message("run: '${{ q(launcher) }} x'"), HasSubstr("E404: launcher is several words"));
  EXPECT_THAT(message("run: x, timeout: '${{ launcher }}'"),
              HasSubstr("E404: launcher is known only while an attempt runs; 'timeout' must be known"));
}

TEST(Expand, reserve_is_known_once_params_are) {
  const auto reserve = [](const std::string& key, std::vector<std::pair<std::string, std::string>> params = {}) {
    Diagnostics diagnostics("w.yaml");
    const auto workflow =
        read_workflow("version: 1\nname: w\nparams: {r: 90s}\n" + key + "tasks: {a: {run: x}}", diagnostics);
    ExpandOptions options;
    options.params = std::move(params);
    (void)expand(*workflow, options, diagnostics);
    return std::pair(reserve_of(*workflow, options), diagnostics.to_text());
  };
  EXPECT_EQ(reserve("").first, std::nullopt);
  EXPECT_EQ(reserve("reserve: 5m\n").first, std::chrono::minutes(5));
  EXPECT_EQ(reserve("reserve: ${{ params.r }}\n").first, std::chrono::seconds(90));
  EXPECT_EQ(reserve("reserve: ${{ params.r }}\n", {{"r", "2m"}}).first, std::chrono::minutes(2));
  EXPECT_THAT(reserve("reserve: ${{ params.r }}\n", {{"r", "180"}}).second,
              HasSubstr("w.yaml:4:10: error E109: 180 has no unit"));
}

TEST(Expand, near_a_task_from_an_expression_is_judged_like_a_literal) {
  EXPECT_THAT(first_message(expand_text("params: {t: rael}\ntasks:\n  real: {run: [t]}\n"
                                        "  b: {run: [t], resources: {place: 'near: ${{ params.t }}'}}\n")),
              HasSubstr("E202: unknown task 'rael'; did you mean 'real'?"));
}

TEST(Expand, typed_values_from_expressions_are_judged_like_literals) {
  const auto message = [](const std::string& key) {
    return first_message(expand_text("params: {x: 2.5, n: 0}\ntasks: {a: {run: [t], " + key + "}}"));
  };
  EXPECT_THAT(message("resources: {cores: '${{ params.x }}'}"),
              HasSubstr("E104: 'cores' expects a whole number, got '2.5'"));
  EXPECT_THAT(message("resources: {cores: '${{ params.n }}'}"), HasSubstr("E112: 'cores' is 0; allowed 1..1000000"));
  EXPECT_THAT(message("timeout: '${{ params.n + 5 }}'"), HasSubstr("E109: 5 has no unit"));
  EXPECT_THAT(message("priority: '${{ 10 * 1000 }}'"), HasSubstr("E112: 'priority' is 10000; allowed -1000..1000"));
  EXPECT_EQ(message("resources: {cores: '${{ 8 / 2 }}'}"), "");
}

TEST(Expand, a_reference_is_a_list_in_element_order_and_an_edge_from_each_element) {
  const Expanded e = expand_text(R"(tasks:
  a: {matrix: {x: [1, 2, 3]}, outputs: {o: "a${{ matrix.x }}.txt"}, run: [t]}
  b: {inputs: {all: "${{ tasks.a.outputs.o }}"}, run: "cat ${{ inputs.all }} > ${{ len(inputs.all) }}"}
  c: {run: "echo ${{ tasks.a.outputs.o[1] }}"}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_THAT(e.command("b"), ElementsAre("cat a1.txt a2.txt a3.txt > 3"));
  EXPECT_THAT(e.text("b").inputs, ElementsAre("/work/a1.txt\n/work/a2.txt\n/work/a3.txt"));
  EXPECT_TRUE(e.task("b").input_is_list[0]);
  EXPECT_EQ(e.needs("b"), "a[1] a[2] a[3]");
  EXPECT_EQ(e.needs("c"), "a[1] a[2] a[3]");
}

TEST(Expand, equal_paths_make_edges_between_elements) {
  const Expanded e = expand_text(R"(tasks:
  consume: {matrix: {x: [1, 2]}, inputs: {i: "./d//${{ matrix.x }}.nc", j: other}, run: [t]}
  produce: {matrix: {x: [1, 2]}, outputs: {o: "/work/d/${{ matrix.x }}.nc"}, run: [t]}
)");
  EXPECT_EQ(e.needs("consume[1]"), "produce[1]");
  EXPECT_EQ(e.needs("consume[2]"), "produce[2]");
  EXPECT_EQ(e.graph->num_edges(), 2U);
}

TEST(Expand, a_diamond_without_needs_has_the_edges_of_its_files) {
  const Expanded e = expand_text(R"(tasks:
  d: {inputs: {b: b.txt, c: c.txt}, run: [t]}
  b: {inputs: {a: a.txt}, outputs: {o: b.txt}, run: [t]}
  c: {inputs: {a: "${{ tasks.a.outputs.o }}"}, outputs: {o: c.txt}, run: [t]}
  a: {outputs: {o: a.txt}, run: [t]}
)");
  EXPECT_EQ(e.needs("d"), "b c");
  EXPECT_EQ(e.needs("b"), "a");
  EXPECT_EQ(e.needs("c"), "a");
}

TEST(Expand, matrix_arithmetic_chains_elements_of_two_tasks) {
  const Expanded e = expand_text(R"(tasks:
  even:
    matrix: {i: [0, 2, 4]}
    inputs: {prev: "s${{ matrix.i - 1 }}"}
    outputs: {next: "s${{ matrix.i }}"}
    run: [t]
  odd:
    matrix: {i: [1, 3]}
    inputs: {prev: "s${{ matrix.i - 1 }}"}
    outputs: {next: "s${{ matrix.i }}"}
    run: [t]
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.needs("even[0]"), "");
  EXPECT_EQ(e.needs("odd[1]"), "even[0]");
  EXPECT_EQ(e.needs("even[2]"), "odd[1]");
  EXPECT_EQ(e.needs("even[4]"), "odd[3]");
}

TEST(Expand, files_make_no_edge_within_a_task) {
  const Expanded e = expand_text(R"(tasks:
  a: {matrix: {i: [1, 2]}, inputs: {p: "s${{ matrix.i - 1 }}"}, outputs: {n: "s${{ matrix.i }}"}, run: [t]}
)");
  EXPECT_EQ(e.graph->num_edges(), 0U);
}

TEST(Expand, many_needing_many_go_through_a_gate) {
  const Expanded e = expand_text(R"(tasks:
  a: {matrix: {x: "1..50"}, outputs: {o: "a${{ matrix.x }}"}, run: [t]}
  b: {matrix: {x: "1..50"}, inputs: {all: "${{ tasks.a.outputs.o }}"}, run: [t]}
  c: {matrix: {x: "1..50"}, needs: [a], run: [t]}
)");
  EXPECT_EQ(e.graph->num_edges(), 150U) << "one gate for both";
  EXPECT_EQ(e.graph->num_real_elements(), 150U);
  EXPECT_EQ(e.graph->real_needs(e.find("b[7]")).size(), 50U);
}

TEST(Expand, a_cycle_by_references_is_named_with_the_place_of_each_edge) {
  const Expanded e = expand_text(R"(tasks:
  a: {inputs: {i: "${{ tasks.c.outputs.o }}"}, outputs: {o: a}, run: [t]}
  b: {needs: [a], outputs: {o: b}, run: [t]}
  c: {inputs: {i: "${{ tasks.b.outputs.o }}"}, outputs: {o: c}, run: [t]}
)");
  EXPECT_THAT(e.messages, ::testing::StartsWith("w.yaml:4:20: error E201: cycle a -> c -> b -> a\n"
                                                "w.yaml:4:20: note: a needs c\n"
                                                "w.yaml:6:20: note: c needs b\n"
                                                "w.yaml:5:15: note: b needs a\n"));
}

TEST(Expand, a_cycle_by_files_is_found_among_elements) {
  const Expanded e = expand_text(R"(tasks:
  a: {matrix: {x: [1, 2]}, inputs: {i: "b${{ 3 - matrix.x }}"}, outputs: {o: "a${{ matrix.x }}"}, run: [t]}
  b: {matrix: {x: [1, 2]}, inputs: {i: "a${{ matrix.x }}"}, outputs: {o: "b${{ matrix.x }}"}, run: [t]}
)");
  EXPECT_THAT(e.messages, HasSubstr("E201: cycle a -> b -> a -> b -> a\n"));
  EXPECT_THAT(e.messages, HasSubstr("note: a needs b"));
}

TEST(Expand, a_task_that_names_its_own_output_needs_itself) {
  const Expanded e = expand_text("tasks: {a: {inputs: {i: '${{ tasks.a.outputs.o }}'}, outputs: {o: x}, run: [t]}}");
  EXPECT_THAT(e.messages, HasSubstr("E201: cycle a -> a\n"));
}

TEST(Expand, two_writers_of_one_path_are_refused) {
  const Expanded e = expand_text(R"(tasks:
  a: {outputs: {o: out.h5}, run: [t]}
  b: {outputs: {p: ./out.h5}, run: [t]}
)");
  EXPECT_EQ(first_message(e), "4:20: error E203: './out.h5' is written by 'a' and by 'b' (line 5)");
}

TEST(Expand, two_elements_of_one_task_with_one_path_are_refused) {
  const Expanded all = expand_text("tasks: {wrf: {matrix: {one: [1], m: [1, 2]}, outputs: {o: out.h5}, run: [t]}}");
  EXPECT_THAT(first_message(all), HasSubstr("E209: all elements of wrf write the same path; add ${{ matrix.m }}"));
  const Expanded some =
      expand_text("tasks: {a: {matrix: {m: [1, 2, 3]}, outputs: {o: 'x${{ matrix.m % 2 }}'}, run: [t]}}");
  EXPECT_THAT(first_message(some), HasSubstr("E203: 'x1' is written by 'a[1]' and by 'a[3]' (line 3)"));
}

TEST(Expand, empty_and_doubled_matrices_are_refused) {
  EXPECT_THAT(first_message(expand_text(
                  "params: {l: {type: list, default: []}}\ntasks: {a: {matrix: {x: '${{ params.l }}'}, run: [t]}}")),
              HasSubstr("E205: matrix of 'a' has no elements ('x' is empty)"));
  EXPECT_THAT(first_message(expand_text("tasks: {a: {matrix: {y: [5], x: [1, 2, 1]}, run: [t]}}")),
              HasSubstr("E207: element 'a[5,1]' appears twice"));
}

TEST(Expand, a_function_in_a_rank_has_no_file_for_values) {
  const auto message = [](const std::string& keys) {
    return first_message(expand_text("tasks: {a: {plugin: 'l.so:f', outputs: {v: {type: value}}" + keys + "}}"));
  };
  EXPECT_EQ(message(""), "");
  EXPECT_THAT(message(", isolate: false"),
              HasSubstr("E113: output 'v' is no file: a function that is called in a rank"));
  EXPECT_THAT(message(", resources: {ranks: 2}"), HasSubstr("E113: output 'v' is no file"));
}

TEST(Expand, names_that_are_unknown_or_known_too_late_are_refused) {
  const auto message = [](const std::string& task) {
    return first_message(expand_text("params: {p: 1}\ntasks:\n  t: {outputs: {grid: g}, run: [t]}\n  a: " + task));
  };
  EXPECT_EQ(message("{run: 'x ${{ tasks.t.outputs.grd }}'}"),
            "6:15: error E402: task t has no output 'grd'; has: grid");
  EXPECT_THAT(message("{run: 'x ${{ tasks.tt.outputs.grid }}'}"), HasSubstr("E202: unknown task 'tt'"));
  EXPECT_THAT(message("{run: 'x ${{ param.p }}'}"), HasSubstr("E402: unknown name 'param'; did you mean 'params'?"));
  EXPECT_THAT(message("{run: 'x ${{ params.q }}'}"), HasSubstr("E402: params has no param 'q'; has: p"));
  EXPECT_THAT(message("{run: 'x ${{ item }}'}"), HasSubstr("E402: task a has no foreach that gives items"));
  EXPECT_THAT(message("{outputs: {v: {type: value}}, run: 'x ${{ outputs.v }}'}"),
              HasSubstr("E402: output v of a is no file; write the line v=VALUE to $FUGLE_OUTPUT"));
  EXPECT_THAT(message("{run: 'x ${{ tasks.t.state }}'}"),
              HasSubstr("E402: tasks.t has no 'state'; has: outputs, status, exit_code"));
  EXPECT_THAT(message("{run: 'x ${{ env.GONE }}'}"), HasSubstr("E402: env.GONE is not set"));
  EXPECT_THAT(message("{run: 'x ${{ resources.mem }}'}"), HasSubstr("E402: resources.mem of a is not set in the file"));
  EXPECT_THAT(
      message("{matrix: {x: '${{ tasks.t.outputs.grid }}'}, run: [t]}"),
      HasSubstr(
          "E404: tasks.t.outputs.grid is known only after t has run; 'matrix' must be known at start (use foreach)"));
  EXPECT_THAT(
      message("{outputs: {o: x}, workdir: '${{ outputs.o }}', run: [t]}"),
      HasSubstr(
          "E404: outputs.o is known only while an attempt runs; 'workdir' must be known when the element is made"));
  EXPECT_THAT(message("{outputs: {o: x}, run: ['${{ len(outputs.o) }}']}"),
              HasSubstr("E404: outputs, attempt, scratch, launcher and run.state are known only"));
  EXPECT_THAT(message("{outputs: {o: '${{ attempt }}'}, run: [t]}"),
              HasSubstr("E404: attempt is known only while an attempt runs"));
}

TEST(Expand, a_list_file_is_a_slot_of_what_an_attempt_runs) {
  const Expanded e = expand_text(R"(tasks:
  a: {inputs: {x: [one, two], y: three}, run: [t, --from, "${{ inputs.x.list_file }}"], cleanup: "rm ${{ inputs.y.list_file }}"}
)");
  EXPECT_EQ(e.messages, "");
  graph::ElementText text = e.text("a");
  ASSERT_TRUE(graph::has_list_slots(text));
  graph::fill_list_slots(text, [](std::size_t input) { return fmt::format("/tmp/list {}", input); });
  EXPECT_EQ(text.command.back(), "/tmp/list 0");
  EXPECT_EQ(text.cleanup, "rm '/tmp/list 1'");  // a shell is to see it as one word

  const auto message = [](const std::string& keys) {
    return expand_text("tasks: {a: {inputs: {x: [b]}, " + keys + "}}").messages;
  };
  EXPECT_THAT(message("run: [t, '${{ inputs.z.list_file }}']"), HasSubstr("E402: task a has no input 'z'; has: x"));
  EXPECT_THAT(message("run: [t], workdir: '${{ inputs.x.list_file }}'"),
              HasSubstr("E404: inputs.x.list_file is known only while an attempt runs"));
  EXPECT_THAT(message("run: [t], env: {L: '${{ inputs.x.list_file }}'}"),
              HasSubstr("E402: inputs.x.list_file is in the environment of a already, as FUGLE_IN_x"));
}

TEST(Expand, settings_of_tasks_whose_elements_are_not_known_yet_are_checked) {
  const auto message = [](const std::string& keys) {
    return expand_text(
               "slurm: {nodes: 2, time: 1h}\nparams: {n: 3}\ntasks:\n  a: {run: x, outputs: {l: {type: list}}}\n"
               "  b: {foreach: '${{ tasks.a.outputs.l }}', run: x, " +
               keys + "}\n")
        .messages;
  };
  EXPECT_EQ(message("timeout: 30m"), "");
  EXPECT_THAT(message("timeout: 2h"), HasSubstr("E304: timeout 2h of b is longer than slurm.time 1h"));
  EXPECT_THAT(message("resources: {nodes: 3}"), HasSubstr("E302: task b needs 3 nodes, slurm.nodes is 2"));
  EXPECT_THAT(message("resources: {nodes: '${{ params.n }}'}"),
              HasSubstr("E302: task b needs 3 nodes, slurm.nodes is 2"));
  EXPECT_THAT(message("resources: {nodes: 1, ranks_per_node: 4, ranks: 5}"),
              HasSubstr("E301: ranks 5 is not nodes 1 x ranks_per_node 4 = 4"));
  EXPECT_EQ(message("resources: {cores: '${{ item }}'}"), "");  // only the items say
}

TEST(Expand, elements_of_finally_come_last_and_have_edges_among_themselves_only) {
  const Expanded e = expand_text(R"(finally:
  mail: {needs: [summary], run: [mail, "${{ run.state }}"]}
  summary: {inputs: {all: "${{ tasks.work.outputs.o }}"}, run: "cat ${{ inputs.all }} # ${{ run.state }}"}
  links: {inputs: {one: out.1}, run: [cat, "${{ inputs.one }}"]}
tasks:
  work: {matrix: {i: 1..2}, outputs: {o: "out.${{ matrix.i }}"}, run: x}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(), "work[1] work[2] mail summary links");
  EXPECT_EQ(e.needs("mail"), "summary");
  EXPECT_EQ(e.needs("summary"), "");
  EXPECT_EQ(e.needs("links"), "");
  // Which of them are there is known when all have ended.
  EXPECT_TRUE(e.task("summary").is_late);
  EXPECT_TRUE(e.task("summary").input_is_list[0]);
  EXPECT_EQ(e.text("summary").inputs[0], "");
  EXPECT_TRUE(e.task("mail").runs_finally);
  EXPECT_FALSE(e.task("work[1]").runs_finally);
  const graph::SlotValues values{{}, 1, {}, "FAILED"};
  EXPECT_EQ(graph::fill_slots(e.text("mail").command[1], values), "FAILED");
}

TEST(Expand, a_main_task_can_not_know_what_finally_makes) {
  const auto message = [](const std::string& task) {
    return first_message(expand_text("finally: {f: {outputs: {o: x}, run: [t]}}\ntasks:\n  a: " + task));
  };
  EXPECT_EQ(message("{run: ['${{ tasks.f.outputs.o }}']}"),
            "5:14: error E404: tasks.f.outputs.o is known only when all tasks have ended (f is in 'finally')");
  EXPECT_EQ(message("{run: ['${{ run.state }}']}"),
            "5:14: error E404: run.state is known only when all tasks have ended; use it in tasks of 'finally'");
  EXPECT_EQ(message("{run: ['${{ run.status }}']}"), "5:14: error E402: run has no 'status'; has: id, dir, state");
  // The file may be there from an earlier run: an input like any other.
  EXPECT_EQ(message("{inputs: {i: x}, run: [t]}"), "");
}

TEST(Expand, defaults_hold_in_finally_too) {
  const Expanded e = expand_text("defaults: {retries: 2}\nfinally: {f: {run: x}}\ntasks: {a: {run: x}}");
  EXPECT_EQ(e.task("f").retries.max, 2u);
}

TEST(Expand, limits_may_depend_on_params) {
  const std::string tasks = "params: {n: 3}\ntasks: {a: {run: x}}\n";
  EXPECT_EQ(expand_text(tasks).graph->limits(), (graph::RunLimits{0, 3}));
  const Expanded e = expand_text(tasks + "limits: {max_failures: '${{ params.n * 2 }}', max_infra_retries: 0}");
  EXPECT_EQ(e.graph->limits(), (graph::RunLimits{6, 0}));
  EXPECT_EQ(first_message(expand_text(tasks + "limits: {max_infra_retries: '${{ params.n * 4 }}'}")),
            "5:29: error E112: 'max_infra_retries' is 12; allowed 0..10");
  EXPECT_THAT(expand_text(tasks + "limits: {max_failures: '${{ env.HOME }}'}").messages,
              HasSubstr("E404: env.HOME is known only at plan; 'max_failures' must be known at start"));
}

struct Asked {
  SlurmRequest slurm;
  std::string messages;
};
Asked ask_slurm(const std::string& text, std::vector<std::pair<std::string, std::string>> params = {}) {
  Diagnostics diagnostics("w.yaml");
  const auto workflow = read_workflow("version: 1\nname: w\n" + text, diagnostics);
  ExpandOptions options;
  options.params = std::move(params);
  (void)expand(*workflow, options, diagnostics);
  return {slurm_request_of(*workflow, options), diagnostics.to_text()};
}

TEST(Expand, what_slurm_is_asked_for_may_depend_on_params) {
  const std::string tasks = "tasks: {a: {run: x}}\n";
  const SlurmRequest nothing = ask_slurm(tasks).slurm;
  EXPECT_EQ(nothing.nodes, 0U);
  EXPECT_EQ(nothing.time, Duration{0});
  EXPECT_EQ(nothing.mem_bytes, std::nullopt);
  EXPECT_EQ(nothing.signal_margin, std::chrono::minutes(2));
  EXPECT_EQ(nothing.requeue, Requeue::automatic);
  EXPECT_EQ(nothing.max_requeues, 20U);
  const std::string file = R"(params: {n: 2, queue: short}
limits: {max_requeues: "${{ params.n * 3 }}"}
slurm:
  {account: atm0421, partition: "${{ params.queue }}", nodes: "${{ params.n }}", time: 4h, mem: 0, requeue: never,
   exclusive: true, gpus_per_node: 4, signal_margin: 3m, mail_user: a@b.org, extra: [--switches=1, "--nice"]}
)" + tasks;
  const Asked asked = ask_slurm(file, {{"n", "5"}});
  EXPECT_EQ(asked.messages, "");
  EXPECT_EQ(asked.slurm.account, "atm0421");
  EXPECT_EQ(asked.slurm.partition, "short");
  EXPECT_EQ(asked.slurm.nodes, 5U);
  EXPECT_EQ(asked.slurm.time, std::chrono::hours(4));
  EXPECT_EQ(asked.slurm.mem_bytes, 0U);
  EXPECT_EQ(asked.slurm.requeue, Requeue::never);
  EXPECT_EQ(asked.slurm.exclusive, true);
  EXPECT_EQ(asked.slurm.gpus_per_node, 4U);
  EXPECT_EQ(asked.slurm.signal_margin, std::chrono::minutes(3));
  EXPECT_EQ(asked.slurm.mail_user, "a@b.org");
  EXPECT_THAT(asked.slurm.extra, ElementsAre("--switches=1", "--nice"));
  EXPECT_EQ(asked.slurm.max_requeues, 15U);
  EXPECT_THAT(ask_slurm(file, {{"queue", "a b"}}).messages, HasSubstr("E112: 'partition' is 'a b'; one word"));
  EXPECT_THAT(ask_slurm("slurm: {extra: [switches=1]}\n" + tasks).messages,
              HasSubstr("E112: 'extra' has 'switches=1'"));
  EXPECT_THAT(ask_slurm("slurm: {extra: [\"--nice\\n#SBATCH -x\"]}\n" + tasks).messages, HasSubstr("E112: 'extra'"));
}

TEST(Expand, tasks_are_held_against_the_allocation_that_the_file_asks_for) {
  const auto message = [](const std::string& slurm, const std::string& task) {
    return first_message(expand_text(slurm + "\ntasks: {wrf: {run: x, " + task + "}}"));
  };
  EXPECT_EQ(message("slurm: {time: 4h}", "timeout: 5h"),
            "4:32: error E304: timeout 5h of wrf is longer than slurm.time 4h");
  EXPECT_EQ(message("slurm: {time: 4h}", "timeout: 4h"), "");
  EXPECT_EQ(message("slurm: {nodes: 2}", "timeout: 5h"), "");
  EXPECT_EQ(message("slurm: {mem: 4G}", "resources: {mem: 8G}"),
            "4:40: error E302: task wrf needs 8.0G, slurm.mem is 4.0G");
  EXPECT_EQ(message("slurm: {mem: 0}", "resources: {mem: 8G}"), "");
  EXPECT_EQ(message("slurm: {gpus_per_node: 1}", "resources: {gpus: 2}"),
            "4:41: error E302: task wrf needs 2 gpus, slurm.gpus_per_node is 1");
  EXPECT_EQ(message("slurm: {gpus_per_node: 4}", "resources: {nodes: 2, gpus: 8}"), "");
  EXPECT_EQ(message("slurm: {gpus_per_node: 4}", "resources: {ranks: 5, gpus_per_rank: 1}"),
            "4:60: error E302: task wrf needs 5 gpus, slurm.gpus_per_node is 4");
  EXPECT_EQ(message("slurm: {nodes: 9}", "resources: {nodes: 12}"),
            "4:42: error E302: task wrf needs 12 nodes, slurm.nodes is 9");
  EXPECT_EQ(message("slurm: {nodes: 9}", "resources: {ranks: 12, ranks_per_node: 1}"),
            "4:42: error E302: task wrf needs 12 nodes, slurm.nodes is 9");
  EXPECT_EQ(message("slurm: {nodes: 9}", "resources: {nodes: 9}"), "");
  EXPECT_EQ(message("slurm: {time: 4h}", "resources: {nodes: 12}"), "");
  EXPECT_EQ(first_message(expand_text("slurm: {time: 4h}\nreserve: 4h\ntasks: {a: {run: x}}")),
            "4:10: error E304: reserve 4h is not below slurm.time 4h");
}

TEST(Expand, what_a_matrix_asks_for_is_held_against_the_allocation_while_checking) {
  const std::string text =
      "slurm: {nodes: 4}\ntasks: {a: {run: [x], matrix: {n: [1, 8]}, resources: {nodes: '${{ matrix.n }}'}}}";
  EXPECT_THAT(expand_text(text, {{}, true}).messages, HasSubstr("E302: task a needs 8 nodes, slurm.nodes is 4"));
}

TEST(Expand, the_allocation_is_not_doubted_for_params_without_value) {
  const std::string text = R"(params: {t: {type: string}, m: {type: string}}
slurm: {time: "${{ params.t }}", mem: 1G}
tasks: {a: {run: x, timeout: 5h, resources: {mem: "${{ params.m }}"}}}
)";
  EXPECT_EQ(expand_text(text, {{}, true}).messages, "");
  EXPECT_THAT(expand_text(text, {{{"t", "4h"}, {"m", "2G"}}}).messages, HasSubstr("E304"));
  EXPECT_THAT(expand_text(text, {{{"t", "9h"}, {"m", "2G"}}}).messages, HasSubstr("E302"));
}

TEST(Expand, policies_reach_the_graph) {
  const Expanded e = expand_text(R"(params: {part: 5%}
on_failure: drain
defaults: {tolerate: 2}
tasks:
  a: {run: x}
  b: {run: x, on_failure: stop, tolerate: "${{ params.part }}"}
  c: {run: x, on_failure: ~, tolerate: ~}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a").on_failure, graph::OnFailure::drain);
  EXPECT_EQ(e.task("a").tolerate.count, 2u);
  EXPECT_EQ(e.task("b").on_failure, graph::OnFailure::stop);
  EXPECT_DOUBLE_EQ(e.task("b").tolerate.fraction, 0.05);
  EXPECT_EQ(e.task("c").on_failure, graph::OnFailure::skip_dependents);
  EXPECT_FALSE(e.task("c").tolerate.is_given());
  EXPECT_EQ(first_message(expand_text("tasks: {a: {matrix: {x: [1, 2]}, tolerate: '${{ matrix.x }}', run: x}}")),
            "3:45: error E404: matrix.x is known only when the element is made; 'tolerate' must be known at start");
}

TEST(Expand, cleanup_is_shell_text_of_each_element) {
  const Expanded e = expand_text(R"(tasks:
  a:
    matrix: {x: [1, "b c"]}
    outputs: {o: "o ${{ index }}"}
    run: [prog]
    cleanup: rm -f ${{ q(matrix.x) }} ${{ q(outputs.o) }} $FUGLE_ATTEMPT
  b: {run: x}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_TRUE(e.task("a[1]").has_cleanup);
  EXPECT_FALSE(e.task("b").has_cleanup);
  const graph::ElementText text = e.text(fmt::format("a[~{:08x}]", hash_text("b c") & 0xFFFFFFFFu));
  const std::vector<std::string> staged{graph::staged_path(text.outputs[0], 1)};
  EXPECT_EQ(graph::fill_slots(text.cleanup, {staged, 1, {}, {}}), "rm -f 'b c' '/work/.1-o 1' $FUGLE_ATTEMPT");
  EXPECT_THAT(expand_text("tasks: {a: {matrix: {x: ['b c']}, run: [t], cleanup: 'rm ${{ matrix.x }}'}}").messages,
              HasSubstr("E405: matrix.x holds a blank ('b c'); write ${{ q(matrix.x) }}"));
}

TEST(Expand, an_attempt_has_scratch_where_anything_asks_for_it) {
  const Expanded e = expand_text(R"(tasks:
  none: {run: x}
  variable: {run: "cd $FUGLE_SCRATCH"}
  argument: {run: [sh, -c, "cd $FUGLE_SCRATCH"]}
  environment: {run: x, env: {TMPDIR: "${{ scratch }}"}}
  cleaned: {run: x, cleanup: "ls ${{ scratch }}"}
  sized: {run: x, resources: {scratch: 2G}}
  some: {matrix: {g: [0, 1]}, run: "echo ${{ resources.scratch }}", resources: {scratch: "${{ matrix.g * 1024 }}M"}}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_FALSE(e.task("none").has_scratch);
  for (const char* id : {"variable", "argument", "environment", "cleaned", "sized", "some[1]"})
    EXPECT_TRUE(e.task(id).has_scratch) << id;
  EXPECT_FALSE(e.task("some[0]").has_scratch);
  EXPECT_EQ(e.task("sized").scratch_bytes, std::uint64_t{2} << 30);
  EXPECT_EQ(e.task("sized").scratch_root, "");
  EXPECT_THAT(e.command("some[1]"), ElementsAre("echo 1073741824"));
}

TEST(Expand, the_scratch_root_is_absolute_and_its_directory_a_slot) {
  const Expanded e = expand_text(R"(scratch: ${{ env.HOME }}/tmp
tasks: {a: {run: "prog ${{ scratch }} ${{ q(scratch) }}/x"}, b: {run: x}}
)");
  EXPECT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a").scratch_root, "/home/u/tmp");
  EXPECT_TRUE(e.task("b").has_scratch);
  EXPECT_EQ(graph::fill_slots(e.text("a").command[0], {{}, 1, "/s", {}}), "prog /s /s/x");
  EXPECT_THAT(expand_text("scratch: ${{ env.ODD }}\ntasks: {a: {run: 'x ${{ scratch }}'}}").messages,
              HasSubstr("E405: scratch holds a blank ('/work/a b'); write ${{ q(scratch) }}"));
  EXPECT_THAT(expand_text("scratch: ''\ntasks: {a: {run: x}}").messages, HasSubstr("E403: path of 'scratch' is empty"));
  EXPECT_THAT(expand_text("tasks: {a: {inputs: {i: '${{ scratch }}'}, run: x}}").messages,
              HasSubstr("E404: scratch is known only while an attempt runs; 'inputs' must be known when"));
}

TEST(Expand, a_task_name_written_wrong_gets_the_nearest_one) {
  const Expanded e =
      expand_text("tasks:\n  real: {outputs: {o: x}, run: [t]}\n  b: {run: '${{ tasks.reel.outputs.o }}'}\n");
  EXPECT_EQ(first_message(e), "5:13: error E202: unknown task 'reel'; did you mean 'real'?");
}

TEST(Expand, syntax_errors_show_the_expression_and_a_caret) {
  const Expanded e = expand_text("tasks:\n  a: {run: \"x ${{ 1 + }}\"}\n");
  EXPECT_THAT(e.messages, ::testing::StartsWith("w.yaml:4:15: error E401: expression ends too early\n"
                                                "w.yaml:4:15: note: 1 +\n"
                                                "w.yaml:4:15: note:    ^\n"));
}

TEST(Expand, unsafe_values_in_shell_text_are_refused_unless_quoted) {
  const Expanded e = expand_text("tasks:\n  a: {run: 'x ${{ env.ODD }}'}\n  b: {run: 'x ${{ q(env.ODD) }}'}\n");
  EXPECT_EQ(first_message(e), "4:15: error E405: env.ODD holds a blank ('a b'); write ${{ q(env.ODD) }}");
  const Expanded outputs = expand_text("tasks: {a: {outputs: {o: my file}, run: 'x ${{ outputs.o }}'}}");
  EXPECT_THAT(first_message(outputs),
              HasSubstr("E405: outputs.o holds a blank ('/work/my file'); write ${{ q(outputs.o) }}"));
  EXPECT_EQ(expand_text("tasks: {a: {run: [x, '${{ env.ODD }}']}}").messages, "") << "words are seen by no shell";
}

TEST(Expand, markers_and_slot_bytes_can_be_written_literally) {
  const Expanded e = expand_text("tasks: {a: {run: [x, '$${{ y }}', \"a\\x1Fb\"]}}");
  EXPECT_THAT(e.command("a"), ElementsAre("x", "${{ y }}",
                                          "a\x1F"
                                          "b"));
}

TEST(Expand, null_can_not_be_inserted) {
  const Expanded e = expand_text("tasks: {a: {run: ['x${{ null }}']}}");
  EXPECT_THAT(first_message(e), HasSubstr("E403: null is null"));
}

TEST(Expand, mistakes_of_all_tasks_are_reported_at_once) {
  const Expanded e = expand_text(R"(tasks:
  a: {run: "x ${{ nix }}"}
  b: {run: "x ${{ env.ODD }}", resources: {cores: "${{ 1.5 }}"}}
  c: {needs: [a], outputs: {o: "${{ '' }}"}, run: [t]}
)");
  EXPECT_THAT(e.messages, HasSubstr("E402"));
  EXPECT_THAT(e.messages, HasSubstr("E104"));
  EXPECT_THAT(e.messages, HasSubstr("E403: path of 'o' is empty"));
}

TEST(Expand, texts_that_double_at_every_step_are_stopped) {
  std::string env = "env: {A0: 0123456789abcdef";
  for (int i = 1; i < 40; ++i) env += fmt::format(", A{}: '${{{{ env.A{} }}}}${{{{ env.A{} }}}}'", i, i - 1, i - 1);
  EXPECT_THAT(first_message(expand_text(env + "}\ntasks: {a: {run: [t]}}")),
              HasSubstr("E403: the text is longer than 16 MiB"));
}

TEST(Expand, workflow_names_are_known_everywhere) {
  const Expanded e =
      expand_text("tasks: {a: {matrix: {x: ['${{ workflow.name }}']}, run: [x, '${{ workflow.dir }}']}}");
  EXPECT_EQ(e.ids(), "a[w]");
  EXPECT_THAT(e.command("a[w]"), ElementsAre("x", "/work"));
}

/// What a task of one core without a word about its binding gets beside the other tasks of `tasks`.
graph::Bind bind_beside(const std::string& tasks) {
  const Expanded e = expand_text("tasks:\n  one: {run: [t]}\n" + tasks);
  EXPECT_EQ(e.messages, "");
  return e.task("one").bind;
}

TEST(Expand, beside_what_is_bound_one_core_is_bound_too) {
  using graph::Bind;
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {ranks: 2}}\n"), Bind::core);
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {ranks: 1}}\n"), Bind::core);
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {nodes: 2}}\n"), Bind::core);
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {cores: 4, bind: l3}}\n"), Bind::core);
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {bind: core}}\n"), Bind::core);
  EXPECT_EQ(bind_beside("  a: {matrix: {b: [none, numa]}, run: [t], resources: {bind: '${{ matrix.b }}'}}\n"),
            Bind::core)
      << "one such element is enough";
  EXPECT_EQ(bind_beside("finally:\n  a: {run: [t], resources: {ranks: 2}}\n"), Bind::core);

  EXPECT_EQ(bind_beside(""), Bind::automatic);
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {cores: 4}}\n"), Bind::automatic);
  EXPECT_EQ(bind_beside("  a: {run: [t], resources: {ranks: 2, bind: none}}\n"), Bind::automatic);
}

TEST(Expand, a_word_about_binding_is_kept_beside_what_is_bound) {
  using graph::Bind;
  const Expanded e = expand_text(R"(tasks:
  ranks: {run: [t], resources: {ranks: 2}}
  free: {run: [t], resources: {bind: none}}
  wide: {run: [t], resources: {cores: 4}}
  socket: {run: [t], resources: {bind: socket}}
)");
  EXPECT_EQ(e.task("free").bind, Bind::none);
  EXPECT_EQ(e.task("wide").bind, Bind::automatic) << "several cores are bound as they are";
  EXPECT_EQ(e.task("socket").bind, Bind::socket);
}

}  // namespace
}  // namespace fugle::workflow
