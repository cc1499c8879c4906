#include "executor/staged_outputs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class StagedOutputsTest : public testing::Test {
 protected:
  StagedOutputs prepared(std::vector<std::string> paths, std::uint16_t attempt = 1) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < paths.size(); ++i) names.push_back("o" + std::to_string(i));
    StagedOutputs outputs(names, std::move(paths), attempt);
    EXPECT_EQ(outputs.prepare(), std::nullopt);
    return outputs;
  }
  TemporaryFolder folder_;
};

TEST_F(StagedOutputsTest, a_staged_file_gets_its_final_name) {
  auto outputs = prepared({folder_ / "deep/er/out.h5"}, 2);
  EXPECT_EQ(outputs.staged()[0], folder_ / "deep/er/.2-out.h5");
  write_text(outputs.staged()[0], "new");
  EXPECT_EQ(outputs.publish(), std::nullopt);
  EXPECT_EQ(read_text(folder_ / "deep/er/out.h5"), "new");
  EXPECT_FALSE(fs::exists(outputs.staged()[0]));
}

TEST_F(StagedOutputsTest, a_final_name_written_in_this_attempt_is_accepted) {
  write_text(folder_ / "out", "old");
  auto outputs = prepared({folder_ / "out"});
  write_text(folder_ / "out", "newer");
  EXPECT_EQ(outputs.publish(), std::nullopt);
  EXPECT_EQ(read_text(folder_ / "out"), "newer");
}

TEST_F(StagedOutputsTest, a_file_that_was_there_before_is_no_output_of_this_attempt) {
  write_text(folder_ / "out", "old");
  auto outputs = prepared({folder_ / "out"});
  EXPECT_THAT(outputs.publish().value_or(""), HasSubstr("did not write it"));
  outputs.set_aside();
  EXPECT_EQ(read_text(folder_ / "out"), "old");
}

TEST_F(StagedOutputsTest, a_missing_output_is_named_beside_what_is_there) {
  write_text(folder_ / "out.nc", "");
  auto outputs = prepared({folder_ / "out.h5"});
  const std::string problem = outputs.publish().value_or("");
  EXPECT_THAT(problem, HasSubstr("output 'o0' (" + (folder_ / "out.h5") + ") is missing"));
  EXPECT_THAT(problem, HasSubstr("holds: out.nc"));
}

TEST_F(StagedOutputsTest, a_long_listing_is_cut) {
  for (int i = 0; i < 30; ++i) write_text(folder_ / "f" + std::to_string(i), "");
  EXPECT_THAT(prepared({folder_ / "out"}).publish().value_or(""), HasSubstr("and 10 more"));
}

TEST_F(StagedOutputsTest, with_one_output_missing_none_gets_its_final_name) {
  auto outputs = prepared({folder_ / "a", folder_ / "b"});
  write_text(outputs.staged()[0], "a");
  EXPECT_NE(outputs.publish(), std::nullopt);
  outputs.set_aside();
  EXPECT_FALSE(fs::exists(folder_ / "a"));
  EXPECT_EQ(read_text(folder_ / "a.failed-1"), "a");
}

TEST_F(StagedOutputsTest, what_a_failed_attempt_wrote_is_set_aside_wherever_it_wrote_it) {
  auto outputs = prepared({folder_ / "a", folder_ / "b", folder_ / "c"}, 3);
  write_text(outputs.staged()[0], "staged");
  write_text(folder_ / "b", "direct");
  outputs.set_aside();
  EXPECT_EQ(read_text(folder_ / "a.failed-3"), "staged");
  EXPECT_EQ(read_text(folder_ / "b.failed-3"), "direct");
  EXPECT_FALSE(fs::exists(folder_ / "b"));
  EXPECT_FALSE(fs::exists(folder_ / "c.failed-3"));
}

TEST_F(StagedOutputsTest, leftovers_of_a_killed_life_are_not_taken_for_output) {
  write_text(folder_ / ".1-out", "half");
  fs::create_directories(folder_ / ".1-folder/sub");
  auto outputs = prepared({folder_ / "out", folder_ / "folder"});
  EXPECT_FALSE(fs::exists(folder_ / ".1-out"));
  EXPECT_FALSE(fs::exists(folder_ / ".1-folder"));
}

TEST_F(StagedOutputsTest, a_directory_replaces_an_older_one) {
  fs::create_directories(folder_ / "out");
  write_text(folder_ / "out/old", "");
  auto outputs = prepared({folder_ / "out"});
  fs::create_directories(outputs.staged()[0]);
  write_text(outputs.staged()[0] + "/new", "");
  EXPECT_EQ(outputs.publish(), std::nullopt);
  EXPECT_TRUE(fs::exists(folder_ / "out/new"));
  EXPECT_FALSE(fs::exists(folder_ / "out/old"));
}

TEST_F(StagedOutputsTest, a_directory_that_can_not_be_made_is_a_problem_at_the_start) {
  write_text(folder_ / "file", "");
  StagedOutputs outputs({"x"}, {folder_ / "file/out"}, 1);
  EXPECT_THAT(outputs.prepare().value_or(""), HasSubstr("cannot create directory"));
  outputs.set_aside();
}

}  // namespace
}  // namespace fugle::executor
