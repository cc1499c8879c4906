#include "app/stored_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/jobs.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/attempt_log.hpp"
#include "scheduler/find_misfit.hpp"
#include "store/journal_reader.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {

using report::RunCondition;

Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

StoredRun::StoredRun(const std::string& run_dir)
    : dir_(run_dir),
      facts_(read_run_facts(run_dir)),
      plan_(store::read_plan(run_dir)),
      state_(plan_.graph, plan_.facts.seed),
      workers_(plan_.graph) {
  // The lock is looked at before the journal: a head that ends in between has written its end.
  const bool is_held = store::find_lock_holder(run_dir).has_value();
  events_ = store::read_journal(run_dir).events;
  replay();
  condition_ = find_condition(is_held);
  if (condition_ != RunCondition::running) attempts_.close();
}

void StoredRun::replay() {
  scheduler::Effects effects;
  for (const scheduler::Event& event : events_) {
    effects.clear();
    apply_stored(state_, event, dir_, effects);
    attempts_.add(event);
    workers_.add(event);
    lives_.add(event);
  }
}

RunCondition StoredRun::find_condition(bool is_held) const {
  const auto lives = lives_.lives();
  if (!is_held) {
    const auto jobs = read_jobs(dir_);
    const bool is_done = !lives.empty() && lives.back().ended && lives.back().exit == 0;
    if (!is_done && !waiting_jobs(jobs).empty()) return RunCondition::queued;
    if (lives.empty() && !jobs.empty() && jobs.back().kind == RunJob::Kind::cancelled) return RunCondition::cancelled;
  }
  if (!lives.empty() && lives.back().ended) return condition_at_end(report::view_of(state_), lives.back().exit);
  return is_held ? RunCondition::running : RunCondition::interrupted;
}

report::Situation StoredRun::situation(Time when) const {
  return {state_,
          attempts_,
          workers_,
          lives_,
          condition_,
          names(),
          when,
          {},
          [dir = dir_](ElementId element, std::uint16_t attempt) {
            return executor::tail_of_attempt(dir, element, attempt, report::kTailLines);
          }};
}

void apply_stored(scheduler::RunState& state, const scheduler::Event& event, const std::string& run_dir,
                  scheduler::Effects& effects) {
  const std::string misfit = scheduler::find_misfit(state, event);
  if (!misfit.empty())
    throw EnvironmentError(
        fmt::format("the journal in '{}' does not fit plan.0.h5 (it has {}); restore the files that belong together, "
                    "'fugle doctor' looks at them",
                    run_dir, misfit));
  apply(state, event, effects);
}

namespace {

/// "12_3": element 3 of the array that was recorded as job 12. Invalid where there is none.
ElementId find_array_element(const graph::Graph& graph, std::string_view id) {
  const std::size_t underscore = id.find('_');
  if (underscore == std::string_view::npos) return {};
  const ElementId one = graph.find(id.substr(0, underscore));
  if (!one.is_valid() || graph.is_gate(one) || graph.task_of(one).matrix_names.size() != 1) return {};
  return graph.find(fmt::format("{}[{}]", graph.task_of(one).name, id.substr(underscore + 1)));
}

}  // namespace

ElementId find_element(const graph::Graph& graph, const std::string& run, const std::string& id) {
  ElementId found = graph.find(id);
  if (!found.is_valid()) found = find_array_element(graph, id);
  if (found.is_valid() && !graph.is_gate(found)) return found;
  std::vector<std::string_view> known;
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i)
    if (!graph.is_gate(ElementId(i))) known.push_back(graph.id(ElementId(i)));
  const auto nearest = nearest_word(id, known);
  throw UsageError(fmt::format("run {} has no element '{}'; {}", run, id,
                               nearest ? fmt::format("did you mean '{}'?", *nearest)
                                       : fmt::format("it has e.g. '{}'", known.empty() ? "" : known.front())));
}

}  // namespace fugle::app
