// The truth table of needs (FORMAT.md section 8), cell by cell: as a function, and as what RunState makes of it.
#include "scheduler/answers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/run_state.hpp"

namespace fugle::scheduler {
namespace {

using graph::TaskKind;

enum class Says : std::uint8_t { go, skip, block, cancel };

struct Cell {
  Condition condition;
  Ending ending;
  bool has_started;
  Says says;
};

constexpr Says G = Says::go, S = Says::skip, B = Says::block, C = Says::cancel;
constexpr std::array kEndings = {Ending::ok,      Ending::cached,  Ending::failed,
                                 Ending::skipped, Ending::blocked, Ending::cancelled};

/// Written down from FORMAT.md, not from the code. `each` is `ok` of one element; `uses` is `ok` with its bracket.
const std::vector<Cell> kCells = [] {
  std::vector<Cell> cells;
  const auto row = [&](Condition condition, bool has_started, std::array<Says, 6> says) {
    for (std::size_t i = 0; i < says.size(); ++i) cells.push_back({condition, kEndings[i], has_started, says[i]});
  };
  //                                   OK CACHED FAILED SKIPPED BLOCKED CANCELLED
  row(Condition::ok, false, {G, G, B, G, B, C});
  row(Condition::uses, false, {G, G, B, S, B, C});
  row(Condition::failed, false, {S, S, G, S, S, S});
  row(Condition::done, false, {G, G, G, G, G, G});
  row(Condition::started, false, {G, G, B, S, B, C});
  row(Condition::started, true, {G, G, G, S, B, G});
  return cells;
}();

std::string name_of(const Cell& cell) {
  constexpr std::array kConditions = {"ok", "uses", "failed", "done", "started"};
  constexpr std::array kNames = {"OK", "CACHED", "FAILED", "SKIPPED", "BLOCKED", "CANCELLED"};
  return std::string(kConditions[static_cast<std::size_t>(cell.condition)]) + "_" +
         kNames[static_cast<std::size_t>(cell.ending)] + (cell.has_started ? "_after_a_start" : "");
}

class AnswerCell : public testing::TestWithParam<Cell> {};
INSTANTIATE_TEST_SUITE_P(Table, AnswerCell, testing::ValuesIn(kCells),
                         [](const auto& parameter) { return name_of(parameter.param); });

TEST_P(AnswerCell, is_that_of_the_table) {
  constexpr std::array kAnswers = {Answer::go, Answer::skipped, Answer::blocked, Answer::cancelled};
  const Cell& cell = GetParam();
  EXPECT_EQ(answer_of(cell.condition, cell.ending, cell.has_started), kAnswers[static_cast<std::size_t>(cell.says)]);
}

/// Of the table in NEEDS.md: rows, and the cells in each.
std::vector<std::vector<std::string>> rows_of_the_document() {
  std::ifstream in(FUGLE_SOURCE_DIR "/src/scheduler/NEEDS.md");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string>& cells = rows.emplace_back();
    for (std::size_t at = line.find('|', 1); at + 1 < line.size();) {
      const std::size_t end = line.find('|', at + 1);
      cells.push_back(line.substr(at + 2, end - at - 3));
      at = end;
    }
  }
  return rows;
}

TEST(AnswerTable, document_says_the_same) {
  const std::vector<std::pair<Condition, bool>> conditions = {
      {Condition::ok, false},   {Condition::uses, false},    {Condition::failed, false},
      {Condition::done, false}, {Condition::started, false}, {Condition::started, true}};
  const auto rows = rows_of_the_document();
  ASSERT_EQ(rows.size(), conditions.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    ASSERT_EQ(rows[r].size(), kEndings.size());
    for (std::size_t c = 0; c < kEndings.size(); ++c) {
      constexpr std::array kWords = {"go", "SKIPPED", "BLOCKED", "CANCELLED"};
      const Answer answer = answer_of(conditions[r].first, kEndings[c], conditions[r].second);
      EXPECT_EQ(rows[r][c], kWords[static_cast<std::size_t>(answer)]) << "row " << r << ", column " << c;
    }
  }
}

TaskKind gate_of(Condition condition) {
  switch (condition) {
    case Condition::ok: return TaskKind::gate;
    case Condition::uses: return TaskKind::use_gate;
    case Condition::failed: return TaskKind::fail_gate;
    case Condition::done: return TaskKind::end_gate;
    case Condition::started: return TaskKind::start_gate;
  }
  return TaskKind::gate;
}

/// "root" before "above"; "below" behind a gate over "above".
graph::Graph graph_with(TaskKind kind) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.workdir = "/";
  const auto add = [&](const char* name) {
    task.name = name;
    return builder.add_element(builder.add_task(task), name, {});
  };
  const ElementId root = add("root"), above = add("above"), below = add("below");
  builder.add_edge(root, above);
  const std::array from{above}, to{below};
  builder.add_edges_through(kind, from, to);
  return graph::Graph(std::move(builder).build());
}

