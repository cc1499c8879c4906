// A run read back from its files alone: facts, graph, and everything its journal says, replayed by the same apply() as
// in the run itself. Works while the head runs, after it ended, and after it died. Takes seconds for a million
// elements.
#pragma once

#include <string>
#include <vector>

#include "app/run_directory.hpp"
#include "report/attempts_table.hpp"
#include "report/explain.hpp"
#include "report/lives.hpp"
#include "report/run_condition.hpp"
#include "report/workers_table.hpp"
#include "scheduler/run_state.hpp"
#include "store/plan_file.hpp"

namespace fugle::app {

class StoredRun {
 public:
  /// Throws EnvironmentError or ConflictError when a file is damaged or of a newer version.
  explicit StoredRun(const std::string& run_dir);
  StoredRun(const StoredRun&) = delete;
  StoredRun& operator=(const StoredRun&) = delete;

  [[nodiscard]] const std::string& dir() const { return dir_; }
  [[nodiscard]] const RunFacts& facts() const { return facts_; }
  [[nodiscard]] const graph::Graph& graph() const { return plan_.graph; }
  [[nodiscard]] const scheduler::RunState& state() const { return state_; }
  [[nodiscard]] const report::AttemptsTable& attempts() const { return attempts_; }
  [[nodiscard]] const report::WorkersTable& workers() const { return workers_; }
  [[nodiscard]] const report::Lives& lives() const { return lives_; }
  [[nodiscard]] const std::vector<scheduler::Event>& events() const { return events_; }
  [[nodiscard]] report::RunCondition condition() const { return condition_; }

  [[nodiscard]] report::RunNames names() const { return {facts_.run, facts_.workflow, facts_.file}; }
  /// `now` is only used for "since"; the outputs of attempts are read from the logs.
  [[nodiscard]] report::Situation situation(Time now) const;

 private:
  void replay();
  [[nodiscard]] report::RunCondition find_condition(bool is_held) const;

  std::string dir_;
  RunFacts facts_;
  store::PlanFile plan_;
  scheduler::RunState state_;
  report::AttemptsTable attempts_;
  report::WorkersTable workers_;
  report::Lives lives_;
  std::vector<scheduler::Event> events_;
  report::RunCondition condition_ = report::RunCondition::interrupted;
};

/// apply() of what a journal says. Throws EnvironmentError when it can not have happened in this state: the files do
/// not belong together, or were made up.
void apply_stored(scheduler::RunState& state, const scheduler::Event& event, const std::string& run_dir,
                  scheduler::Effects& effects);

/// The element of that id (or tag, or task with one element). Throws UsageError with a suggestion; `run` is its id.
[[nodiscard]] ElementId find_element(const graph::Graph& graph, const std::string& run, const std::string& id);

/// The wall clock, for the reading verbs.
[[nodiscard]] Time now();

}  // namespace fugle::app
