// Why an element is in its state: for every state a sentence with its reason, the elements behind it, and what to type.
// Never empty. A pure function of what the events said; `now` is passed in.
#pragma once

#include <vector>

#include "report/attempts_table.hpp"
#include "report/explanation.hpp"
#include "report/failure_block.hpp"
#include "report/lives.hpp"
#include "report/run_condition.hpp"
#include "report/workers_table.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::report {

struct Situation {
  const scheduler::RunState& run;
  const AttemptsTable& attempts;
  const WorkersTable& workers;
  const Lives& lives;
  RunCondition condition;
  RunNames names;
  Time now;
  std::string queue;  ///< of a run that is QUEUED, what it waits for: "job 1234 is PENDING (Priority)"; may be empty
  TailReader read_tail;
};

[[nodiscard]] Explanation explain(const Situation& situation, ElementId element);
/// Of a whole run: every failed element, and the first of each other state that is neither final nor good.
[[nodiscard]] std::vector<Explanation> explain_run(const Situation& situation);

}  // namespace fugle::report
