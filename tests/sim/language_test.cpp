// Runs of graphs that grow and in which elements are decided while they go on: all conditions of needs, both joins,
// `when`, lists that are empty or wrong, lists of lists; with lost workers, killed heads and resumes. What each element
// must have become is worked out here from FORMAT.md section 8 and the random workflow alone.
//
// FUGLE_SIM_FIRST=1000 FUGLE_SIM_SEEDS=100000 runs others than those of the suite.
#include "scheduler/language.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/text.hpp"
#include "sim/clusters.hpp"
#include "sim/world.hpp"
#include "tokens.hpp"

namespace fugle::sim {
namespace {

using namespace std::chrono_literals;
using graph::Growth;
using graph::TaskKind;
using scheduler::Declined;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::FailureClass;
using scheduler::RunState;
using scheduler::State;

constexpr Time kLimit = Time{} + 24h;

enum class Word : std::uint8_t { ok, uses, failed, done, started };

struct Need {
  std::size_t task;
  Word word;
};

struct Step {
  std::string name;
  bool is_open = false;
  std::uint32_t num = 1;  ///< elements
  bool list_is_wrong = false;
  bool has_when = false;
  bool ignores_failures = false;
  bool is_any = false;  ///< join
  std::vector<Need> needs;
};

/// What a run is of, before it is a graph.
struct Workflow {
  std::uint64_t seed;
  std::vector<Step> steps;

  explicit Workflow(std::uint64_t number) : seed(number) {
    Random random(seed);
    const std::size_t num = 2 + random.below(7);
    for (std::size_t i = 0; i < num; ++i) {
      Step& step = steps.emplace_back();
      step.name = "t" + std::to_string(i);
      step.is_open = random.chance(0.4);
      step.num = static_cast<std::uint32_t>(step.is_open ? random.below(5) : 1 + random.below(4));
      step.list_is_wrong = step.is_open && random.chance(0.1);
      step.has_when = random.chance(0.3);
      step.ignores_failures = random.chance(0.1);
      step.is_any = random.chance(0.3);
      for (std::size_t above = 0; above < i; ++above)
        if (random.chance(2.0 / static_cast<double>(i))) step.needs.push_back({above, word_of(random)});
    }
  }
  static Word word_of(Random& random) { return random.chance(0.5) ? Word::ok : static_cast<Word>(random.below(5)); }

