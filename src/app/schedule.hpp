// When a schedule fires: the minutes of its crontab line, on the clocks of its time zone. As cron(8) has it: what names
// times of the day ("30 2 * * *") fires once on each of its days, right after the jump where the clocks are put forward
// over its time, and the first time where it comes twice. What follows the clock ("*/30 * * * *", a * at the beginning
// of minutes or hours) fires by what the clock shows: not in an hour that does not come, twice in one that comes twice.
// Pure but for the time zone of the process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/time_zone.hpp"
#include "base/time.hpp"
#include "workflow/triggers.hpp"

namespace fugle::app {

/// The first firing after `after`; the zone is that of `trigger`.
[[nodiscard]] std::optional<Time> next_firing(const workflow::Cron& cron, const ScopedTimeZone& zone, Time after);

struct Firing {
  Time at{};
  std::size_t trigger = 0;  ///< index
};
/// All in (after, until], in order; of several triggers at the same time the first. At most `most`, the newest of them:
/// `num_left_out` says how many there were before.
struct Firings {
  std::vector<Firing> list;
  std::uint64_t num_left_out = 0;
};
[[nodiscard]] Firings firings_between(const std::vector<workflow::ScheduleTrigger>& triggers, Time after, Time until,
                                      std::size_t most);
[[nodiscard]] std::optional<Time> next_firing(const std::vector<workflow::ScheduleTrigger>& triggers, Time after);

/// Which of the firings in (handled, now] run now, by `catch_up`; those within `fresh` of now are not missed. The
/// others are counted.
struct Due {
  std::vector<Firing> run;
  std::uint64_t num_missed = 0;
};
[[nodiscard]] Due due_firings(const std::vector<workflow::ScheduleTrigger>& triggers, Time handled, Time now,
                              Duration fresh);

/// "schedule:2026-03-29T01:00:00Z"
[[nodiscard]] std::string event_id(Time firing);

}  // namespace fugle::app
