// What the workflow says of elements that is known only while the run goes on. A port of the head's: implemented by
// the workflow (app/run_language.hpp joins them), in the simulator, and by nothing where all is known at the start.
// Pure: an answer depends on what is asked and on what the journal has (states, exit codes, values given), so that it
// is the same in a later life.
#pragma once

#include <string>
#include <variant>

#include "base/ids.hpp"
#include "graph/element_text.hpp"
#include "graph/growth.hpp"
#include "scheduler/run_state.hpp"

namespace fugle::scheduler {

/// Why an element that is READY is not run after all: it is SKIPPED, or what it says is wrong (FAILED(expand)).
struct Declined {
  bool is_wrong = false;
  std::string reason;
};

class Language {
 public:
  virtual ~Language() = default;
  /// Of an element of kind expansion whose needs are met: its elements. An empty list is Declined "list is empty".
  [[nodiscard]] virtual std::variant<graph::Growth, Declined> expand(ElementId element, const RunState& run) = 0;
  /// Of an element whose task has `when` or is late, and whose needs are met: that it runs, with these texts (packed).
  /// Where the task is not late the texts are those of the graph, and the answer is empty.
  [[nodiscard]] virtual std::variant<std::string, Declined> decide(ElementId element, const RunState& run) = 0;
};

}  // namespace fugle::scheduler