  // Of an element, by its id: the same in every life.
  [[nodiscard]] std::uint64_t luck(std::string_view id, std::uint64_t salt) const {
    return Random(hash_text(std::string(id)) ^ (seed * 31 + salt)).next() % 100;
  }
  [[nodiscard]] bool fails(std::string_view id) const { return luck(id, 1) < 20; }
  [[nodiscard]] bool is_skipped(std::string_view id) const { return luck(id, 2) < 30; }
  [[nodiscard]] bool is_wrong(std::string_view id) const { return luck(id, 3) < 10; }
};

/// For people who look at a seed.
std::string describe(const Workflow& workflow) {
  constexpr std::array kWords = {"ok", "uses", "failed", "done", "started"};
  std::string text;
  for (const Step& step : workflow.steps) {
    text += fmt::format("\n{}: {}{}{}{}{} after", step.name, step.num, step.is_open ? " open" : "",
                        step.list_is_wrong ? " wrong" : "", step.has_when ? " when" : "",
                        step.ignores_failures ? " ignore" : "");
    if (step.is_any) text += " any of";
    for (const Need& need : step.needs)
      text += fmt::format(" t{}:{}", need.task, kWords[static_cast<std::size_t>(need.word)]);
  }
  return text;
}

// ---- what must become of it

struct Fate {
  State state;
  bool has_run = false;
};
using Fates = std::map<std::string, Fate>;

/// 0 go, 1 SKIPPED, 2 BLOCKED: from weak to strong.
int answer(const Workflow& workflow, const Need& need, const std::map<std::size_t, Fates>& known) {
  const bool ignores = workflow.steps[need.task].ignores_failures;
  int strongest = 0;
  bool has_failed = false;
  for (const auto& [id, fate] : known.at(need.task)) {
    const bool failed = fate.state == State::failed && !ignores;
    has_failed = has_failed || failed;
    int one = 0;
    if (need.word == Word::started && fate.has_run)
      one = 0;
    else if (failed || fate.state == State::blocked)
      one = 2;
    else if (fate.state == State::skipped && need.word != Word::ok)
      one = 1;
    strongest = std::max(strongest, one);
  }
  if (need.word == Word::done) return 0;
  if (need.word == Word::failed) return has_failed ? 0 : 1;
  return strongest;
}

Fates fates_of(const Workflow& workflow) {
  std::map<std::size_t, Fates> known;
  Fates all;
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const Step& step = workflow.steps[i];
    int verdict = 0;
    bool is_go = step.needs.empty();
    for (const Need& need : step.needs) {
      const int one = answer(workflow, need, known);
      is_go = is_go || one == 0;
      verdict = std::max(verdict, one);
    }
    if (step.is_any && is_go) verdict = 0;
    Fates& mine = known[i];
    const auto end_all = [&](State state) {
      if (step.is_open) {
        mine[step.name] = {state};
      } else {
        for (std::uint32_t e = 0; e < step.num; ++e) mine[step.name + "[" + std::to_string(e) + "]"] = {state};
      }
    };
    if (verdict > 0) {
      end_all(verdict == 1 ? State::skipped : State::blocked);
    } else if (step.is_open && (step.list_is_wrong || step.num == 0)) {
      end_all(step.list_is_wrong ? State::failed : State::skipped);
    } else {
      for (std::uint32_t e = 0; e < step.num; ++e) {
        const std::string id = step.name + "[" + std::to_string(e) + "]";
        if (step.has_when && workflow.is_wrong(id))
          mine[id] = {State::failed};
        else if (step.has_when && workflow.is_skipped(id))
          mine[id] = {State::skipped};
        else
          mine[id] = {workflow.fails(id) ? State::failed : State::ok, true};
      }
    }
    all.insert(mine.begin(), mine.end());
  }
  return all;
}

// ---- as a graph, and a language for it

TaskKind gate_of(Word word) {
  switch (word) {
    case Word::ok: return TaskKind::gate;
    case Word::uses: return TaskKind::use_gate;
    case Word::failed: return TaskKind::fail_gate;
    case Word::done: return TaskKind::end_gate;
    case Word::started: return TaskKind::start_gate;
  }
  return TaskKind::gate;
}

graph::Graph graph_of(const Workflow& workflow) {
  graph::GraphBuilder builder;
  graph::RunLimits limits;
  limits.max_infra_retries = 200;
  Random random(workflow.seed ^ 0x70c);
  const bool has_tokens = random.chance(0.5);
  if (has_tokens) limits.pools = {{"p", 2}, {"q", 1}};
  if (has_tokens && random.chance(0.3)) limits.max_parallel = 1 + static_cast<std::uint32_t>(random.below(3));
  builder.set_limits(limits);
  std::vector<std::vector<ElementId>> elements;
  for (const Step& step : workflow.steps) {
    graph::Task task;
    task.name = step.name;
    if (has_tokens && random.chance(0.4)) task.pools = {{"p", 1 + static_cast<std::uint32_t>(random.below(2)), false}};
    if (has_tokens && random.chance(0.3)) task.pools.push_back({"q", 1, false});
    if (has_tokens && random.chance(0.3)) task.max_parallel = 1 + static_cast<std::uint32_t>(random.below(2));
    task.priority = has_tokens ? static_cast<int>(random.below(3)) : 0;
    task.workdir = "/";
    task.has_when = step.has_when;
    task.on_failure = step.ignores_failures ? graph::OnFailure::ignore : graph::OnFailure::skip_dependents;
    const TaskId id = builder.add_task(task);
    auto& mine = elements.emplace_back();
    if (step.is_open) {
      task.kind = TaskKind::expansion;
      task.expands = id.value();
      mine.push_back(builder.add_element(builder.add_task(task), step.name, {}));
    } else {
      for (std::uint32_t e = 0; e < step.num; ++e)
        mine.push_back(builder.add_element(id, step.name + "[" + std::to_string(e) + "]", {}));
    }
  }
  for (std::size_t i = 0; i < workflow.steps.size(); ++i) {
    const Step& step = workflow.steps[i];
    std::vector<ElementId> gates;
    for (const Need& need : step.needs) {
      const bool is_plain = need.word == Word::ok && !step.is_any && !workflow.steps[need.task].is_open;
      if (is_plain)
        builder.add_edges_all(elements[need.task], elements[i]);
      else
        gates.push_back(builder.gate_over(gate_of(need.word), elements[need.task]));
    }
    if (step.is_any && !gates.empty()) gates = {builder.gate_over(TaskKind::any_gate, gates)};
    for (const ElementId gate : gates)
      for (const ElementId e : elements[i]) builder.add_edge(gate, e);
  }
  return graph::Graph(std::move(builder).build());
}

class RandomLanguage final : public scheduler::Language {
 public:
  explicit RandomLanguage(const Workflow& workflow) : workflow_(workflow) {}