/// Makes things happen in a run, and looks at the whole state each time.
class Answers : public testing::Test {
 protected:
  void happen(RunState& run, EventKind kind, std::uint32_t element, FailureClass cls = FailureClass::none) {
    Event event = event_of(kind, Time{});
    event.element = ElementId(element);
    event.cls = cls;
    const bool is_attempt = kind == EventKind::attempt_started || kind == EventKind::attempt_ended;
    if (is_attempt)
      event.attempt =
          static_cast<std::uint16_t>(run.attempt(event.element) + (is_live(run.state(event.element)) ? 0 : 1));
    Effects effects;
    apply(run, event, effects);
    run.check_invariants();
  }

  /// Lets "above" end so. False: nothing in a run ends so.
  bool end_above(RunState& run, Ending ending, bool has_started) {
    constexpr std::uint32_t kRoot = 0, kAbove = 1;
    if (ending == Ending::cached) return false;  // not built yet
    if (ending == Ending::blocked) {
      if (has_started) return false;
      happen(run, EventKind::attempt_ended, kRoot, FailureClass::error);
      return true;
    }
    happen(run, EventKind::attempt_ended, kRoot);
    if (ending == Ending::skipped) {
      if (has_started) return false;
      happen(run, EventKind::element_skipped, kAbove);
    } else if (has_started || ending == Ending::ok) {
      happen(run, EventKind::attempt_started, kAbove);
      const FailureClass cls = ending == Ending::ok       ? FailureClass::none
                               : ending == Ending::failed ? FailureClass::error
                                                          : FailureClass::cancelled;
      happen(run, EventKind::attempt_ended, kAbove, cls);
    } else {
      happen(run, ending == Ending::failed ? EventKind::element_refused : EventKind::cancel_element, kAbove);
    }
    return true;
  }
};

class CellOfARun : public Answers, public testing::WithParamInterface<Cell> {};
INSTANTIATE_TEST_SUITE_P(Table, CellOfARun, testing::ValuesIn(kCells),
                         [](const auto& parameter) { return name_of(parameter.param); });

TEST_P(CellOfARun, is_what_becomes_of_the_element_below) {
  constexpr std::array kStates = {State::ready, State::skipped, State::blocked, State::cancelled};
  const Cell& cell = GetParam();
  const graph::Graph graph = graph_with(gate_of(cell.condition));
  RunState run(graph, 1);
  if (!end_above(run, cell.ending, cell.has_started)) return;
  EXPECT_EQ(run.state(ElementId(2)), kStates[static_cast<std::size_t>(cell.says)]);
}

TEST_F(Answers, starts_what_waits_for_a_start_at_the_first_one) {
  const graph::Graph graph = graph_with(TaskKind::start_gate);
  RunState run(graph, 1);
  happen(run, EventKind::attempt_ended, 0);
  EXPECT_EQ(run.state(ElementId(2)), State::waiting);
  happen(run, EventKind::attempt_started, 1);
  EXPECT_EQ(run.state(ElementId(2)), State::ready);
  happen(run, EventKind::attempt_ended, 1);
  EXPECT_EQ(run.state(ElementId(2)), State::ready);
}

