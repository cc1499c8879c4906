// What is known only while a run goes on: conditions, lists, values, handlers. No run goes on here: a table says how
// elements came out, and the graph is grown by hand.
#include "workflow/run_time.hpp"

#include <gtest/gtest.h>

#include <map>

#include "expanded.hpp"
#include "scheduler/answers.hpp"

namespace fugle::workflow {
namespace {

using graph::TaskKind;

class FakeRun final : public Knowledge {
 public:
  explicit FakeRun(const std::string& tasks) {
    const Expanded expanded = expand_text(tasks);
    EXPECT_TRUE(expanded.graph) << expanded.messages;
    if (expanded.graph) graph_ = *expanded.graph;
    text_ = tasks;
    begin_life();
  }

  /// As a resume does: all is made anew from the file, the graph and what was said.
  void begin_life() {
    Diagnostics diagnostics("w.yaml");
    auto workflow = read_workflow("version: 1\nname: w\n" + text_, diagnostics);
    ExpandOptions options;
    options.directory = "/work";
    workflow->file = "w.yaml";
    run_time_ = std::make_unique<RunTime>(*std::move(workflow), options, *this);
  }

  void ends(std::string_view id, const std::string& state, int exit_code = 0) {
    states_[find(id)] = state;
    exit_codes_[find(id)] = exit_code;
  }
  void gives(std::string_view id, std::uint32_t output, const std::string& text) {
    values_[{find(id), output}] = text;
    ends(id, "OK");
  }

  /// Space-separated ids of the new elements, or why there are none.
  std::string expand(std::string_view id) {
    const ElementId expansion = expansion_of(id);
    auto answer = run_time_->expand(expansion);
    if (const auto* refusal = std::get_if<RunTime::Refusal>(&answer)) return in_words(*refusal);
    auto& growth = std::get<graph::Growth>(answer);
    EXPECT_EQ(graph_.find_flaw(expansion, growth), "");
    const std::uint32_t first = graph_.num_elements();
    graph_.grow(expansion, std::move(growth));
    std::string ids;
    for (std::uint32_t e = first; e < graph_.num_elements(); ++e)
      if (!graph_.is_gate(ElementId(e))) ids += (ids.empty() ? "" : " ") + std::string(graph_.id(ElementId(e)));
    return ids;
  }
  /// The command of an element that runs, or why it does not.
  std::string decide(std::string_view id) {
    const ElementId element = find(id);
    auto answer = run_time_->decide(element);
    if (const auto* refusal = std::get_if<RunTime::Refusal>(&answer)) return in_words(*refusal);
    const auto& packed = std::get<std::string>(answer);
    decided_ = packed.empty() ? graph_.text(element) : graph::unpack(graph_.task_of(element), packed);
    return decided_.command.back();
  }
  /// Of what was decided last.
  std::string variable(std::string_view id, std::string_view name) const {
    const graph::Task& task = graph_.task_of(find(id));
    const auto found = std::ranges::find(task.env_names, name);
    return found == task.env_names.end() ? "none"
                                         : decided_.env[static_cast<std::size_t>(found - task.env_names.begin())];
  }
  const graph::ElementText& decided() const { return decided_; }

  ElementId find(std::string_view id) const {
    const ElementId found = graph_.find(id);
    EXPECT_TRUE(found.is_valid()) << id;
    return found;
  }
  ElementId expansion_of(std::string_view task) const {
    for (std::uint32_t e = 0; e < graph_.num_elements(); ++e)
      if (graph_.task_of(ElementId(e)).kind == TaskKind::expansion && graph_.id(ElementId(e)) == task) return ElementId(e);
    ADD_FAILURE() << task;
    return {};
  }
  std::string needs(std::string_view id) const {
    std::string all;
    for (const ElementId need : graph_.real_needs(find(id)))
      all += (all.empty() ? "" : " ") + std::string(graph_.id(need));
    return all;
  }
  const graph::Graph& graph() const override { return graph_; }

