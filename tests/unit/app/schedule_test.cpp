#include "app/schedule.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace fugle::app {
namespace {

using workflow::CatchUp;
using workflow::ScheduleTrigger;

ScheduleTrigger trigger(const std::string& text, const std::string& zone = "UTC", CatchUp catch_up = CatchUp::latest) {
  workflow::Diagnostics diagnostics("");
  ScheduleTrigger made;
  made.text = text;
  made.cron = workflow::parse_cron(text, {}, diagnostics).value();
  made.timezone = zone;
  made.catch_up = catch_up;
  return made;
}

Time utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  return std::chrono::sys_days(
             std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day))) +
         std::chrono::hours(hour) + std::chrono::minutes(minute);
}

std::vector<std::string> firings(const ScheduleTrigger& t, Time after, Time until) {
  std::vector<std::string> times;
  for (const Firing& firing : firings_between({t}, after, until, 1000).list) times.push_back(format_time(firing.at));
  return times;
}

using Times = std::vector<std::string>;

class Schedules : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin")) GTEST_SKIP() << "no tz database here";
  }
};

TEST_F(Schedules, a_time_of_the_day_follows_summer_time) {
  EXPECT_EQ(firings(trigger("30 4 * * *", "Europe/Berlin"), utc(2026, 3, 28), utc(2026, 3, 31)),
            (Times{"2026-03-28T03:30:00Z", "2026-03-29T02:30:00Z", "2026-03-30T02:30:00Z"}));
}

TEST_F(Schedules, a_time_that_does_not_come_fires_right_after_the_jump) {
  EXPECT_EQ(firings(trigger("30 2 * * *", "Europe/Berlin"), utc(2026, 3, 28), utc(2026, 3, 31)),
            (Times{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}));
}

TEST_F(Schedules, times_of_one_gap_fire_once) {
  EXPECT_EQ(firings(trigger("0,30 2,3 * * *", "Europe/Berlin"), utc(2026, 3, 29), utc(2026, 3, 29, 12)),
            (Times{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}));
}

TEST_F(Schedules, a_time_that_comes_twice_fires_the_first_time) {
  EXPECT_EQ(firings(trigger("30 2 * * *", "Europe/Berlin"), utc(2026, 10, 24, 12), utc(2026, 10, 26, 12)),
            (Times{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}));
}

TEST_F(Schedules, what_follows_the_clock_fires_by_what_it_shows) {
  EXPECT_EQ(firings(trigger("0 * * * *", "Europe/Berlin"), utc(2026, 3, 28, 23, 30), utc(2026, 3, 29, 2, 30)),
            (Times{"2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}))
      << "each hour, whatever it is called";
  EXPECT_EQ(firings(trigger("*/30 * * * *", "Europe/Berlin"), utc(2026, 10, 24, 23, 45), utc(2026, 10, 25, 2, 15)),
            (Times{"2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                   "2026-10-25T02:00:00Z"}))
      << "02:00 and 02:30 come twice";
  EXPECT_EQ(firings(trigger("0 */2 * * *", "Europe/Berlin"), utc(2026, 3, 28, 22, 30), utc(2026, 3, 29, 3)),
            (Times{"2026-03-28T23:00:00Z", "2026-03-29T02:00:00Z"}))
      << "there is no 02:00";
}

TEST_F(Schedules, zones_with_half_hours_and_the_south_are_right) {
  // Lord Howe: back by half an hour on 5 April 2026, 02:00 to 01:30.
  EXPECT_EQ(firings(trigger("45 1 * * *", "Australia/Lord_Howe"), utc(2026, 4, 4), utc(2026, 4, 6)),
            (Times{"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}));
}

TEST_F(Schedules, the_zone_of_the_process_comes_back) {
  ::setenv("TZ", "Asia/Tokyo", 1);
  { const ScopedTimeZone zone("Europe/Berlin"); }
  EXPECT_STREQ(::getenv("TZ"), "Asia/Tokyo");
  ::unsetenv("TZ");
  EXPECT_THROW(ScopedTimeZone("Europe/Berln"), std::runtime_error);
}

TEST_F(Schedules, of_150_missed_firings_the_latest_runs_or_all_do) {
  const Time begin = utc(2026, 5, 1), later = utc(2026, 5, 1, 2, 31) - std::chrono::seconds(1);
  const auto due = [&](CatchUp catch_up, Time now) {
    return due_firings({trigger("* * * * *", "UTC", catch_up)}, begin, now, std::chrono::minutes(5));
  };
  EXPECT_EQ(due(CatchUp::latest, later).run.size(), 1u);
  EXPECT_EQ(due(CatchUp::latest, later).num_missed, 149u);
  EXPECT_EQ(format_time(due(CatchUp::latest, later).run[0].at), "2026-05-01T02:30:00Z");
  EXPECT_EQ(due(CatchUp::all, later).run.size(), 150u);
  EXPECT_EQ(due(CatchUp::all, later).num_missed, 0u);
  EXPECT_EQ(due(CatchUp::none, later).run.size(), 1u) << "what fired just now is not missed";
}

TEST_F(Schedules, with_none_an_old_firing_is_counted_and_does_not_run) {
  const Due due = due_firings({trigger("0 4 * * *", "UTC", CatchUp::none)}, utc(2026, 5, 1), utc(2026, 5, 3, 12),
                              std::chrono::minutes(5));
  EXPECT_TRUE(due.run.empty());
  EXPECT_EQ(due.num_missed, 3u);
}

TEST_F(Schedules, two_that_fire_together_start_one_run) {
  const Due due = due_firings({trigger("0 4 * * *"), trigger("0 */4 * * *")}, utc(2026, 5, 1, 3), utc(2026, 5, 1, 4),
                              std::chrono::minutes(5));
  ASSERT_EQ(due.run.size(), 1u);
  EXPECT_EQ(event_id(due.run[0].at), "schedule:2026-05-01T04:00:00Z");
}

}  // namespace
}  // namespace fugle::app