/// Elements 0 .. n-1 without needs, an any gate over gates of these kinds over one of each, "below" behind it.
graph::Graph graph_of_any(const std::vector<TaskKind>& kinds) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.workdir = "/";
  std::vector<ElementId> above, gates;
  for (std::size_t i = 0; i <= kinds.size(); ++i) {
    task.name = "t" + std::to_string(i);
    above.push_back(builder.add_element(builder.add_task(task), task.name, {}));
  }
  const std::array below{above.back()};
  for (std::size_t i = 0; i < kinds.size(); ++i) gates.push_back(builder.gate_over(kinds[i], std::array{above[i]}));
  builder.add_edges_through(TaskKind::any_gate, gates, below);
  return graph::Graph(std::move(builder).build());
}

TEST_F(Answers, opens_an_any_gate_at_the_first_go) {
  const graph::Graph graph = graph_of_any({TaskKind::fail_gate, TaskKind::fail_gate, TaskKind::gate});
  RunState run(graph, 1);
  happen(run, EventKind::attempt_ended, 0);
  EXPECT_EQ(run.state(ElementId(3)), State::waiting) << "it did not fail";
  happen(run, EventKind::attempt_ended, 1, FailureClass::error);
  EXPECT_EQ(run.state(ElementId(3)), State::ready);
  happen(run, EventKind::attempt_ended, 2, FailureClass::error);
  EXPECT_EQ(run.state(ElementId(3)), State::ready);
}

TEST_F(Answers, gives_the_strongest_answer_of_an_any_gate_that_nobody_opens) {
  const graph::Graph graph = graph_of_any({TaskKind::fail_gate, TaskKind::gate});
  RunState run(graph, 1);
  happen(run, EventKind::attempt_ended, 1, FailureClass::error);
  EXPECT_EQ(run.state(ElementId(2)), State::waiting);
  happen(run, EventKind::attempt_ended, 0);
  EXPECT_EQ(run.state(ElementId(2)), State::blocked);
}

TEST_F(Answers, decides_anew_when_a_person_resumes_but_not_what_its_own_when_has_skipped) {
  const graph::Graph graph = graph_of_any({TaskKind::fail_gate});
  RunState run(graph, 1);
  happen(run, EventKind::run_started, 0);
  happen(run, EventKind::attempt_ended, 0);
  EXPECT_EQ(run.state(ElementId(1)), State::skipped);
  happen(run, EventKind::retry_all, 0);
  EXPECT_EQ(run.state(ElementId(1)), State::skipped) << "the answer is the same";

  RunState other(graph, 1);
  happen(other, EventKind::attempt_ended, 0, FailureClass::error);
  happen(other, EventKind::element_skipped, 1);
  happen(other, EventKind::retry_all, 0);
  EXPECT_EQ(other.state(ElementId(0)), State::ready);
  EXPECT_EQ(other.state(ElementId(1)), State::skipped) << "decided once";

  RunState third(graph, 1);
  happen(third, EventKind::attempt_ended, 0, FailureClass::error);
  EXPECT_EQ(third.state(ElementId(1)), State::ready);
  happen(third, EventKind::retry_all, 0);
  EXPECT_EQ(third.state(ElementId(1)), State::waiting) << "it may not fail this time";
  happen(third, EventKind::attempt_ended, 0);
  EXPECT_EQ(third.state(ElementId(1)), State::skipped);
}

TEST_F(Answers, takes_a_failure_that_is_ignored_for_none) {
  graph::GraphBuilder builder;
  graph::Task task;
  task.workdir = "/";
  task.on_failure = graph::OnFailure::ignore;
  const ElementId above = builder.add_element(builder.add_task(task), "a", {});
  const ElementId below = builder.add_element(builder.add_task(task), "b", {});
  builder.add_edges_through(TaskKind::fail_gate, std::array{above}, std::array{below});
  const graph::Graph graph(std::move(builder).build());
  RunState run(graph, 1);
  happen(run, EventKind::attempt_ended, 0, FailureClass::error);
  EXPECT_EQ(run.state(below), State::skipped);
}

}  // namespace
}  // namespace fugle::scheduler
