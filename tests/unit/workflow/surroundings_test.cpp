// What surrounds commands, as the file has it: modules, setup, containers, logs, exit codes, growing retries; and
// stubs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expanded.hpp"
#include "workflow/images.hpp"
#include "workflow/stubs.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(SurroundingKeys, hold_expressions_of_each_element) {
  const Expanded e = expand_text(R"(tasks:
  a:
    matrix: {v: [12, 13]}
    modules: ["gcc/${{ matrix.v }}", hdf5]
    setup: export V=${{ matrix.v }}
    container: {image: "i/${{ matrix.v }}.sif", runtime: podman, bind: ["data/${{ matrix.v }}:/data:ro", /opt]}
    log: "logs/${{ matrix.v }}.txt"
    retries: {max: 2, scale: {mem: "${{ 1.5 }}", timeout: 2}}
    ok_exit_codes: [0, "2..4"]
    run: x
)");
  ASSERT_EQ(e.messages, "");
  const graph::Task& task = e.task("a[13]");
  EXPECT_THAT(task.modules, ElementsAre("gcc/13", "hdf5"));
  EXPECT_TRUE(task.has_setup);
  EXPECT_EQ(e.text("a[13]").setup, "export V=13");
  EXPECT_EQ(task.container.runtime, graph::ContainerRuntime::podman);
  EXPECT_THAT(task.container.binds, ElementsAre("/work/data/13:/data:ro", "/opt"));
  EXPECT_EQ(e.text("a[13]").image, "/work/i/13.sif");
  EXPECT_EQ(task.log, graph::LogMode::file);
  EXPECT_EQ(e.text("a[12]").log, "/work/logs/12.txt");
  EXPECT_EQ(task.retries.scale_mem, 1.5);
  EXPECT_EQ(task.retries.scale_timeout, 2);
  EXPECT_EQ(task.retries.scale_cores, 1);
  EXPECT_THAT(task.ok_exit_codes, ElementsAre(std::pair(0, 0), std::pair(2, 4)));
}

TEST(SurroundingKeys, have_short_forms_and_are_absent_by_default) {
  const Expanded e = expand_text(R"(tasks:
  short: {container: docker.io/library/alpine:3, modules: gcc, log: split, ok_exit_codes: 1, run: x}
  none: {run: x}
  gpus: {container: {image: x.sif}, resources: {gpus: 1}, run: x}
)");
  ASSERT_EQ(e.messages, "");
  EXPECT_EQ(e.task("short").container.runtime, graph::ContainerRuntime::automatic);
  EXPECT_EQ(e.text("short").image, "docker.io/library/alpine:3");
  EXPECT_THAT(e.task("short").modules, ElementsAre("gcc"));
  EXPECT_EQ(e.task("short").log, graph::LogMode::split);
  EXPECT_FALSE(e.task("short").container.has_gpu);
  EXPECT_TRUE(e.task("gpus").container.has_gpu);
  const graph::Task& none = e.task("none");
  EXPECT_EQ(none.container.runtime, graph::ContainerRuntime::none);
  EXPECT_FALSE(none.has_setup);
  EXPECT_THAT(none.modules, IsEmpty());
  EXPECT_EQ(none.log, graph::LogMode::merged);
}

TEST(SurroundingKeys, of_functions_are_refused_but_for_modules_of_all) {
  const Expanded e = expand_text("defaults: {modules: [gcc]}\ntasks: {f: {plugin: 'l.so:f'}}\n");
  ASSERT_EQ(e.messages, "");
  EXPECT_THAT(e.task("f").modules, IsEmpty());
  for (const char* key : {"container: x.sif", "setup: 'true'"})
    EXPECT_THAT(expand_text(fmt::format("tasks: {{f: {{plugin: 'l.so:f', {}}}}}\n", key)).messages, HasSubstr("E113"));
}

TEST(SurroundingKeys, are_judged) {
  const auto messages = [](const std::string& keys) {
    return expand_text("tasks:\n  a: {matrix: {v: [1, 2]}, run: x, " + keys + "}\n").messages;
  };
  EXPECT_THAT(messages("container: {runtime: podman}"), HasSubstr("E105: container of 'a' has no image"));
  EXPECT_THAT(messages("container: {image: x, runtime: podmann}"), HasSubstr("E112"));
  EXPECT_THAT(messages("container: [x]"), HasSubstr("E104"));
  EXPECT_THAT(messages("ok_exit_codes: [256]"), HasSubstr("E112"));
  EXPECT_THAT(messages("ok_exit_codes: ['x']"), HasSubstr("E112"));
  EXPECT_THAT(messages("retries: {max: 1, scale: {mem: 0.9}}"), HasSubstr("E112"));
  EXPECT_THAT(messages("retries: {max: 1, when: [oom]}"), HasSubstr("W07"));
  EXPECT_EQ(messages("retries: {max: 1, when: [oom], scale: {mem: 1.3}}"), "");
  EXPECT_THAT(messages("log: same.txt"), HasSubstr("E209"));
  EXPECT_THAT(messages("setup: 'cd ${{ params.none }}'"), HasSubstr("E402"));
}

TEST(Images, are_files_or_names) {
  for (const char* file : {"a.sif", "images/a.sqsh", "/x", "./x", "../x"}) EXPECT_TRUE(is_image_file(file)) << file;
  for (const char* name : {"alpine", "docker.io/library/alpine:3", "docker://a.sif", "nvcr.io#nvidia/pytorch:24.01"})
    EXPECT_FALSE(is_image_file(name)) << name;
  EXPECT_EQ(image_at("a.sif", "/w"), "/w/a.sif");
  EXPECT_EQ(image_at("alpine", "/w"), "alpine");
}

TEST(Stubs, take_the_place_of_commands_and_of_what_they_need) {
  Diagnostics diagnostics("w.yaml");
  auto workflow = read_workflow(R"(version: 1
name: w
defaults: {modules: [gcc], setup: "false"}
tasks:
  a: {run: [mpi], resources: {ranks: 8, cores: 2}, container: x.sif, stub: "echo stub > ${{ outputs.o }}", outputs: {o: o.txt}}
  b: {run: real, outputs: {f: f.h5, v: {type: value}, j: {type: json}}}
  c: {run: real}
  d: {plugin: "l.so:f", setup: ~, with: {x: 1}}
)",
                                diagnostics);
  ASSERT_TRUE(workflow.has_value()) << diagnostics.to_text();
  put_stubs(*workflow);
  ExpandOptions options;
  options.directory = "/work";
  Expanded e;
  e.graph = expand(*workflow, options, diagnostics);
  ASSERT_TRUE(e.graph.has_value()) << diagnostics.to_text();
  EXPECT_THAT(e.command("a"), ElementsAre("echo stub > /work/.1-o.txt"));
  EXPECT_EQ(e.task("a").shape.ranks, 0u);
  EXPECT_EQ(e.task("a").container.runtime, graph::ContainerRuntime::none);
  EXPECT_FALSE(e.task("a").has_setup);
  EXPECT_THAT(e.task("a").modules, IsEmpty());
  EXPECT_THAT(e.command("b"), ElementsAre(": > /work/.1-f.h5\necho v= >> \"$FUGLE_OUTPUT\"\n"
                                          "echo j=null >> \"$FUGLE_OUTPUT\"\n"));
  EXPECT_THAT(e.command("c"), ElementsAre("true"));
  EXPECT_EQ(e.task("d").kind, graph::TaskKind::process);
  EXPECT_THAT(e.command("d"), ElementsAre("true"));
}

}  // namespace
}  // namespace fugle::workflow