  std::variant<Growth, Declined> expand(ElementId element, const RunState& run) override {
    const graph::Graph& graph = run.graph();
    const graph::Task& task = graph.task_of(element);
    const auto step = std::ranges::find(workflow_.steps, task.name, &Step::name);
    if (step->list_is_wrong) return Declined{true, "no list"};
    if (step->num == 0) return Declined{false, "list is empty"};
    Growth growth;
    std::string packed;
    graph::pack(graph.task(TaskId(task.expands)), {}, packed);
    const auto needs = graph.needs(element);
    for (std::uint32_t e = 0; e < step->num; ++e)
      growth.elements.push_back({TaskId(task.expands), step->name + "[" + std::to_string(e) + "]", packed, 0,
                                 std::vector<std::uint32_t>(needs.begin(), needs.end())});
    for (const std::uint32_t s : graph.successors(element)) growth.closings.push_back({ElementId(s), 0, step->num});
    return growth;
  }

  std::variant<std::string, Declined> decide(ElementId element, const RunState& run) override {
    const std::string_view id = run.graph().id(element);
    if (workflow_.is_wrong(id)) return Declined{true, "no truth value"};
    if (workflow_.is_skipped(id)) return Declined{false, "when is false"};
    return std::string();
  }

 private:
  const Workflow& workflow_;
};

/// One run through all its lives. Returns what is not as it must be; empty: all is.
std::string run_through(std::uint64_t seed) {
  const Workflow workflow(seed);
  const graph::Graph fixed = graph_of(workflow);
  RandomLanguage language(workflow);
  Random random(seed ^ 0x5eed);
  std::vector<Event> history;
  constexpr int kMostLives = 5;
  for (int life = 0; life < kMostLives; ++life) {
    const bool is_last = life == kMostLives - 1;
    graph::Graph replayed = fixed;
    {
      RunState state(replayed, 1);
      scheduler::Effects effects;
      for (const Event& event : history) apply(state, event, effects);
    }
    graph::Graph graph = fixed;
    const auto num_workers = static_cast<std::uint32_t>(1 + random.below(4));
    WorldOptions options = cluster(num_workers, static_cast<std::uint32_t>(1 + random.below(3)));
    options.seed = random.next();
    options.language = &language;
    options.retry_failed = random.chance(0.5);
    TokenModel tokens(graph);
    options.on_end = [&](const SimAttempt& attempt, const graph::Request&) { tokens.on_end(attempt.element); };
    options.model = [&](ElementId e, std::uint16_t, Random& lengths) {
      tokens.on_start(e);
      const bool fails = workflow.fails(graph.id(e));
      return Outcome{Duration(1 + static_cast<std::int64_t>(lengths.below(20'000'000))),
                     fails ? FailureClass::error : FailureClass::none, fails ? 1 : 0};
    };
    World world(graph, random_plan(replayed, num_workers, random), options, history);
    const std::uint64_t most_steps = is_last ? ~std::uint64_t{0} : 1 + random.below(400);
    bool goes_on = true;
    for (std::uint64_t step = 0; step < most_steps && (goes_on = world.advance()); ++step) {
      world.check_invariants();
      if (is_last || num_workers == 1) continue;
      const WorkerId some(static_cast<std::uint32_t>(1 + random.below(num_workers - 1)));
      if (random.chance(0.003)) world.lose_worker(some);
      if (random.chance(0.003)) world.break_spawner(some, World::Repair::mended);
    }
    if (world.has_ended() && world.state().is_complete()) {
      std::set<std::string> seen;
      const Fates wanted = fates_of(workflow);
      for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
        const ElementId e(i);
        if (graph.is_gate(e)) continue;
        const std::string id(graph.id(e));
        if (!seen.insert(id).second) return id + " is there twice";
        const auto fate = wanted.find(id);
        if (fate == wanted.end()) return id + " should not be there";
        if (fate->second.state != world.state().state(e))
          return id + " is " + name_of(world.state().state(e)) + ", not " + name_of(fate->second.state);
      }
      return seen.size() == wanted.size() ? "" : "elements are missing";
    }
    if (!goes_on && !world.has_ended()) return "nothing happens any more";
    const auto durable = static_cast<std::ptrdiff_t>(world.store().durable());
    history.assign(world.store().events().begin(), world.store().events().begin() + durable);
  }
  return "the run is not complete after its last life";
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Language, decides_each_element_as_the_truth_table_says_whatever_happens_to_the_run) {
  const std::uint64_t first = number_from("FUGLE_SIM_FIRST", 0), num = number_from("FUGLE_SIM_SEEDS", 2000);
  for (std::uint64_t seed = first; seed < first + num; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    ASSERT_EQ(run_through(seed), "") << describe(Workflow(seed));
  }
}

}  // namespace
}  // namespace fugle::sim
