#include "scheduler/scaled_task.hpp"

#include <gmock/gmock.h>

namespace fugle::scheduler {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kG = std::uint64_t{1} << 30;
constexpr plan::Slot kNode{64, 256 * kG, 4};

graph::Task growing(double mem, double timeout, double cores) {
  graph::Task task;
  task.request = {4, 100 * kG};
  task.shape.cores_per_rank = 4;
  task.timeout = std::chrono::minutes(10);
  task.retries.scale_mem = mem;
  task.retries.scale_timeout = timeout;
  task.retries.scale_cores = cores;
  return task;
}

TEST(ScaledTask, grows_by_the_factor_for_each_retry) {
  const graph::Task task = growing(1.5, 2, 2);
  ScaledTask scaled = scaled_task(task, 1, kNode);
  EXPECT_EQ(scaled.task.request.mem_bytes, 150 * kG);
  EXPECT_EQ(scaled.task.request.cores, 8u);
  EXPECT_EQ(scaled.task.shape.cores_per_rank, 8u);
  EXPECT_EQ(scaled.task.timeout, std::chrono::minutes(20));
  EXPECT_EQ(scaled.remark, "");
  scaled = scaled_task(task, 2, kNode);
  EXPECT_EQ(scaled.task.request.mem_bytes, 225 * kG);
  EXPECT_EQ(scaled.task.request.cores, 16u);
  EXPECT_EQ(scaled.task.timeout, std::chrono::minutes(40));
}

TEST(ScaledTask, is_as_before_at_first) {
  const ScaledTask scaled = scaled_task(growing(2, 2, 2), 0, kNode);
  EXPECT_EQ(scaled.task.request.mem_bytes, 100 * kG);
  EXPECT_EQ(scaled.task.request.cores, 4u);
  EXPECT_EQ(scaled.task.timeout, std::chrono::minutes(10));
}

TEST(ScaledTask, is_cut_at_what_the_node_has_and_says_so) {
  const ScaledTask scaled = scaled_task(growing(2, 1, 4), 3, kNode);
  EXPECT_EQ(scaled.task.request.mem_bytes, 256 * kG);
  EXPECT_EQ(scaled.task.request.cores, 64u);
  EXPECT_THAT(scaled.remark, HasSubstr("scale.mem asks for 800"));
  EXPECT_THAT(scaled.remark, HasSubstr("scale.cores asks for 256"));
}

TEST(ScaledTask, never_gets_less_than_it_asked_for) {
  const ScaledTask scaled = scaled_task(growing(2, 1, 2), 1, {2, 50 * kG, 0});
  EXPECT_EQ(scaled.task.request.mem_bytes, 100 * kG);
  EXPECT_EQ(scaled.task.request.cores, 4u);
}

TEST(ScaledTask, leaves_a_share_of_the_node_a_share) {
  graph::Task task = growing(2, 1, 1);
  task.request.mem_bytes = 0;
  EXPECT_EQ(scaled_task(task, 2, kNode).task.request.mem_bytes, 0u);
}

TEST(ScaledTask, grows_each_rank_alike) {
  graph::Task task = growing(1, 1, 1.5);
  task.shape.ranks = 10;
  task.shape.nodes = 2;
  task.shape.cores_per_rank = 4;
  task.request.cores = 20;
  ScaledTask scaled = scaled_task(task, 1, kNode);
  EXPECT_EQ(scaled.task.shape.cores_per_rank, 6u);
  EXPECT_EQ(scaled.task.request.cores, 30u);
  scaled = scaled_task(task, 4, kNode);  // 20.25 each, where 64 / 5 are there
  EXPECT_EQ(scaled.task.shape.cores_per_rank, 12u);
  EXPECT_EQ(scaled.task.request.cores, 60u);
  EXPECT_NE(scaled.remark, "");
}

TEST(ScaledTask, stays_finite) {
  const ScaledTask scaled = scaled_task(growing(1000, 1000, 1000), 60000, {64, 0, 0});
  EXPECT_GT(scaled.task.timeout, std::chrono::hours(24 * 365 * 90));
  EXPECT_EQ(scaled.task.request.cores, 64u);
  EXPECT_GT(scaled.task.request.mem_bytes, 100 * kG);
}

}  // namespace
}  // namespace fugle::scheduler
