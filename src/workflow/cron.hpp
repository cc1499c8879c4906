// Times that come again and again, as crontab(5) writes them: "*/5 8-18 * * mon-fri". Knows the calendar and nothing of
// clocks or time zones: a CivilMinute is what a wall clock shows.
#pragma once

#include <bitset>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "workflow/diagnostic.hpp"

namespace fugle::workflow {

struct CivilMinute {
  int year = 1970;
  int month = 1;  ///< 1..12
  int day = 1;    ///< 1..31
  int hour = 0;
  int minute = 0;
  auto operator<=>(const CivilMinute&) const = default;
};

/// "2026-03-29 02:30"
[[nodiscard]] std::string to_text(const CivilMinute& minute);

struct Cron {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;      ///< 1..31
  std::bitset<13> months;    ///< 1..12
  std::bitset<7> weekdays;   ///< 0: Sunday
  bool any_day = false;      ///< the field of days begins with *
  bool any_weekday = false;  ///< the field of weekdays begins with *
  /// The field of minutes or hours begins with *: it follows the clock all day, rather than naming times of the day.
  /// cron(8) treats the two differently where a clock is put forward or back.
  bool follows_clock = false;

  /// Days of month and weekdays are alternatives where both are restricted (crontab(5)).
  [[nodiscard]] bool has_day(int year, int month, int day) const;
  /// The first minute at or after `from`; nothing when there is none for eight years ("0 0 30 2 *").
  [[nodiscard]] std::optional<CivilMinute> next(const CivilMinute& from) const;
};

/// Five fields, or one of @hourly @daily @midnight @weekly @monthly @yearly @annually. `at` is the place of the text's
/// first byte: E112 at the field, or the part of it, that is wrong.
[[nodiscard]] std::optional<Cron> parse_cron(std::string_view text, Position at, Diagnostics& diagnostics);

}  // namespace fugle::workflow
