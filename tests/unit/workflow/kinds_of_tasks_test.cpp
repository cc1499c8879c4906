// What else than a command a task may be or have: functions, services, metrics, directories of its own, and the table
// made of metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <limits>

#include "expanded.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kAny = std::numeric_limits<double>::infinity();

std::string message_of(const std::string& tasks) { return first_message(expand_text("tasks:\n" + tasks)); }

TEST(Functions, a_plugin_is_a_function_with_arguments_as_json) {
  const Expanded e = expand_text(R"(params: {lib: libwrfpost.so, list: {type: list, default: [1, b]}}
workdir: base
tasks:
  src: {outputs: {o: "a b"}, run: [t]}
  regrid:
    matrix: {m: [1, "2"], q: [true]}
    plugin: "${{ params.lib }}:regrid"
    inputs: {out: "${{ tasks.src.outputs.o }}"}
    outputs: {grid: "g${{ matrix.m }}.h5"}
    resources: {cores: 4}
    with:
      grid: 0.1
      fields: [T2, 7, "7", true, null, 1e3, {deep: [x]}]
      m: ${{ matrix.m }}
      q: ${{ matrix.q }}
      text: "m is ${{ matrix.m }}, \"${{ inputs.out }}\""
      list: ${{ params.list }}
      sum: ${{ 1 / 4 }}
      none:
      kept: $${{ x }}
      no: no
  bare: {plugin: "x:f"}
)");
  ASSERT_EQ(e.messages, "");
  const graph::Task& task = e.task("regrid[1,true]");
  EXPECT_EQ(task.kind, graph::TaskKind::function);
  EXPECT_EQ(task.function, "libwrfpost.so:regrid");
  EXPECT_TRUE(task.isolate);
  EXPECT_TRUE(task.shell.empty());
  EXPECT_EQ(task.request.cores, 4U);
  EXPECT_EQ(
      e.text("regrid[2,true]").arguments,
      R"({"grid":0.1,"fields":["T2",7,"7",true,null,1000.0,{"deep":["x"]}],"m":"2","q":true,)"
      R"("text":"m is 2, \"/work/base/a b\"","list":[1,"b"],"sum":0.25,"none":null,"kept":"${{ x }}","no":"no"})");
  EXPECT_THAT(e.text("regrid[2,true]").command, ElementsAre());
  EXPECT_EQ(e.needs("regrid[2,true]"), "src");
  EXPECT_EQ(e.text("bare").arguments, "{}");
  EXPECT_EQ(e.task("src").kind, graph::TaskKind::process);
}

TEST(Functions, a_library_with_a_path_lies_where_paths_begin) {
  const Expanded e = expand_text(R"(workdir: base
tasks:
  here: {plugin: "./libx.so:f"}
  above: {plugin: "../lib/libx.so:f", workdir: sub}
  there: {plugin: "/opt/libx.so:f"}
  bare: {plugin: "libx.so:f"}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("here").function, "/work/base/libx.so:f");
  EXPECT_EQ(e.task("above").function, "/work/lib/libx.so:f");
  EXPECT_EQ(e.task("there").function, "/opt/libx.so:f");
  EXPECT_EQ(e.task("bare").function, "libx.so:f");
}

