#include "app/find_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"

namespace fugle::app {
namespace {

namespace fs = std::filesystem;

class FindRun : public testing::Test {
 protected:
  FindRun() : dir_(fs::temp_directory_path() / ("find_run_test." + std::to_string(::getpid()))) {}
  ~FindRun() override { fs::remove_all(dir_); }

  void add(const std::string& run) {
    fs::create_directories(dir_ / run);
    std::ofstream(dir_ / run / "run.json") << "{}";
  }
  [[nodiscard]] std::string found(const std::string& word) const {
    return fs::path(find_run(dir_.string(), word)).filename().string();
  }
  [[nodiscard]] std::string refusal(const std::string& word) const {
    try {
      return "found " + found(word);
    } catch (const UsageError& error) {
      return error.what();
    }
  }

  fs::path dir_;
};

TEST_F(FindRun, takes_the_newest_when_nothing_is_said) {
  add("zeta-20260601T043000-aaaa");
  add("alpha-20260602T043000-bbbb");
  add("my-sim-20260601T120000-cccc");
  EXPECT_EQ(found(""), "alpha-20260602T043000-bbbb");
  EXPECT_EQ(list_runs(dir_.string()).size(), 3u);
}

TEST_F(FindRun, takes_an_id_or_a_unique_beginning) {
  add("demo-20260601T043000-aaaa");
  add("demo-20260602T043000-bbbb");
  EXPECT_EQ(found("demo-20260601"), "demo-20260601T043000-aaaa");
  EXPECT_EQ(found((dir_ / "demo-20260602T043000-bbbb/").string()), "demo-20260602T043000-bbbb");
  EXPECT_EQ(
      refusal("demo"),
      "'demo' is the beginning of 2 runs (demo-20260602T043000-bbbb, demo-20260601T043000-aaaa); write more of it");
}

TEST_F(FindRun, suggests_what_may_have_been_meant) {
  add("demo-20260601T043000-aaaa");
  EXPECT_EQ(refusal("demo-20260601T043000-aaab"),
            "no run 'demo-20260601T043000-aaab' in '" + dir_.string() + "'; did you mean 'demo-20260601T043000-aaaa'?");
}

TEST_F(FindRun, says_when_there_are_no_runs) {
  EXPECT_EQ(refusal(""),
            "no runs in '" + dir_.string() + "'; start one with 'fugle run FILE', or name another place by --runs-dir");
}

TEST_F(FindRun, ignores_folders_that_are_no_runs) {
  add("demo-20260601T043000-aaaa");
  fs::create_directories(dir_ / "other-20270101T000000-dddd");
  EXPECT_EQ(found(""), "demo-20260601T043000-aaaa");
}

TEST_F(FindRun, reads_one_word_as_a_run_or_else_as_an_element_of_the_newest) {
  add("demo-20260601T043000-aaaa");
  add("demo-20260602T043000-bbbb");
  const RunAndElement element = find_run_and_element(dir_.string(), {"mdrun[8,2]"});
  EXPECT_TRUE(element.run_dir.ends_with("bbbb"));
  EXPECT_EQ(element.element, "mdrun[8,2]");
  const RunAndElement run = find_run_and_element(dir_.string(), {"demo-20260601"});
  EXPECT_TRUE(run.run_dir.ends_with("aaaa"));
  EXPECT_EQ(run.element, "");
}

}  // namespace
}  // namespace fugle::app
