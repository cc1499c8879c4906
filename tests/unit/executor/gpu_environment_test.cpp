#include "executor/gpu_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::executor {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Variables = std::vector<std::string>;

std::vector<topology::Device> gpus_of(const std::string& vendor, std::uint32_t count, std::uint32_t first = 0) {
  std::vector<topology::Device> gpus;
  for (std::uint32_t i = 0; i < count; ++i) gpus.push_back({"", vendor, first + i, 0, 0, std::to_string(i)});
  return gpus;
}

Variables variables_of(const std::vector<topology::Device>& gpus, std::vector<std::uint32_t> leased, Variables own = {},
                       const Variables& shared = {}) {
  scheduler::Launch launch;
  launch.granted.gpus = static_cast<std::uint32_t>(leased.size());
  launch.place.gpus = std::move(leased);
  add_gpu_variables(own, gpus, launch, shared);
  return own;
}

TEST(GpuEnvironment, lists_the_leased_gpus_nearest_first) {
  EXPECT_THAT(variables_of(gpus_of("nvidia", 4), {2, 1}),
              ElementsAre("CUDA_VISIBLE_DEVICES=2,1", "ROCR_VISIBLE_DEVICES=2,1", "ZE_AFFINITY_MASK=2,1",
                          "CUDA_DEVICE_ORDER=PCI_BUS_ID"));
}

TEST(GpuEnvironment, hides_all_from_an_attempt_that_has_leased_none) {
  EXPECT_THAT(variables_of(gpus_of("nvidia", 4), {}),
              ElementsAre("CUDA_VISIBLE_DEVICES=", "ROCR_VISIBLE_DEVICES=", "ZE_AFFINITY_MASK="));
  EXPECT_THAT(
      variables_of(gpus_of("amd", 4), {}),
      ElementsAre("CUDA_VISIBLE_DEVICES=-1", "ROCR_VISIBLE_DEVICES=", "HIP_VISIBLE_DEVICES=-1", "ZE_AFFINITY_MASK="));
  EXPECT_THAT(variables_of(gpus_of("intel", 4), {}), Contains("ZE_AFFINITY_MASK=9999"));
}

TEST(GpuEnvironment, counts_from_zero_where_hip_counts_what_is_left) {
  EXPECT_THAT(variables_of(gpus_of("amd", 4), {3, 2}),
              ElementsAre("CUDA_VISIBLE_DEVICES=0,1", "ROCR_VISIBLE_DEVICES=3,2", "HIP_VISIBLE_DEVICES=0,1",
                          "ZE_AFFINITY_MASK=3,2"));
}

TEST(GpuEnvironment, counts_the_cards_of_intel_not_their_parts) {
  EXPECT_THAT(variables_of(gpus_of("intel", 4), {1}), Contains("ZE_FLAT_DEVICE_HIERARCHY=COMPOSITE"));
}

TEST(GpuEnvironment, tells_each_vendors_library_of_its_own) {
  std::vector<topology::Device> gpus = gpus_of("intel", 1);
  for (const auto& gpu : gpus_of("nvidia", 2, 1)) gpus.push_back(gpu);
  const Variables variables = variables_of(gpus, {2});
  EXPECT_THAT(variables, Contains("CUDA_VISIBLE_DEVICES=1")) << "the second card is its first but one";
  EXPECT_THAT(variables, Contains("ZE_AFFINITY_MASK=9999"));
}

TEST(GpuEnvironment, speaks_all_languages_of_gpus_of_unknown_make) {
  const Variables variables = variables_of(gpus_of("", 4), {1, 3});
  for (const char* expected : {"CUDA_VISIBLE_DEVICES=1,3", "ROCR_VISIBLE_DEVICES=1,3", "ZE_AFFINITY_MASK=1,3"})
    EXPECT_THAT(variables, Contains(expected));
}

TEST(GpuEnvironment, uses_the_names_that_were_given_to_us) {
  std::vector<topology::Device> gpus = gpus_of("nvidia", 2);
  gpus[1].visible_as = "GPU-5a1c";
  EXPECT_THAT(variables_of(gpus, {1}), Contains("CUDA_VISIBLE_DEVICES=GPU-5a1c"));
}

TEST(GpuEnvironment, leaves_what_the_task_sets_itself) {
  const Variables variables =
      variables_of(gpus_of("nvidia", 2), {1}, {"CUDA_VISIBLE_DEVICES=0"}, {"CUDA_DEVICE_ORDER=FASTEST_FIRST"});
  EXPECT_THAT(variables, Not(Contains("CUDA_VISIBLE_DEVICES=1")));
  EXPECT_THAT(variables, Not(Contains(StartsWith("CUDA_DEVICE_ORDER"))));
}

TEST(GpuEnvironment, says_nothing_on_nodes_without_gpus_and_for_attempts_without_a_place) {
  EXPECT_THAT(variables_of({}, {}), IsEmpty());
  scheduler::Launch launch;
  launch.granted.gpus = 1;
  Variables variables;
  add_gpu_variables(variables, gpus_of("nvidia", 2), launch, {});
  EXPECT_THAT(variables, IsEmpty());
}

}  // namespace
}  // namespace fugle::executor