TEST(Functions, are_isolated_as_written_or_with_one_rank) {
  const Expanded e = expand_text(R"(tasks:
  alone: {plugin: "x:f"}
  told: {plugin: "x:f", isolate: false}
  many: {plugin: "x:f", resources: {ranks: 4, cores: 3}}
  both: {plugin: "x:f", resources: {ranks: 4, nodes: 4}, isolate: false}
  nodes: {plugin: "x:f", resources: {nodes: 2}, isolate: false}
  pairs: {plugin: "x:f", resources: {ranks: 4, nodes: 2, cores: 2, gpus: 4}, isolate: false}
  one: {plugin: "x:f", resources: {ranks: 1}}
)");
  EXPECT_EQ(e.messages,
            "w.yaml:6:18: warning W06: a crash of plugin 'x:f' ends the whole run; write isolate: false to accept\n"
            "w.yaml: 0 errors, 1 warning\n");
  EXPECT_TRUE(e.task("alone").isolate);
  EXPECT_FALSE(e.task("told").isolate);
  EXPECT_FALSE(e.task("many").isolate);
  EXPECT_TRUE(e.task("one").isolate);
  EXPECT_EQ(e.task("alone").shape, (graph::Shape{1, 0, 1, 0}));
  using graph::Part;
  EXPECT_EQ(e.task("many").shape, (graph::Shape{1, 4, 3, 0, Part::rank_anywhere}));
  EXPECT_EQ(e.task("many").request.cores, 3u) << "of each worker";
  EXPECT_EQ(e.task("many").shape.spread(), (graph::Spread{4, 0}));
  EXPECT_EQ(e.task("both").shape, (graph::Shape{4, 4, 1, 0, Part::rank}));
  EXPECT_EQ(e.task("both").shape.spread(), (graph::Spread{4, 4}));
  EXPECT_EQ(e.task("nodes").shape, (graph::Shape{2, 2, 1, 0, Part::rank}));
  EXPECT_EQ(e.task("pairs").shape.spread(), (graph::Spread{4, 2}));
  EXPECT_EQ(e.task("pairs").request.cores, 2u);
  EXPECT_EQ(e.task("pairs").request.gpus, 1u);
  EXPECT_EQ(e.task("one").shape.spread(), (graph::Spread{1, 1}));
}

