#include "app/jobs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::app {
namespace {

using Kind = RunJob::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

RunJob job(const std::string& id, Kind kind, int second = 0) {
  return {id, "", kind, Time(std::chrono::seconds(1000 + second)), ""};
}

TEST(Jobs, a_job_waits_until_a_life_begins_in_it) {
  EXPECT_THAT(waiting_jobs({}), IsEmpty());
  EXPECT_THAT(waiting_jobs({job("7", Kind::submitted)}), ElementsAre("7"));
  EXPECT_THAT(waiting_jobs({job("7", Kind::submitted), job("7", Kind::started)}), IsEmpty());
}

TEST(Jobs, a_start_may_be_noted_before_the_submission_is) {
  EXPECT_THAT(waiting_jobs({job("7", Kind::started, 1), job("7", Kind::submitted, 0)}), IsEmpty());
}

TEST(Jobs, a_requeued_job_waits_again_and_a_chained_one_is_another) {
  std::vector<RunJob> jobs{job("7", Kind::submitted), job("7", Kind::started), job("7", Kind::requeued)};
  EXPECT_THAT(waiting_jobs(jobs), ElementsAre("7"));
  jobs.push_back(job("7", Kind::started));
  EXPECT_THAT(waiting_jobs(jobs), IsEmpty());
  jobs.push_back(job("8", Kind::chained));
  EXPECT_THAT(waiting_jobs(jobs), ElementsAre("8"));
}

TEST(Jobs, of_a_campaign_those_wait_that_have_not_begun) {
  EXPECT_THAT(waiting_jobs({job("7", Kind::campaign), job("8", Kind::campaign), job("9", Kind::campaign),
                            job("8", Kind::started)}),
              ElementsAre("7", "9"));
}

TEST(Jobs, what_was_cancelled_waits_no_more) {
  EXPECT_THAT(waiting_jobs({job("7", Kind::submitted), job("7", Kind::cancelled)}), IsEmpty());
}

TEST(Jobs, a_life_began_in_the_job_whose_start_is_nearest) {
  const std::vector<RunJob> jobs{job("7", Kind::submitted, 0), job("7", Kind::started, 10),
                                 job("8", Kind::started, 100)};
  const auto at = [](int second) { return Time(std::chrono::seconds(1000 + second)); };
  EXPECT_EQ(job_of_life(jobs, at(9)), "7");
  EXPECT_EQ(job_of_life(jobs, at(99)), "8");
  EXPECT_EQ(job_of_life(jobs, at(1000)), "");
}

TEST(Jobs, ids_are_told_from_names) {
  EXPECT_TRUE(looks_like_job_id("1234"));
  EXPECT_TRUE(looks_like_job_id("1230_4"));
  EXPECT_FALSE(looks_like_job_id("w-2026"));
  EXPECT_FALSE(looks_like_job_id("12x"));
  EXPECT_FALSE(looks_like_job_id(""));
}

}  // namespace
}  // namespace fugle::app
