// `notify` of a workflow: an observer of the head that gathers what others are to be told, and has a process of its own
// tell them, since the head must not wait and ranks must not fork. What was told is kept in notices.json of the run
// directory: what a head could not tell any more, as it was killed, is told when the run goes on, or by the front-end
// that gives it up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/notice_book.hpp"
#include "app/run_directory.hpp"
#include "scheduler/ports.hpp"
#include "slurm/errands.hpp"

namespace fugle::app {

/// The command that tells `notice` of a run, for a process that has this one's environment.
[[nodiscard]] std::vector<std::string> notice_command(const workflow::Notice& notice, const NoticeText& text,
                                                      const RunFacts& facts, const std::string& run_dir,
                                                      const std::string& state);

/// By which the run should be done, when its first life began then; kNever: no matter.
[[nodiscard]] Time deadline_of(const RunFacts& facts, Time first_life);
/// The next time it is that time of day.
[[nodiscard]] Time next_time_of_day(const workflow::ClockTime& clock, Time after);

/// What was told of a run.
struct Told {
  std::uint64_t num_events = 0;      ///< of its journal, that were looked at
  std::set<std::uint32_t> late;      ///< elements
  bool is_run_late = false;
};

/// notices.json; where there is none nothing was told.
[[nodiscard]] Told read_told(const std::string& run_dir);

class Notices final : public scheduler::Observer {
 public:
  /// Of a life that begins: what the journal has had no notice of is told first.
  /// `messenger`: null where there is no `notify`; then lateness is noted and shown, and nobody told.
  Notices(const RunFacts& facts, std::string run_dir, const scheduler::RunState& run, slurm::Errands* messenger,
          Time now);
  /// Whether there is anything to look after.
  [[nodiscard]] static bool are_wanted(const RunFacts& facts, const graph::Graph& graph);
  void on_events(const scheduler::HeadView& view, std::span<const scheduler::Event> events,
                 const scheduler::Effects& effects) override;
  void on_tick(const scheduler::HeadView& view) override;
  void on_end(const scheduler::HeadView& view) override;
  /// All has ended; waits for the messenger. `goes_on`: in another job.
  void finish(int exit_code, bool goes_on, Time now);

 private:
  void note(workflow::RunEvent event, const std::string& line, Time now);
  void note_failure(const scheduler::RunState& run, ElementId e, Time now);
  void note_other_failures(const scheduler::HeadView& view);
  void note_lateness(const std::string& line, Time now);
  void look_for_lateness(const scheduler::HeadView& view);
  void look_for_stall(const scheduler::HeadView& view);
  void send(Time now, NoticeBook::When when, const std::string& state);
  void hear();
  void keep_told() const;

  RunFacts facts_;
  std::string run_dir_;
  slurm::Errands* messenger_;
  std::vector<NoticeBook> books_;  ///< parallel to the notices
  Told told_;
  std::uint64_t num_seen_ = 0;  ///< events of the journal
  Time deadline_ = kNever;
  std::set<ElementId> failed_;       ///< noted in this life
  std::optional<Time> quiet_since_;  ///< nothing runs, and something waits
  bool is_stall_told_ = false;
  bool has_changed_ = false;
  std::uint64_t num_asked_ = 0, num_answered_ = 0;
  std::string last_reason_;
};

/// Of a run whose head has died and which does not go on by itself: tells what was not told, and that.
void tell_what_is_left(const std::string& run_dir, const std::string& why, Time now);

/// Reports W10 where mail is wanted and nothing is there that sends it.
void check_notices(const workflow::RunRules& rules, workflow::Position at, workflow::Diagnostics& diagnostics);

}  // namespace fugle::app