TEST(Functions, are_given_the_results_of_the_functions_they_need) {
  const Expanded e = expand_text(R"(tasks:
  first: {run: [t]}
  a: {plugin: "x:f", matrix: {i: [1, 2, 3]}}
  b: {plugin: "x:g", matrix: {j: [3, 1, 2]}, needs: {a: each, first: ok}}
  c: {plugin: "x:h", needs: [b, first, a]}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_THAT(e.text("a[1]").results_of, ElementsAre());
  EXPECT_THAT(e.text("b[3]").results_of, ElementsAre("3"));
  EXPECT_THAT(e.text("b[1]").results_of, ElementsAre("1"));
  EXPECT_THAT(e.text("c").results_of, ElementsAre("4", "5", "6", "1", "2", "3"));
  EXPECT_EQ(e.needs("b[3]"), "first a[3]");
}

TEST(Functions, that_are_written_wrong_are_refused) {
  EXPECT_EQ(message_of("  a: {plugin: libx.so}"), "4:15: error E112: 'plugin' is 'libx.so'; write library:function");
  EXPECT_THAT(message_of("  a: {plugin: 'x:f', run: x}"),
              HasSubstr("4:15: error E113: 'run' and 'plugin' exclude each other in task 'a'"));
  EXPECT_THAT(message_of("  a: {run: x, with: {b: 1}}"),
              HasSubstr("E113: 'with' is not allowed here: task 'a' has no plugin"));
  EXPECT_THAT(message_of("  a: {plugin: ~}"), HasSubstr("E105: task 'a' has no run, plugin or uses"));
  EXPECT_THAT(message_of("  a: {plugin: 'x:f', with: [1]}"), HasSubstr("E104: 'with' expects a map, got a list"));
  EXPECT_THAT(
      message_of("  a: {plugin: 'x:f', with: {o: '${{ outputs.p }}'}, outputs: {p: q}}"),
      HasSubstr("E404: outputs.p is known only while an attempt runs; 'with' must be known when the element is made"));
  EXPECT_THAT(message_of("  a: {plugin: 'x:f', with: {o: ['${{ params.x }}']}}"),
              HasSubstr("E402: params has no param 'x'"));
  EXPECT_THAT(message_of("  a: {plugin: 'x:f', resources: {ranks: 2, nodes: 4}}"),
              HasSubstr("E301: ranks 2 is less than nodes 4"));
  EXPECT_THAT(message_of("  a: {plugin: 'x:f', resources: {ranks: 2}, isolate: true}"),
              HasSubstr("4:54: error E113: 'isolate: true' is not allowed here: the 2 ranks of 'a'"));
  EXPECT_THAT(message_of("  a: {plugin: 'x:f', resources: {ranks: 5, nodes: 2, ranks_per_node: 2}}"),
              HasSubstr("E301: ranks 5 is not nodes 2 x ranks_per_node 2"));
}

TEST(Each, means_the_element_with_the_same_values) {
  const Expanded e = expand_text(R"(tasks:
  real: {matrix: {m: [1, 2], n: [a, b]}, outputs: {o: "r${{ index }}"}, run: [t]}
  wrf:
    matrix: {k: [2, 1], l: [a, b]}
    needs: {real: each}
    inputs: {i: "${{ tasks.real.outputs.o }}"}
    run: [t, "${{ inputs.i }}"]
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.needs("wrf[2,a]"), "real[2,a]");
  EXPECT_EQ(e.text("wrf[2,a]").inputs[0], "/work/r2");
  EXPECT_THAT(e.command("wrf[1,b]"), ElementsAre("t", "r1"));
  EXPECT_THAT(message_of("  a: {matrix: {x: '1..16'}, run: t}\n  b: {matrix: {x: '1..8'}, needs: {a: each}, run: t}"),
              HasSubstr("5:36: error E208: 'each' needs equal elements: 'b' has 8, 'a' has 16"));
  EXPECT_THAT(message_of("  a: {matrix: {x: [1, 2]}, run: t}\n  b: {matrix: {x: [2, 3]}, needs: {a: each}, run: t}"),
              HasSubstr("E208: 'each' needs equal elements: 'b' has b[3], 'a' has no [3]"));
  EXPECT_EQ(expand_text("params: {l: {type: list}}\ntasks:\n  a: {matrix: {x: '${{ params.l }}'}, run: t}\n"
                        "  b: {matrix: {x: [2, 3]}, needs: {a: each}, run: t}",
                        {{}, true})
                .messages,
            "");
}

TEST(Services, reach_the_graph) {
  const Expanded e = expand_text(R"(tasks:
  db:
    matrix: {p: [1, 2]}
    run: "server ${{ matrix.p }}"
    service: {ready: "ping ${{ matrix.p }} $FUGLE_SCRATCH", ready_timeout: "${{ matrix.p }}m", stop: "end ${{ attempt }}"}
  plain: {run: [server], service: {ready: "true", stop: SIGINT}}
  user: {run: [t], needs: [db, plain]}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("db[2]").service, (graph::Service{true, std::chrono::minutes(2), SIGTERM}));
  EXPECT_EQ(e.text("db[2]").ready_command, "ping 2 $FUGLE_SCRATCH");
  EXPECT_EQ(graph::fill_slots(e.text("db[2]").stop_command, {{}, 3, {}, {}}), "end 3");
  EXPECT_TRUE(e.task("db[1]").has_scratch);
  EXPECT_EQ(e.task("plain").service, (graph::Service{true, std::chrono::minutes(5), SIGINT}));
  EXPECT_EQ(e.text("plain").stop_command, "");
  EXPECT_FALSE(e.task("user").service.is_given);
  EXPECT_EQ(e.needs("user"), "db[1] db[2] plain");
}

TEST(Metrics, reach_the_graph) {
  const Expanded e = expand_text(R"(defaults: {metrics: {wall: {regex: 'wall ([0-9]+)'}}}
tasks:
  a:
    run: [t]
    cache: never
    metrics:
      ns_day: {regex: 'Performance: +([0-9.]+)', unit: ns/day, reference: 3.5, tolerance: [-0.1, 2]}
      shown: {regex: '(x)', reference: -1}
  b: {run: [t], metrics: {wall: ~}}
)");
  ASSERT_EQ(e.messages, "");
  const graph::Task& task = e.task("a");
  ASSERT_EQ(task.metrics.size(), 3U);
  EXPECT_EQ(task.metrics[0], (graph::Metric{"wall", "wall ([0-9]+)", "", false, 0, -kAny, kAny}));
  EXPECT_EQ(task.metrics[1], (graph::Metric{"ns_day", "Performance: +([0-9.]+)", "ns/day", true, 3.5, -0.1, 2}));
  EXPECT_EQ(task.metrics[2], (graph::Metric{"shown", "(x)", "", true, -1, -kAny, kAny}));
  EXPECT_TRUE(e.task("b").metrics.empty());
}

TEST(Workdir, of_each_element_is_its_own_and_safe_in_a_shell) {
  const Expanded e = expand_text(R"(workdir: base
tasks:
  a:
    matrix: {n: [1, 2], s: ["..", "x/y"]}
    workdir: per_element
    inputs: {t: bench.tpr}
    run: [t, "${{ inputs.t }}"]
  b: {run: [t], workdir: per_element}
  c: {run: [t]}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("a[1,..]").workdir, "");
  EXPECT_EQ(e.text("a[1,..]").workdir, "/work/base/a.1,..");
  EXPECT_THAT(e.text(e.graph->id(ElementId(3))).workdir, testing::MatchesRegex("/work/base/a\\.2,~[0-9a-f]{8}"));
  EXPECT_THAT(e.command("a[1,..]"), ElementsAre("t", "/work/base/bench.tpr"));
  EXPECT_EQ(e.text("b").workdir, "/work/base/b");
  EXPECT_EQ(e.task("c").workdir, "/work/base");
}

std::optional<Workflow> read_text(const std::string& text, std::string& messages) {
  Diagnostics diagnostics("w.yaml");
  auto workflow = read_workflow("version: 1\nname: w\n" + text, diagnostics);
  diagnostics.sort();
  messages = diagnostics.to_text();
  return workflow;
}

constexpr const char* kSweep =
    "tasks: {mdrun: {matrix: {nodes: [1, 2, 8], repeat: '1..3'}, run: [x], metrics: {ns_day: {regex: '(x)'}}}}\n";

TEST(Report, is_a_table_of_metrics) {
  std::string messages;
  const auto workflow = read_text(std::string(kSweep) + R"x(report:
  rows: matrix.nodes
  columns: [median(ns_day), " speedup( ns_day )"]
  baseline: {nodes: 1}
  reference: {"efficiency(ns_day)": [{nodes: 8, min: 0.70}, {min: 0.1, max: 2}]}
)x",
                                  messages);
  ASSERT_EQ(messages, "");
  const graph::TableSpec& report = workflow->report;
  EXPECT_THAT(report.rows, ElementsAre("nodes"));
  EXPECT_THAT(report.columns, ElementsAre(graph::TableColumn{graph::Statistic::median, "ns_day"},
                                          graph::TableColumn{graph::Statistic::speedup, "ns_day"}));
  EXPECT_EQ(report.baseline, (graph::TablePoint{{"nodes", "1"}}));
  const graph::TableColumn efficiency{graph::Statistic::efficiency, "ns_day"};
  EXPECT_THAT(report.references, ElementsAre(graph::TableReference{efficiency, {{"nodes", "8"}}, 0.70, std::nullopt},
                                             graph::TableReference{efficiency, {}, 0.1, 2.0}));
}

