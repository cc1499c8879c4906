#include "app/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "base/error.hpp"

namespace fugle::app {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

bool is_known(const std::string& name) {
  if (name.empty() || name == "UTC") return true;
  const char* set = std::getenv("TZDIR");
  std::error_code ignored;
  return std::filesystem::is_regular_file(std::filesystem::path(set != nullptr ? set : "/usr/share/zoneinfo") / name,
                                          ignored);
}

void set_zone(const std::optional<std::string>& value) {
  if (value)
    ::setenv("TZ", value->c_str(), 1);
  else
    ::unsetenv("TZ");
  ::tzset();
}

std::tm local(Time time) {
  const std::time_t seconds_since = floor<seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::localtime_r(&seconds_since, &parts);
  return parts;
}

/// As if the zone were UTC.
Time as_utc(const workflow::CivilMinute& m) {
  const std::chrono::year_month_day date(std::chrono::year(m.year), std::chrono::month(static_cast<unsigned>(m.month)),
                                         std::chrono::day(static_cast<unsigned>(m.day)));
  return std::chrono::sys_days(date) + hours(m.hour) + minutes(m.minute);
}

}  // namespace

ScopedTimeZone::ScopedTimeZone(const std::string& name) {
  if (!is_known(name))
    throw UsageError(
        fmt::format("this machine knows no time zone '{}' (not in /usr/share/zoneinfo); write a name like "
                    "Europe/Berlin, or UTC",
                    name));
  if (const char* set = std::getenv("TZ")) earlier_ = set;
  if (!name.empty()) set_zone(name == "UTC" ? "UTC0" : ":" + name);
}

ScopedTimeZone::~ScopedTimeZone() { set_zone(earlier_); }

workflow::CivilMinute ScopedTimeZone::civil(Time time) const {
  const std::tm parts = local(time);
  return {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min};
}

Duration ScopedTimeZone::offset(Time time) const { return seconds(local(time).tm_gmtoff); }

std::vector<Time> ScopedTimeZone::times_of(const workflow::CivilMinute& minute) const {
  const Time utc = as_utc(minute);
  std::vector<Time> times;
  for (const Duration near : {-hours(26), hours(26)}) {
    const Time time = utc - offset(utc + near);
    if (civil(time) == minute && std::ranges::find(times, time) == times.end()) times.push_back(time);
  }
  std::ranges::sort(times);
  return times;
}

Time ScopedTimeZone::jump_over(const workflow::CivilMinute& minute) const {
  Time before = as_utc(minute) - hours(26), after = as_utc(minute) + hours(26);
  while (after - before > seconds(1)) {
    const Time middle = floor<seconds>(before + (after - before) / 2);
    (civil(middle) < minute ? before : after) = middle;
  }
  return after;
}

std::string ScopedTimeZone::text(Time time) const {
  const auto east = std::chrono::duration_cast<minutes>(offset(time)).count();
  return fmt::format("{} {}{:02}:{:02}", workflow::to_text(civil(time)), east < 0 ? '-' : '+', std::abs(east) / 60,
                     std::abs(east) % 60);
}

}  // namespace fugle::app
