// Bad files and the exact text they get: golden/NAME.yaml and, beside it, golden/NAME.txt.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "workflow/reader.hpp"

namespace fugle::workflow {
namespace {

std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(FUGLE_SOURCE_DIR "/tests/unit/workflow/golden"))
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, file_gets_exactly_the_expected_messages) {
  const std::string stem = FUGLE_SOURCE_DIR "/tests/unit/workflow/golden/" + GetParam();
  Diagnostics diagnostics(GetParam() + ".yaml");
  const ReadOptions beside{[](const std::string& path, std::string& why) {
    return bytes_on_disk(FUGLE_SOURCE_DIR "/tests/unit/workflow/golden/" + path, why);
  }};
  const auto workflow = read_workflow(read_file(stem + ".yaml"), diagnostics, beside);
  diagnostics.sort();
  EXPECT_EQ(diagnostics.to_text(), read_file(stem + ".txt"));
  EXPECT_EQ(workflow.has_value(), !diagnostics.has_errors());
}

INSTANTIATE_TEST_SUITE_P(Reader, Golden, testing::ValuesIn(golden_names()),
                         [](const auto& golden) { return golden.param; });

}  // namespace
}  // namespace fugle::workflow