TEST(Report, takes_only_what_the_tasks_have) {
  const auto message = [](const std::string& report) {
    std::string messages;
    (void)read_text(kSweep + ("report: {" + report + "}\n"), messages);
    const std::string line = messages.substr(0, messages.find('\n'));
    return line.starts_with("w.yaml:") ? line.substr(7) : line;
  };
  const std::string columns = "columns: [median(ns_day)]";
  EXPECT_EQ(message("rows: [matrix.nodes, matrix.repeat], " + columns), "");
  EXPECT_EQ(message("rows: matrix.nods, " + columns),
            "4:16: error E402: no task with metrics has a matrix variable 'nods'; did you mean 'nodes'?");
  EXPECT_THAT(message("rows: nodes, " + columns),
              HasSubstr("E402: 'rows' has 'nodes'; a matrix variable is written matrix.NAME"));
  EXPECT_THAT(message("rows: matrix.nodes, columns: [median(ns_dya)]"),
              HasSubstr("E402: no task has a metric 'ns_dya'; did you mean 'ns_day'?"));
  EXPECT_THAT(message("rows: matrix.nodes, columns: [max(energy)]"),
              HasSubstr("E402: no task has a metric 'energy'; has: ns_day"));
  EXPECT_THAT(message("rows: matrix.nodes, columns: [medain(ns_day)]"),
              HasSubstr("E112: 'columns' has 'medain(ns_day)'; one of median, mean"));
  EXPECT_THAT(message("rows: matrix.nodes, " + columns + ", baseline: {nodes: 4}"),
              HasSubstr("E402: matrix.nodes has no value '4'; has: 1, 2, 8"));
  EXPECT_THAT(message("rows: matrix.nodes, " + columns + ", baseline: {repeat: 1}"),
              HasSubstr("E113: 'repeat' is not allowed here: it is not among the rows"));
  EXPECT_THAT(message("rows: matrix.nodes, " + columns + ", reference: {'max(ns_day)': {nodes: 8}}"),
              HasSubstr("E105: reference of max(ns_day) has neither min nor max"));
  EXPECT_THAT(message("rows: matrix.nodes, " + columns + ", reference: {'max(ns_day)': {min: x}}"),
              HasSubstr("E104: 'min' expects a number, got 'x'"));
  EXPECT_THAT(message(columns), HasSubstr("E105: report has no rows"));
  EXPECT_THAT(message("rows: matrix.nodes"), HasSubstr("E105: report has no columns"));
}

