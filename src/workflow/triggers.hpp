// What starts a run without a person, as the file says it: at times, or after other runs. Data only: who computes when,
// and who waits, is `app`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workflow/cron.hpp"
#include "workflow/diagnostic.hpp"

namespace fugle::workflow {

/// What becomes of firings that were missed.
enum class CatchUp : std::uint8_t {
  none,    ///< they are counted
  latest,  ///< the newest of them runs, the others are counted
  all,     ///< each runs
};

struct ScheduleTrigger {
  Position at;
  Cron cron;
  std::string text;  ///< of `cron`
  std::string timezone = "UTC";
  Position timezone_at;
  CatchUp catch_up = CatchUp::latest;
};

/// How another run has to end.
enum class RunEnd : std::uint8_t {
  ok,
  failed,  ///< in any way but OK
  done,    ///< in any way
};

struct RunTrigger {
  Position at;
  std::string run;  ///< name of a workflow, or id of a run
  RunEnd state = RunEnd::ok;
};

struct Triggers {
  std::vector<ScheduleTrigger> schedules;
  std::vector<RunTrigger> runs;
};

}  // namespace fugle::workflow
