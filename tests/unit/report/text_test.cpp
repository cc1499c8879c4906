// Small texts of the room: tables, prefixed log lines, commands to repeat.
#include <gtest/gtest.h>

#include "report/command_text.hpp"
#include "report/failure_block.hpp"
#include "report/log_lines.hpp"
#include "report/text_table.hpp"

namespace fugle::report {
namespace {

TEST(CommandText, repeats_scratch_and_the_state_of_the_run_by_hand) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "sum";
  task.shell = {"bash", "-c"};
  task.workdir = "/data";
  task.has_scratch = true;
  task.scratch_root = "/local disk";
  task.runs_finally = true;
  graph::ElementText text;
  text.command = {"echo \x1Fr0\x1F > \x1FS0\x1F/log"};
  (void)builder.add_element(builder.add_task(task), "sum", text);
  const graph::Graph graph(std::move(builder).build());
  EXPECT_EQ(repeat_line(graph, {ElementId(0), 1, "FAILED"}),
            "mkdir -p '/local disk/fugle-by-hand' && cd /data && env FUGLE_TASK=sum FUGLE_ELEMENT=sum FUGLE_ATTEMPT=1 "
            "FUGLE_INDEX=0 FUGLE_CORES=1 'FUGLE_SCRATCH=/local disk/fugle-by-hand' FUGLE_RUN_STATE=FAILED "
            "bash -c 'echo FAILED > '\\''/local disk/fugle-by-hand'\\''/log'");
}

TEST(TextTable, aligns_columns_and_leaves_the_last_one_ragged) {
  TextTable table({"n", "name", "rest"}, {Align::right, Align::left, Align::left});
  table.add({"1", "caf\xc3\xa9", "x"});
  table.add({"100", "b", "longer"});
  EXPECT_EQ(table.to_text(1), "   n  name  rest\n   1  caf\xc3\xa9  x\n 100  b     longer\n");
}

TEST(TextTable, cuts_between_characters_and_shows_that_it_did) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdefg", 6), "abc...");
  EXPECT_EQ(cut_to_width("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4), "\xc3\xa9...");
  EXPECT_EQ(cut_to_width("abc", 2), "..");
}

TEST(LogLines, puts_the_element_before_each_line_and_mends_pieces) {
  LogLines lines;
  EXPECT_EQ(lines.add("a", "one\ntw"), "a | one\n");
  EXPECT_EQ(lines.add("b", "other\n"), "b | other\n");
  EXPECT_EQ(lines.add("a", "o\nthree"), "a | two\n");
  EXPECT_EQ(lines.finish(), "a | three\n");
  EXPECT_EQ(lines.finish(), "");
}

TEST(LogLines, leaves_bytes_as_they_are) {
  LogLines lines;
  const std::string odd("\0\xff\r\n", 4);
  EXPECT_EQ(lines.add("a", odd), "a | " + odd);
}

graph::Graph one_element(const std::string& script) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.name = "sim";
  task.workdir = "/data/my runs";
  task.shell = {"bash", "-c"};
  task.env = {{"MODE", "fast one"}};
  task.matrix_names = {"temp-k"};
  task.output_names = {"h5"};
  task.retries.max = 2;
  const TaskId id = builder.add_task(task);
  graph::ElementText text;
  text.matrix = {"300"};
  text.outputs = {"/data/out.h5"};
  text.command = {script + " " + graph::output_slot(0, true)};
  builder.add_element(id, "sim[300]", text);
  return graph::Graph(std::move(builder).build());
}

TEST(CommandText, can_be_pasted_to_repeat_an_attempt_by_hand) {
  const graph::Graph graph = one_element("./sim >");
  EXPECT_EQ(command_text(graph, {ElementId(0), 2}), "bash -c './sim > /data/.2-out.h5'");
  EXPECT_EQ(
      repeat_line(graph, {ElementId(0), 2}),
      "cd '/data/my runs' && env 'MODE=fast one' FUGLE_TASK=sim 'FUGLE_ELEMENT=sim[300]' FUGLE_ATTEMPT=2 FUGLE_INDEX=0 "
      "FUGLE_CORES=1 FUGLE_MATRIX_temp_k=300 FUGLE_OUT_h5=/data/.2-out.h5 bash -c './sim > /data/.2-out.h5'");
}

Attempt failed_attempt() {
  Attempt attempt;
  attempt.element = ElementId(0);
  attempt.number = 3;
  attempt.state = AttemptState::failed;
  attempt.cls = FailureClass::timeout;
  attempt.worker = WorkerId(4);
  attempt.start = from_ns(0);
  attempt.end = from_ns(90'000'000'000);
  return attempt;
}

TEST(FailureBlock, says_all_about_a_failure) {
  const graph::Graph graph = one_element("./sim");
  const Failure failure = describe_failure(graph, failed_attempt(), "node4", "step 1\nstep 2\n", "");
  EXPECT_EQ(
      failure_block(failure, {"demo-1", "demo", "demo.yaml"}, BlockSize::brief),
      "FAILED sim[300] (task sim, attempt 3 of 3) on node4, worker 4, after 1m30s\n"
      "  why      timeout\n"
      "  command  bash -c './sim /data/.3-out.h5'\n"
      "  script   demo.yaml, task 'sim'\n"
      "  output   (last lines)\n"
      "    | step 1\n"
      "    | step 2\n"
      "  by hand  cd '/data/my runs' && env 'MODE=fast one' FUGLE_TASK=sim 'FUGLE_ELEMENT=sim[300]' "
      "FUGLE_ATTEMPT=3 FUGLE_INDEX=0 FUGLE_CORES=1 FUGLE_MATRIX_temp_k=300 FUGLE_OUT_h5=/data/.3-out.h5 bash -c './sim "
      "/data/.3-out.h5'\n"
      "  log      fugle logs demo-1 'sim[300]'\n"
      "  again    fugle resume demo-1\n");
}

TEST(FailureBlock, shortens_a_long_script_only_when_brief) {
  std::string script;
  for (int i = 0; i < 300; ++i) script += "echo line " + std::to_string(i) + "\n";
  const graph::Graph graph = one_element(script);
  const Failure failure = describe_failure(graph, failed_attempt(), "node4", "", "");
  const RunNames names{"demo-1", "demo", ""};
  const std::string brief = failure_block(failure, names, BlockSize::brief);
  EXPECT_EQ(brief.find("echo line 200"), std::string::npos);
  EXPECT_NE(brief.find("more lines\n"), std::string::npos);
  EXPECT_NE(brief.find("see: fugle why demo-1 'sim[300]'\n"), std::string::npos);
  EXPECT_NE(brief.find("  output   none\n"), std::string::npos);
  EXPECT_NE(failure_block(failure, names, BlockSize::whole).find("echo line 299"), std::string::npos);
}

}  // namespace
}  // namespace fugle::report