TEST(Report, of_a_scaling_benchmark_has_a_row_for_each_size) {
  const Expanded e = expand_text(R"x(slurm: {partition: standard, nodes: 8, time: 2h}
tasks:
  mdrun:
    matrix: {nodes: [1, 2, 4, 8], repeat: "1..3"}
    resources: {nodes: "${{ matrix.nodes }}", ranks_per_node: 32, cores: 2, exclusive: true}
    inputs: {tpr: bench.tpr}
    workdir: per_element
    cache: never
    timeout: 10m
    run: [gmx_mpi, mdrun, -s, "${{ inputs.tpr }}", -nsteps, "20000", -resethway]
    metrics:
      ns_day: {regex: 'Performance: +([0-9.]+)', unit: ns/day}
report:
  rows: matrix.nodes
  columns: [median(ns_day), speedup(ns_day), efficiency(ns_day), spread(ns_day)]
  baseline: {nodes: 1}
  reference: {"efficiency(ns_day)": {nodes: 8, min: 0.70}}
)x");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.ids(),
            "mdrun[1,1] mdrun[1,2] mdrun[1,3] mdrun[2,1] mdrun[2,2] mdrun[2,3] mdrun[4,1] mdrun[4,2] mdrun[4,3] "
            "mdrun[8,1] mdrun[8,2] mdrun[8,3]");
  EXPECT_EQ(e.task("mdrun[8,2]").shape, (graph::Shape{8, 256, 2, 0}));
  EXPECT_EQ(e.task("mdrun[8,2]").request, (graph::Request{64, 0, 0, true}));
  EXPECT_EQ(e.text("mdrun[8,2]").workdir, "/work/mdrun.8,2");
  EXPECT_THAT(e.command("mdrun[1,3]"),
              ElementsAre("gmx_mpi", "mdrun", "-s", "/work/bench.tpr", "-nsteps", "20000", "-resethway"));
}

}  // namespace
}  // namespace fugle::workflow
