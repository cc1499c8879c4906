// Why an element is in its state: for every state a sentence with its reason, the elements behind it, and what to type.
// Never empty. A pure function of what the events said; `now` is passed in.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/attempts_table.hpp"
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
  TailReader read_tail;
};

struct Explanation {
  struct Cause {
    std::string element;
    std::string state;
    std::string text;
  };
  std::string element;
  std::string state;   ///< name of its state, or INTERRUPTED
  std::string reason;  ///< one sentence part, never empty
  std::vector<Cause> causes;
  std::size_t num_more_causes = 0;  ///< beyond those listed
  std::optional<Failure> failure;   ///< of the last attempt, when FAILED
  std::vector<std::string> next;    ///< commands to type
};
[[nodiscard]] Explanation explain(const Situation& situation, ElementId element);
/// Of a whole run: every failed element, and the first of each other state that is neither final nor good.
[[nodiscard]] std::vector<Explanation> explain_run(const Situation& situation);

[[nodiscard]] std::string explanation_text(const Explanation& explanation, const RunNames& names);
[[nodiscard]] Json explanation_json(const Explanation& explanation);

}  // namespace fugle::report
