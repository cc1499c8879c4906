#include "app/plugin_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fugle::app {
namespace {

graph::Graph three_calls() {
  graph::GraphBuilder builder;
  for (const char* function : {"libx.so:f", "libx.so:f", ":own", "liby.so:g"}) {
    graph::Task task;
    task.name = std::string("t") + function;
    task.kind = graph::TaskKind::function;
    task.function = function;
    builder.add_task(task);
  }
  return graph::Graph(std::move(builder).build());
}

TEST(PluginCheck, tries_each_function_once_and_none_of_the_program) {
  std::vector<std::string> tried;
  workflow::Diagnostics diagnostics("w.yaml");
  const auto trial = [&](const std::string& function) -> std::optional<std::string> {
    tried.push_back(function);
    return function == "libx.so:f" ? std::optional<std::string>("plugin libx.so:f: no") : std::nullopt;
  };
  check_plugins(three_calls(), nullptr, trial, {1, 2, 1, 0}, diagnostics);
  EXPECT_THAT(tried, testing::ElementsAre("libx.so:f"));
  EXPECT_THAT(diagnostics.to_text(), testing::HasSubstr("E305: plugin libx.so:f: no"));
}

}  // namespace
}  // namespace fugle::app