 private:
  static std::string in_words(const RunTime::Refusal& refusal) {
    return (refusal.is_wrong ? "wrong: " : "skipped: ") + refusal.reason;
  }
  std::string_view state(ElementId element) const override {
    const auto known = states_.find(element);
    return known == states_.end() ? "WAITING" : std::string_view(known->second);
  }
  std::optional<int> exit_code(ElementId element) const override {
    const auto known = exit_codes_.find(element);
    return known == exit_codes_.end() ? std::nullopt : std::optional(known->second);
  }
  std::string_view failure_class(ElementId) const override { return "error"; }
  const std::string* given(ElementId element, std::uint32_t output) const override {
    const auto known = values_.find({element, output});
    return known == values_.end() ? nullptr : &known->second;
  }

  std::string text_;
  graph::Graph graph_;
  std::map<ElementId, std::string> states_;
  std::map<ElementId, int> exit_codes_;
  std::map<std::pair<ElementId, std::uint32_t>, std::string> values_;
  graph::ElementText decided_;
  std::unique_ptr<RunTime> run_time_;
};

constexpr const char* kSplit =
    "tasks:\n"
    "  split: {run: x, outputs: {parts: {type: list}}}\n"
    "  work: {foreach: '${{ tasks.split.outputs.parts }}', outputs: {o: 'o/${{ item }}'}, run: 'w ${{ item }}'}\n"
    "  merge: {inputs: {all: '${{ tasks.work.outputs.o }}'}, run: 'm ${{ inputs.all }}'}\n";

TEST(RunTime, makes_the_elements_of_a_list_and_gives_all_of_them_to_what_needs_the_task) {
  FakeRun run(kSplit);
  EXPECT_EQ(run.needs("work"), "split");
  EXPECT_EQ(run.needs("merge"), "work");
  run.gives("split", 0, "a\nb\nc\n");
  EXPECT_EQ(run.expand("work"), "work[a] work[b] work[c]");
  EXPECT_EQ(run.graph().text(run.find("work[b]")).command.back(), "w b");
  EXPECT_EQ(run.needs("work[b]"), "split");
  EXPECT_EQ(run.needs("merge"), "split work[a] work[b] work[c]");
  for (const char* id : {"work[a]", "work[b]", "work[c]"}) run.ends(id, "OK");
  EXPECT_EQ(run.decide("merge"), "m o/a o/b o/c");
  EXPECT_EQ(run.decided().inputs[0], "/work/o/a\n/work/o/b\n/work/o/c");
}

TEST(RunTime, leaves_what_is_not_good_out_of_lists) {
  FakeRun run(kSplit);
  run.gives("split", 0, "a\nb");
  (void)run.expand("work");
  run.ends("work[a]", "FAILED", 1);
  run.ends("work[b]", "OK");
  EXPECT_EQ(run.decide("merge"), "m o/b");
}

TEST(RunTime, says_why_a_list_gives_no_elements) {
  FakeRun empty(kSplit);
  empty.gives("split", 0, "\n");
  EXPECT_EQ(empty.expand("work"), "skipped: list is empty");
  FakeRun twice(kSplit);
  twice.gives("split", 0, "a\na");
  EXPECT_EQ(twice.expand("work"), "wrong: E207: element 'work[a]' appears twice (line 5)");
  FakeRun unsafe(kSplit);
  unsafe.gives("split", 0, "good\na b");
  EXPECT_EQ(unsafe.expand("work"),
            "wrong: E405: item holds a blank ('a b'); write ${{ q(item) }} (line 5); item 2, 'a b'");
}

TEST(RunTime, expands_to_any_depth_and_joins_the_lists_of_several_elements) {
  FakeRun run(
      "tasks:\n"
      "  a: {run: x, outputs: {l: {type: list}}}\n"
      "  b: {foreach: '${{ tasks.a.outputs.l }}', run: x, outputs: {l: {type: list}}}\n"
      "  c: {foreach: '${{ tasks.b.outputs.l }}', run: x, outputs: {l: {type: list}}}\n"
      "  d: {foreach: '${{ tasks.c.outputs.l }}', run: 'd ${{ item }}'}\n");
  run.gives("a", 0, "p\nq");
  EXPECT_EQ(run.expand("b"), "b[p] b[q]");
  run.gives("b[p]", 0, "p1\np2");
  run.gives("b[q]", 0, "q1");
  EXPECT_EQ(run.expand("c"), "c[p1] c[p2] c[q1]");
  for (const char* id : {"c[p1]", "c[p2]", "c[q1]"}) run.gives(id, 0, std::string("x") + id[2] + id[3]);
  EXPECT_EQ(run.expand("d"), "d[xp1] d[xp2] d[xq1]");
}

TEST(RunTime, knows_in_a_later_life_what_was_expanded_before) {
  FakeRun run(kSplit);
  run.gives("split", 0, "a\nb");
  (void)run.expand("work");
  run.begin_life();
  run.ends("work[a]", "OK");
  run.ends("work[b]", "OK");
  EXPECT_EQ(run.decide("merge"), "m o/a o/b");
  run.gives("split", 0, "b\nz");  // it ran again, and says something else: the elements are those of the graph
  run.begin_life();
  EXPECT_EQ(run.decide("merge"), "m o/a o/b");
}

TEST(RunTime, matches_each_element_with_its_own) {
  const std::string tasks =
      "tasks:\n"
      "  s: {run: x, outputs: {l: {type: list}, m: {type: list}}}\n"
      "  a: {foreach: '${{ tasks.s.outputs.l }}', run: x, outputs: {o: 'a-${{ item }}'}}\n"
      "  b:\n"
      "    needs: {a: each}\n"
      "    foreach: '${{ tasks.s.outputs.m }}'\n"
      "    inputs: {i: '${{ tasks.a.outputs.o }}'}\n"
      "    run: 'b ${{ inputs.i }}'\n";
  FakeRun run(tasks);
  run.gives("s", 0, "1\n2\n3");
  run.gives("s", 1, "3\n1\n2");
  (void)run.expand("a");
  EXPECT_EQ(run.expand("b"), "b[3] b[1] b[2]");
  EXPECT_EQ(run.needs("b[3]"), "s a[3]");
  EXPECT_EQ(run.graph().text(run.find("b[1]")).command.back(), "b a-1");
  FakeRun other(tasks);
  other.gives("s", 0, "1\n2");
  other.gives("s", 1, "1\n2\n3");
  (void)other.expand("a");
  EXPECT_EQ(other.expand("b"), "wrong: E208: 'each' needs equal elements: 'b' has 3, 'a' has 2 (line 7)");
}

constexpr const char* kTwoLists =
    "tasks:\n"
    "  s: {run: x, outputs: {l: {type: list}, m: {type: list}}}\n"
    "  c: {run: x, outputs: {o: out/c}}\n"
    "  a: {foreach: '${{ tasks.s.outputs.l }}', outputs: {o: 'out/${{ item }}'}, run: x}\n"
    "  b: {foreach: '${{ tasks.s.outputs.m }}', outputs: {o: 'out/${{ item }}'}, run: x}\n";

TEST(RunTime, refuses_elements_that_write_what_another_one_writes) {
  FakeRun run(kTwoLists);
  run.gives("s", 0, "p\nq");
  run.gives("s", 1, "r\nq");
  EXPECT_EQ(run.expand("a"), "a[p] a[q]");
  EXPECT_EQ(run.expand("b"), "wrong: E203: '/work/out/q' is written by 'a[q]' and by 'b[q]' (line 7)");
  run.begin_life();
  EXPECT_EQ(run.expand("b"), "wrong: E203: '/work/out/q' is written by 'a[q]' and by 'b[q]' (line 7)");
  FakeRun frozen(kTwoLists);
  frozen.gives("s", 0, "p\nc");
  EXPECT_EQ(frozen.expand("a"), "wrong: E203: '/work/out/c' is written by 'c' and by 'a[c]' (line 6)");
}

TEST(RunTime, refuses_what_is_found_to_write_what_another_one_writes) {
  FakeRun run(
      "tasks:\n"
      "  t: {run: x, outputs: {v: {type: value}, w: {type: value}}}\n"
      "  a: {run: x, outputs: {o: 'out-${{ tasks.t.outputs.v }}'}}\n"
      "  b: {run: 'b', outputs: {o: 'out-${{ tasks.t.outputs.w }}'}}\n");
  run.gives("t", 0, "same");
  run.gives("t", 1, "same");
  EXPECT_EQ(run.decide("a"), "x");
  EXPECT_EQ(run.decide("a"), "x");
  const std::string clash = "wrong: E203: '/work/out-same' is written by 'a' and by 'b' (line 6)";
  EXPECT_EQ(run.decide("b"), clash);
  run.begin_life();
  EXPECT_EQ(run.decide("b"), "b") << "the other one has written nothing yet, and is refused instead";
  run.ends("a", "OK");
  run.begin_life();
  EXPECT_EQ(run.decide("b"), clash);
}

TEST(RunTime, who_reads_what_another_element_writes_waits_for_it) {
  FakeRun run(
      "tasks:\n"
      "  s: {run: x, outputs: {l: {type: list}}}\n"
      "  prepare: {matrix: {n: [1, 2]}, outputs: {o: 'in/${{ matrix.n }}'}, run: x}\n"
      "  perhaps: {when: env.HOME == 'x', outputs: {o: in/3}, run: x}\n"
      "  work: {foreach: '${{ tasks.s.outputs.l }}', inputs: {i: 'in/${{ item }}'}, run: x}\n");
  run.gives("s", 0, "1\n3\n4");
  EXPECT_EQ(run.expand("work"), "work[1] work[3] work[4]");
  EXPECT_EQ(run.needs("work[1]"), "s prepare[1]");
  EXPECT_EQ(run.needs("work[3]"), "s perhaps");
  EXPECT_EQ(run.needs("work[4]"), "s");
}

TEST(RunTime, refuses_elements_that_read_what_waits_for_them) {
  FakeRun run(
      "tasks:\n"
      "  s: {run: x, outputs: {l: {type: list}}}\n"
      "  work: {foreach: '${{ tasks.s.outputs.l }}', inputs: {i: 'in/${{ item }}'}, run: x}\n"
      "  after: {needs: [work], outputs: {o: in/1}, run: x}\n");
  run.gives("s", 0, "1");
  EXPECT_EQ(run.expand("work"), "wrong: E201: cycle: elements of 'work' read files of others that wait for them (line 5)");
}

TEST(RunTime, makes_what_surrounds_a_command_when_it_is_known) {
  FakeRun run(
      "tasks:\n"
      "  t: {run: x, outputs: {v: {type: value}}}\n"
      "  u: {setup: 'load ${{ tasks.t.outputs.v }}', container: 'i-${{ tasks.t.outputs.v }}.sif', run: x}\n"
      "  w: {log: 'log-${{ tasks.t.outputs.v }}', run: x}\n");
  run.gives("t", 0, "3");
  EXPECT_EQ(run.decide("u"), "x");
  EXPECT_EQ(run.decided().setup, "load 3");
  EXPECT_EQ(run.decided().image, "/work/i-3.sif");
  EXPECT_EQ(run.expand("w"), "w");
  EXPECT_EQ(run.decide("w"), "x");
  EXPECT_EQ(run.decided().log, "/work/log-3");
}

TEST(RunTime, decides_when_by_values_states_and_exit_codes) {
  FakeRun run(
      "tasks:\n"
      "  t: {run: x, outputs: {v: {type: value}}}\n"
      "  yes: {when: tasks.t.outputs.v < 5, run: 'y ${{ tasks.t.outputs.v }}'}\n"
      "  no: {when: tasks.t.outputs.v >= 5, run: x}\n"
      "  after: {needs: {t: done}, when: \"tasks.t.status == 'FAILED' && tasks.t.exit_code == 3\", run: 'after'}\n"
      "  wrong: {when: tasks.t.outputs.v, run: x}\n");
  run.gives("t", 0, "2");
  EXPECT_EQ(run.decide("yes"), "y 2");
  EXPECT_EQ(run.decide("no"), "skipped: tasks.t.outputs.v >= 5 is false");
  EXPECT_EQ(run.decide("wrong"), "wrong: E403: 'when' must be true or false, got int 2 (line 8)");
  EXPECT_EQ(run.decide("after"), "skipped: tasks.t.status == 'FAILED' && tasks.t.exit_code == 3 is false");
  run.begin_life();
  run.ends("t", "FAILED", 3);
  EXPECT_EQ(run.decide("after"), "after");
}

TEST(RunTime, quotes_nothing_by_itself) {
  FakeRun run(
      "tasks:\n"
      "  t: {run: x, outputs: {v: {type: value}}}\n"
      "  bare: {run: 'echo ${{ tasks.t.outputs.v }}'}\n"
      "  quoted: {run: 'echo ${{ q(tasks.t.outputs.v) }}'}\n"
      "  list: {run: [echo, '${{ tasks.t.outputs.v }}']}\n");
  run.gives("t", 0, "a; rm -rf /");
  EXPECT_EQ(run.decide("bare"),
            "wrong: E405: tasks.t.outputs.v holds ';' ('a; rm -rf /'); write ${{ q(tasks.t.outputs.v) }} (line 5)");
  EXPECT_EQ(run.decide("quoted"), "echo 'a; rm -rf /'");
  EXPECT_EQ(run.decide("list"), "a; rm -rf /");
}

TEST(RunTime, paths_may_hold_what_others_gave) {
  FakeRun run(
      "tasks:\n"
      "  t: {run: x, outputs: {v: {type: value}}}\n"
      "  u: {inputs: {i: 'in-${{ tasks.t.outputs.v }}'}, outputs: {o: 'out-${{ tasks.t.outputs.v }}'}, run: '${{ inputs.i }}'}\n"
      "  w: {inputs: {all: '${{ tasks.u.outputs.o }}'}, env: {V: '${{ tasks.t.outputs.v }}'}, run: '${{ inputs.all }}'}\n");
  EXPECT_EQ(run.needs("u"), "t");
  run.gives("t", 0, "3");
  EXPECT_EQ(run.decide("u"), "in-3");
  EXPECT_EQ(run.decided().outputs[0], "/work/out-3");
  run.ends("u", "OK");
  EXPECT_EQ(run.decide("w"), "out-3");
  EXPECT_EQ(run.variable("w", "V"), "3");
}

TEST(RunTime, default_has_something_for_what_was_skipped) {
  FakeRun run(
      "tasks:\n"
      "  t: {when: false, run: x, outputs: {v: {type: value}, f: out.txt}}\n"
      "  u: {run: ['${{ default(tasks.t.outputs.v, 7) }} ${{ default(tasks.t.outputs.f, 0) }}']}\n");
  run.ends("t", "SKIPPED");
  EXPECT_EQ(run.decide("u"), "7 0");
  run.gives("t", 0, "3");
  EXPECT_EQ(run.decide("u"), "3 out.txt");
}

TEST(RunTime, reads_documents_and_items_that_are_maps) {
  FakeRun run(
      "tasks:\n"
      "  t: {run: x, outputs: {j: {type: json}}}\n"
      "  one: {run: ['${{ tasks.t.outputs.j.grid.dx }}']}\n"
      "  many: {foreach: '${{ tasks.t.outputs.j.runs }}', run: ['${{ item.name }}-${{ item.n + 1 }}']}\n");
  run.gives("t", 0, R"({"grid": {"dx": 0.5}, "runs": [{"id": "r1", "name": "x", "n": 1}, {"id": "r2", "name": "y", "n": 2}]})");
  EXPECT_EQ(run.decide("one"), "0.5");
  EXPECT_EQ(run.expand("many"), "many[r1] many[r2]");
  EXPECT_EQ(run.graph().text(run.find("many[r2]")).command.back(), "y-3");
}

TEST(RunTime, a_handler_runs_when_its_task_has_failed_and_is_told_how) {
  FakeRun run(
      "tasks:\n"
      "  a: {run: x, on_failure: {policy: ignore, run: h}}\n"
      "  b: {matrix: {x: [1, 2, 3]}, tolerate: 1, run: x, on_failure: {run: h}}\n"
      "  h: {run: 'h'}\n");
  run.ends("a", "FAILED", 9);
  for (const char* id : {"b[1]", "b[2]", "b[3]"}) run.ends(id, "OK");
  run.ends("b[2]", "FAILED", 4);
  EXPECT_EQ(run.decide("h[a]"), "h");
  EXPECT_EQ(run.variable("h[a]", "FUGLE_FAILED_TASK"), "a");
  EXPECT_EQ(run.variable("h[a]", "FUGLE_FAILED_CLASS"), "error");
  EXPECT_EQ(run.variable("h[a]", "FUGLE_FAILED_EXIT"), "9");
  EXPECT_EQ(run.decide("h[b]"), "skipped: no failure");
  run.ends("b[3]", "FAILED", 5);
  EXPECT_EQ(run.decide("h[b]"), "h");
  EXPECT_EQ(run.variable("h[b]", "FUGLE_FAILED_EXIT"), "4");
}

/// The kinds of the gates that an element needs.
std::string gates_before(const Expanded& expanded, std::string_view id) {
  static const std::map<TaskKind, std::string> kNames{
      {TaskKind::gate, "ok"},       {TaskKind::end_gate, "done"},      {TaskKind::use_gate, "use"},
      {TaskKind::fail_gate, "failed"}, {TaskKind::start_gate, "started"}, {TaskKind::any_gate, "any"}};
  std::string kinds;
  for (const std::uint32_t need : expanded.graph->needs(expanded.find(id))) {
    const TaskKind kind = expanded.graph->task_of(ElementId(need)).kind;
    if (graph::is_gate(kind)) kinds += (kinds.empty() ? "" : " ") + kNames.at(kind);
  }
  return kinds;
}

TEST(Expand, has_a_gate_for_each_condition) {
  const Expanded w = expand_text(
      "tasks:\n"
      "  a: {run: x}\n"
      "  b: {run: x, when: env.HOME == 'x', outputs: {o: b.txt}}\n"
      "  ok: {needs: [a], run: x}\n"
      "  done: {needs: {a: done}, run: x}\n"
      "  failed: {needs: {a: {is: failed}}, run: x}\n"
      "  started: {needs: {a: started}, run: x}\n"
      "  uses: {inputs: {i: '${{ tasks.b.outputs.o }}'}, run: x}\n"
      "  by_path: {inputs: {i: b.txt}, run: x}\n"
      "  soft: {run: ['${{ default(tasks.b.outputs.o, 1) }}']}\n"
      "  any: {needs: [a, b], join: any, run: x}\n");
  ASSERT_EQ(w.messages, "");
  EXPECT_EQ(gates_before(w, "ok"), "");
  EXPECT_EQ(gates_before(w, "done"), "done");
  EXPECT_EQ(gates_before(w, "failed"), "failed");
  EXPECT_EQ(gates_before(w, "started"), "started");
  EXPECT_EQ(gates_before(w, "uses"), "use");
  EXPECT_EQ(gates_before(w, "by_path"), "use");
  EXPECT_EQ(gates_before(w, "soft"), "");
  EXPECT_EQ(gates_before(w, "any"), "any");
  EXPECT_EQ(w.needs("any"), "a b");
}

TEST(Expand, tells_what_is_wrong_with_conditions_and_handlers) {
  const auto message = [](const std::string& tasks) { return first_message(expand_text("tasks:\n" + tasks)); };
  EXPECT_EQ(message("  a: {when: false, run: x}\n"), "4:13: warning W02: 'when' of 'a' is always false");
  EXPECT_EQ(message("  a: {when: 3, run: x}\n"), "4:13: error E403: 'when' must be true or false, got int 3");
  EXPECT_EQ(message("  a: {join: some, run: x}\n"), "4:13: error E112: 'join' is 'some'; one of all, any");
  EXPECT_EQ(message("  a: {run: x}\n  b: {run: x, matrix: {x: '${{ tasks.a.status }}'}}\n"),
            "5:28: error E404: tasks.a.status is known only after a has run; 'matrix' must be known at start (use foreach)");
  EXPECT_EQ(message("  a: {run: x, on_failure: {run: helprr}}\n  helper: {run: x}\n"),
            "4:33: error E202: unknown task 'helprr'; did you mean 'helper'?");
  EXPECT_EQ(message("  a: {run: x, on_failure: {run: h}}\n  h: {run: x, needs: [a]}\n"),
            "5:23: error E113: 'needs' is not allowed here: 'h' is the handler of 'a', and starts when that has failed");
  EXPECT_EQ(message("  a: {run: x, outputs: {l: {type: list}}}\n"
                    "  b: {foreach: '${{ tasks.a.outputs.l }}', run: x, outputs: {o: same.txt}}\n"),
            "5:65: error E209: all elements of b write the same path; add ${{ item }}");
}

}  // namespace
}  // namespace fugle::workflow
