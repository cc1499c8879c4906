// `fugle doctor RUN`: is the state of a run sound, what was recovered from where, and what to do. The files of the
// journal are judged by store/inspect.hpp; here comes what needs more than one of them: does the journal fit the plan,
// do counts agree, are logs whole, are the outputs of what is OK there, is somebody left who has not cleaned up, may
// others get at it. Changes nothing and needs no lock; a run that goes on can be looked at.
#pragma once

#include <string>
#include <vector>

#include "app/machine_view.hpp"
#include "store/inspect.hpp"

namespace fugle::app {

struct RunExamination {
  std::string run_dir;
  std::vector<Check> checks;  ///< a file or a question each; `note`: odd, but nothing is lost and the run can go on
  std::vector<std::string> advice;
  std::vector<store::LifeInspection> lives;
  std::uint64_t num_events = 0;
  bool is_held = false;
  bool can_resume = false;
  bool is_newer = false;  ///< written by a newer version: nothing was judged
};

/// Throws EnvironmentError when the directory can not be listed.
[[nodiscard]] RunExamination examine_run(const std::string& run_dir);

[[nodiscard]] bool is_sound(const RunExamination& examination);  ///< no check is bad
/// The name of the run, one line per check, what to do below it, and a last line that says it all.
[[nodiscard]] std::string examination_text(const RunExamination& examination);
/// {run_dir, sound, can_resume, held, events, lives: [{life, first_event, events, segments}], checks: [{name, verdict,
/// found, advice}], advice: []}
[[nodiscard]] std::string examination_json(const RunExamination& examination);

}  // namespace fugle::app
