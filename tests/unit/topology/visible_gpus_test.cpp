#include "topology/visible_gpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace fugle::topology {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Device> gpus_of(const std::string& vendor, std::uint32_t count) {
  std::vector<Device> gpus;
  for (std::uint32_t i = 0; i < count; ++i)
    gpus.push_back({"g" + std::to_string(i), vendor, i, i / 2, 0, std::to_string(i)});
  return gpus;
}

/// "index as what" of each that is left.
std::vector<std::string> left(const std::vector<Device>& gpus, const std::map<std::string, std::string>& variables) {
  std::vector<std::string> texts;
  const auto lookup = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  for (const Device& gpu : visible_gpus(gpus, lookup))
    texts.push_back(std::to_string(gpu.index) + " as " + gpu.visible_as);
  return texts;
}

TEST(VisibleGpus, are_all_when_no_variable_is_set) {
  EXPECT_THAT(left(gpus_of("nvidia", 2), {}), ElementsAre("0 as 0", "1 as 1"));
}

TEST(VisibleGpus, are_those_that_the_variable_of_their_vendor_lists) {
  EXPECT_THAT(left(gpus_of("nvidia", 4), {{"CUDA_VISIBLE_DEVICES", "3,1"}}), ElementsAre("1 as 1", "3 as 3"));
  EXPECT_THAT(left(gpus_of("amd", 4), {{"ROCR_VISIBLE_DEVICES", "2"}}), ElementsAre("2 as 2"));
  EXPECT_THAT(left(gpus_of("amd", 4), {{"HIP_VISIBLE_DEVICES", "2"}}), ElementsAre("2 as 2"));
  EXPECT_THAT(left(gpus_of("amd", 2), {{"CUDA_VISIBLE_DEVICES", ""}}), ElementsAre("0 as 0", "1 as 1"));
}

TEST(VisibleGpus, are_none_when_the_variable_is_empty_or_says_so) {
  for (const char* none : {"", "-1", "NoDevFiles"})
    EXPECT_THAT(left(gpus_of("nvidia", 2), {{"CUDA_VISIBLE_DEVICES", none}}), IsEmpty()) << none;
}

TEST(VisibleGpus, are_read_up_to_the_first_that_is_not_there) {
  EXPECT_THAT(left(gpus_of("nvidia", 2), {{"CUDA_VISIBLE_DEVICES", "1,7,0"}}), ElementsAre("1 as 1"));
}

TEST(VisibleGpus, keep_the_name_by_which_they_were_given) {
  EXPECT_THAT(left(gpus_of("nvidia", 3), {{"CUDA_VISIBLE_DEVICES", "GPU-aa,GPU-bb"}}),
              ElementsAre("0 as GPU-aa", "1 as GPU-bb"));
  EXPECT_THAT(left(gpus_of("intel", 2), {{"ZE_AFFINITY_MASK", "1.0,1.1"}}), ElementsAre("1 as 1.0,1.1"));
}

TEST(VisibleGpus, are_where_slurm_says_when_the_library_counts_from_zero) {
  EXPECT_THAT(left(gpus_of("nvidia", 8), {{"CUDA_VISIBLE_DEVICES", "0,1"}, {"SLURM_JOB_GPUS", "6,7"}}),
              ElementsAre("6 as 0", "7 as 1"));
  EXPECT_THAT(
      left(gpus_of("nvidia", 8), {{"CUDA_VISIBLE_DEVICES", "0"}, {"SLURM_JOB_GPUS", "6,7"}, {"SLURM_STEP_GPUS", "7"}}),
      ElementsAre("7 as 0"));
}

TEST(VisibleGpus, are_known_from_slurm_alone_when_hwloc_sees_none) {
  EXPECT_THAT(left({}, {{"CUDA_VISIBLE_DEVICES", "0,1"}, {"SLURM_JOB_GPUS", "0,1"}}), ElementsAre("0 as 0", "1 as 1"));
  EXPECT_THAT(left({}, {{"CUDA_VISIBLE_DEVICES", "0"}}), IsEmpty()) << "set on any machine";
}

}  // namespace
}  // namespace fugle::topology
