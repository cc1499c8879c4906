#include "app/schedule.hpp"

#include <algorithm>
#include <set>

namespace fugle::app {
namespace {

using std::chrono::hours;
using workflow::CivilMinute;
using workflow::Cron;
using workflow::ScheduleTrigger;

/// `catch_up: all` queues no more than this at once.
constexpr std::size_t kMostCaughtUp = 1000;

CivilMinute minute_after(const CivilMinute& m) {
  if (m.minute < 59) return {m.year, m.month, m.day, m.hour, m.minute + 1};
  if (m.hour < 23) return {m.year, m.month, m.day, m.hour + 1, 0};
  const std::chrono::year_month_day date(std::chrono::year(m.year), std::chrono::month(static_cast<unsigned>(m.month)),
                                         std::chrono::day(static_cast<unsigned>(m.day)));
  const std::chrono::year_month_day next(std::chrono::sys_days(date) + std::chrono::days(1));
  return {int(next.year()), int(unsigned(next.month())), int(unsigned(next.day())), 0, 0};
}

/// The times at which a minute of the crontab line fires.
std::vector<Time> firings_of(const Cron& cron, const ScopedTimeZone& zone, const CivilMinute& minute) {
  std::vector<Time> times = zone.times_of(minute);
  if (cron.follows_clock) return times;
  if (times.empty()) return {zone.jump_over(minute)};
  times.resize(1);
  return times;
}

}  // namespace

std::optional<Time> next_firing(const Cron& cron, const ScopedTimeZone& zone, Time after) {
  // Clocks are put back by three hours at most: what they show then was shown before. Where a minute comes twice, its
  // second time may be later than minutes that follow it: the search goes on for as long.
  constexpr auto kMostBack = hours(3);
  std::optional<Time> first;
  const bool is_steady = zone.offset(after - kMostBack) == zone.offset(after + kMostBack);
  std::optional<CivilMinute> minute = cron.next(zone.civil(is_steady ? after : after - kMostBack));
  for (; minute; minute = cron.next(minute_after(*minute))) {
    const std::vector<Time> times = firings_of(cron, zone, *minute);
    for (const Time time : times)
      if (time > after && (!first || time < *first)) first = time;
    if (first && (is_steady || times.empty() || times.front() > *first + kMostBack || !cron.follows_clock ||
                  (times.front() > *first && times.size() == 1)))
      break;
  }
  return first;
}

std::optional<Time> next_firing(const std::vector<ScheduleTrigger>& triggers, Time after) {
  std::optional<Time> first;
  for (const ScheduleTrigger& trigger : triggers) {
    const ScopedTimeZone zone(trigger.timezone);
    const auto time = next_firing(trigger.cron, zone, after);
    if (time && (!first || *time < *first)) first = time;
  }
  return first;
}

Firings firings_between(const std::vector<ScheduleTrigger>& triggers, Time after, Time until, std::size_t most) {
  Firings found;
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    const ScopedTimeZone zone(triggers[i].timezone);
    for (auto time = next_firing(triggers[i].cron, zone, after); time && *time <= until;
         time = next_firing(triggers[i].cron, zone, *time)) {
      found.list.push_back({*time, i});
      // Long ago: only the newest are kept, and the others counted.
      if (found.list.size() > 4 * most) {
        found.list.erase(found.list.begin(), found.list.end() - static_cast<std::ptrdiff_t>(2 * most));
        found.num_left_out += 2 * most + 1;
      }
    }
  }
  std::ranges::stable_sort(found.list, {}, &Firing::at);
  const auto doubles = std::ranges::unique(found.list, {}, &Firing::at);
  found.list.erase(doubles.begin(), doubles.end());
  if (found.list.size() > most) {
    found.num_left_out += found.list.size() - most;
    found.list.erase(found.list.begin(), found.list.end() - static_cast<std::ptrdiff_t>(most));
  }
  return found;
}

Due due_firings(const std::vector<ScheduleTrigger>& triggers, Time handled, Time now, Duration fresh) {
  Due due;
  std::set<Time> run;
  for (const ScheduleTrigger& trigger : triggers) {
    const Firings firings = firings_between({trigger}, handled, now, kMostCaughtUp);
    due.num_missed += firings.num_left_out;
    for (const Firing& firing : firings.list) {
      const bool is_newest = firing.at == firings.list.back().at;
      const bool runs = trigger.catch_up == workflow::CatchUp::all || (is_newest && now - firing.at <= fresh) ||
                        (is_newest && trigger.catch_up == workflow::CatchUp::latest);
      if (runs && run.insert(firing.at).second) due.run.push_back({firing.at, 0});
      if (!runs) ++due.num_missed;
    }
  }
  std::ranges::sort(due.run, {}, &Firing::at);
  return due;
}

std::string event_id(Time firing) { return "schedule:" + format_time(firing); }

}  // namespace fugle::app
