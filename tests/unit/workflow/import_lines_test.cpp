#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workflow/expand.hpp"
#include "workflow/import.hpp"

namespace fugle::workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Imported {
  std::optional<graph::Graph> graph;
  std::string messages;
};

Imported import_text(std::string_view bytes, const LinesOptions& options = {}) {
  Diagnostics diagnostics("cmds.txt");
  Imported result;
  if (const auto workflow = import_lines(bytes, options, diagnostics)) {
    ExpandOptions expansion;
    expansion.directory = "/work";
    result.graph = expand(*workflow, expansion, diagnostics);
  }
  result.messages = diagnostics.to_text();
  return result;
}

TEST(ImportLines, blank_lines_and_comments_are_skipped_and_ids_are_physical_line_numbers) {
  const Imported lines = import_text("echo a\n\n  # note\n\t \necho b # kept\r\necho c");
  ASSERT_TRUE(lines.graph) << lines.messages;
  const graph::Graph& graph = *lines.graph;
  ASSERT_EQ(graph.num_elements(), 3U);
  EXPECT_EQ(graph.id(ElementId(0)), "line[1]");
  EXPECT_EQ(graph.id(ElementId(1)), "line[5]");
  EXPECT_EQ(graph.id(ElementId(2)), "line[6]");
  EXPECT_EQ(graph.num_tasks(), 1U);
  EXPECT_EQ(graph.num_edges(), 0U);
  EXPECT_THAT(graph.text(ElementId(1)).command, ElementsAre("echo b # kept"));
  EXPECT_THAT(graph.task(TaskId(0)).shell, ElementsAre("bash", "-c"));
  EXPECT_THAT(graph.task(TaskId(0)).env_names, ElementsAre("FUGLE_LINE"));
  EXPECT_THAT(graph.text(ElementId(1)).env, ElementsAre("5"));
}

TEST(ImportLines, the_shell_reads_a_line_as_it_stands) {
  const Imported lines = import_text("echo ${{ params.x }} \x1F 'a  b' \\\n");
  ASSERT_TRUE(lines.graph);
  const std::string command = lines.graph->text(ElementId(0)).command.front();
  EXPECT_EQ(graph::fill_slots(command, {}), "echo ${{ params.x }} \x1F 'a  b' \\");
}

TEST(ImportLines, options_hold_for_every_line) {
  const Imported lines = import_text("a\nb\n", {2, 1 << 20, 4, std::chrono::minutes(5), 3, "zsh"});
  const graph::Task& task = lines.graph->task(TaskId(0));
  EXPECT_EQ(task.request, (graph::Request{2, 1 << 20, 4}));
  EXPECT_EQ(task.timeout, std::chrono::minutes(5));
  EXPECT_EQ(task.retries.max, 3U);
  EXPECT_THAT(task.shell, ElementsAre("zsh", "-c"));
}

TEST(ImportLines, a_nul_byte_and_an_overlong_line_are_refused) {
  using namespace std::string_literals;
  const Imported lines = import_text("ok\na\0b\n"s + std::string((1 << 20) + 1, 'x') + "\n");
  EXPECT_THAT(lines.messages,
              HasSubstr("cmds.txt:2:2: error E502: import: cannot read this line as lines: it holds a NUL byte"));
  EXPECT_THAT(lines.messages,
              HasSubstr("cmds.txt:3:1: error E502: import: cannot read this line as lines: it has 1048577 bytes"));
  EXPECT_TRUE(import_text(std::string(1 << 20, 'x')).graph.has_value()) << "a mebibyte is allowed";
}

TEST(ImportLines, a_file_without_commands_is_refused) {
  EXPECT_THAT(import_text("# nothing\n").messages, HasSubstr("E105: the file has no commands"));
}

}  // namespace
}  // namespace fugle::workflow
