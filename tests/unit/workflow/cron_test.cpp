#include "workflow/cron.hpp"

#include <gtest/gtest.h>

namespace fugle::workflow {
namespace {

std::optional<Cron> cron_of(std::string_view text) {
  Diagnostics diagnostics("f");
  return parse_cron(text, {3, 10}, diagnostics);
}

/// The next `count` times from `from` on.
std::vector<std::string> times(std::string_view text, CivilMinute from, int count) {
  const auto cron = cron_of(text);
  std::vector<std::string> found;
  for (int i = 0; cron && i < count; ++i) {
    const auto minute = cron->next(from);
    if (!minute) break;
    found.push_back(to_text(*minute));
    from = *minute;
    ++from.minute;
    if (from.minute == 60) from = {from.year, from.month, from.day, from.hour, 59};  // only used within an hour
  }
  return found;
}

std::string first(std::string_view text, CivilMinute from) {
  const auto found = times(text, from, 1);
  return found.empty() ? "none" : found.front();
}

struct Complaint {
  std::uint32_t column;
  std::string text;
};
Complaint complaint_of(std::string_view text) {
  Diagnostics diagnostics("f");
  EXPECT_FALSE(parse_cron(text, {3, 10}, diagnostics).has_value()) << text;
  if (diagnostics.all().empty()) return {0, ""};
  EXPECT_EQ(diagnostics.all().front().code, "E112");
  EXPECT_EQ(diagnostics.all().front().at.line, 3u);
  return {diagnostics.all().front().at.column, diagnostics.all().front().text};
}

TEST(Cron, every_five_minutes) {
  EXPECT_EQ(times("*/5 * * * *", {2026, 11, 20, 10, 3}, 3),
            (std::vector<std::string>{"2026-11-20 10:05", "2026-11-20 10:10", "2026-11-20 10:15"}));
}

TEST(Cron, goes_over_the_end_of_a_day_a_month_and_a_year) {
  EXPECT_EQ(first("30 4 * * *", {2026, 11, 20, 4, 31}), "2026-11-21 04:30");
  EXPECT_EQ(first("0 0 1 * *", {2026, 2, 1, 0, 1}), "2026-03-01 00:00");
  EXPECT_EQ(first("@yearly", {2026, 1, 1, 0, 1}), "2027-01-01 00:00");
}

TEST(Cron, takes_lists_ranges_steps_and_names) {
  EXPECT_EQ(times("1,5,50-59/4 8 * * *", {2026, 1, 1, 0, 0}, 5),
            (std::vector<std::string>{"2026-01-01 08:01", "2026-01-01 08:05", "2026-01-01 08:50", "2026-01-01 08:54",
                                      "2026-01-01 08:58"}));
  EXPECT_EQ(first("0 9 * Feb Mon-fri", {2026, 1, 5, 0, 0}), "2026-02-02 09:00");
}

TEST(Cron, sunday_is_0_and_7) {
  EXPECT_EQ(first("0 0 * * 7", {2026, 11, 20, 0, 0}), "2026-11-22 00:00");
  EXPECT_EQ(first("0 0 * * 0", {2026, 11, 20, 0, 0}), "2026-11-22 00:00");
  EXPECT_EQ(first("0 0 * * 5-7", {2026, 11, 19, 0, 0}), "2026-11-20 00:00");
}

TEST(Cron, a_day_of_the_month_and_a_weekday_are_alternatives) {
  EXPECT_EQ(first("0 0 13 * 5", {2026, 11, 14, 0, 0}), "2026-11-20 00:00");
  EXPECT_EQ(first("0 0 13 * 5", {2026, 12, 12, 0, 0}), "2026-12-13 00:00");
  EXPECT_EQ(first("0 0 */2 * 5", {2026, 11, 14, 0, 0}), "2026-11-27 00:00") << "with a * both have to hold";
}

TEST(Cron, leap_days_are_found_over_a_century_without_one) {
  EXPECT_EQ(first("0 0 29 2 *", {2096, 3, 1, 0, 0}), "2104-02-29 00:00");
}

TEST(Cron, tells_times_of_day_from_what_follows_the_clock) {
  EXPECT_TRUE(cron_of("*/5 * * * *")->follows_clock);
  EXPECT_TRUE(cron_of("0 */2 * * *")->follows_clock);
  EXPECT_FALSE(cron_of("30 2 * * *")->follows_clock);
  EXPECT_FALSE(cron_of("0,30 1-5 * * *")->follows_clock);
}

TEST(Cron, names_the_field_and_its_column) {
  EXPECT_EQ(complaint_of("61 * * * *").column, 10u);
  EXPECT_EQ(complaint_of("61 * * * *").text, "minute '61' in 'schedule' is not in 0..59");
  EXPECT_EQ(complaint_of("0 24 * * *").column, 12u);
  EXPECT_EQ(complaint_of("0  1,2,x * * *").column, 17u);
  EXPECT_EQ(complaint_of("0 0 0 * *").text, "day of month '0' in 'schedule' is not in 1..31");
  EXPECT_EQ(complaint_of("0 0 * foo *").text, "month 'foo' in 'schedule' is not in 1..12, jan to dec");
  EXPECT_EQ(complaint_of("0 0 * * mon-8").column, 22u);
  EXPECT_EQ(complaint_of("*/0 * * * *").column, 12u);
  EXPECT_EQ(complaint_of("0 5-2 * * *").text, "hour '5-2' in 'schedule' ends before it begins");
  EXPECT_EQ(complaint_of("5/10 * * * *").text,
            "minute '5/10' in 'schedule' has a step and no range; write */10 or 5-59/10");
  EXPECT_EQ(complaint_of("0,,5 * * * *").column, 12u);
}

TEST(Cron, wants_five_fields) {
  EXPECT_EQ(complaint_of("5 4 * *").text,
            "'schedule' has 4 fields; it needs five: minute, hour, day of month, month, weekday, e.g. \"30 4 * * "
            "mon-fri\"");
  EXPECT_EQ(complaint_of("0 5 4 * * *").column, 20u) << "the sixth is one too many";
  EXPECT_EQ(complaint_of("").column, 10u);
  EXPECT_EQ(complaint_of("@reboot").column, 10u);
  EXPECT_EQ(complaint_of("@daily 5").column, 17u);
}

TEST(Cron, a_day_that_never_comes_is_a_mistake) {
  EXPECT_EQ(complaint_of("0 0 30 2 *").text, "'schedule' is '0 0 30 2 *'; there is no such day in any year");
  EXPECT_EQ(complaint_of("0 0 31 4,6,9,11 *").column, 14u);
}

}  // namespace
}  // namespace fugle::workflow
