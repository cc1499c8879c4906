#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "workflow/expand.hpp"
#include "workflow/reader.hpp"

namespace fugle::workflow {
namespace {

namespace fs = std::filesystem;

class CheckInputs : public ::testing::Test {
 protected:
  CheckInputs() {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "config");
    std::ofstream(folder_ / "config" / "namelist.wps") << "x";
  }
  ~CheckInputs() override { fs::remove_all(folder_); }

  std::string messages(const std::string& tasks) {
    Diagnostics diagnostics("w.yaml");
    const auto workflow = read_workflow("version: 1\nname: w\ntasks:\n" + tasks, diagnostics);
    ExpandOptions options;
    options.directory = folder_.string();
    const auto graph = workflow ? expand(*workflow, options, diagnostics) : std::nullopt;
    if (graph) check_inputs_exist(*graph, *workflow, diagnostics);
    diagnostics.sort();
    const std::string text = diagnostics.to_text();
    return text.substr(0, text.find('\n'));
  }

  fs::path folder_ = fs::path(::testing::TempDir()) / "fugle_check_inputs_test";
};

TEST_F(CheckInputs, files_that_exist_and_files_that_another_task_makes_are_good) {
  EXPECT_EQ(messages("  a: {inputs: {i: config/namelist.wps, d: ./config}, outputs: {o: x}, run: [t]}\n"
                     "  b: {inputs: {i: [x, \"${{ tasks.a.outputs.o }}\"]}, run: [t]}\n"),
            "");
}

TEST_F(CheckInputs, a_missing_file_is_named_as_written_with_the_nearest_of_its_directory) {
  EXPECT_EQ(messages("  geogrid: {inputs: {domain: config/namelist.wsp}, run: [t]}\n"),
            "w.yaml:4:30: error E204: input 'domain' of 'geogrid': 'config/namelist.wsp' not found; did you mean "
            "'config/namelist.wps'?");
  EXPECT_EQ(messages("  a: {inputs: {i: nowhere/x.txt}, run: [t]}\n"),
            "w.yaml:4:19: error E204: input 'i' of 'a': 'nowhere/x.txt' not found");
}

TEST_F(CheckInputs, a_path_made_by_an_expression_is_shown_absolute_and_only_once) {
  EXPECT_EQ(messages("  a: {matrix: {x: [1, 2, 3]}, inputs: {i: \"f${{ 1 }}\"}, run: [t]}\n"),
            "w.yaml:4:43: error E204: input 'i' of 'a': '" + (folder_ / "f1").string() + "' not found");
}

TEST_F(CheckInputs, a_task_does_not_make_its_own_inputs) {
  EXPECT_EQ(messages("  a: {inputs: {i: x}, outputs: {o: x}, run: [t]}\n"),
            "w.yaml:4:19: error E204: input 'i' of 'a': 'x' not found");
}

TEST_F(CheckInputs, finally_finds_what_others_make_and_others_do_not_find_what_finally_makes) {
  EXPECT_EQ(messages("  a: {outputs: {o: x}, run: [t]}\nfinally:\n  f: {inputs: {i: x}, run: [t]}\n"), "");
  EXPECT_EQ(messages("  a: {inputs: {i: y}, run: [t]}\nfinally:\n  f: {outputs: {o: y}, run: [t]}\n"),
            "w.yaml:4:19: error E204: input 'i' of 'a': 'y' not found");
}

}  // namespace
}  // namespace fugle::workflow
