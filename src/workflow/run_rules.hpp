// What a workflow says of its run as a whole, evaluated: secrets, deadline, notices, runs that exclude each other. Kept
// with the run (run.json).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "workflow/expand.hpp"
#include "workflow/workflow.hpp"

namespace fugle::workflow {

/// One way of telling somebody.
struct Notice {
  std::uint32_t events = 0;  ///< a bit for each RunEvent
  std::string command;       ///< for the shell, with slots (graph/element_text.hpp) for the state of the run
  std::string mail;
  std::string file;  ///< absolute
  bool operator==(const Notice&) const = default;
};

struct Concurrency {
  std::string group;
  std::uint32_t max = 1;
  WhenBusy when_busy = WhenBusy::queue;
  bool operator==(const Concurrency&) const = default;
};

struct RunRules {
  std::vector<std::string> secrets;  ///< names
  Duration deadline{0};              ///< from the start of the run; 0: none, or by the clock
  std::optional<ClockTime> deadline_at;
  std::vector<Notice> notices;
  std::string directory;  ///< absolute: where commands of notices run
  std::optional<Concurrency> concurrency;
};

/// Reports mistakes in their expressions (E109, E401 to E405).
[[nodiscard]] RunRules run_rules_of(const Workflow& workflow, const ExpandOptions& options, Diagnostics& diagnostics);

[[nodiscard]] std::string_view name_of(RunEvent event);
[[nodiscard]] std::string_view name_of(WhenBusy when_busy);

}  // namespace fugle::workflow
