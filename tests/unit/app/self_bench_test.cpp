#include "app/self_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fugle::app {
namespace {

using testing::HasSubstr;

BenchFigures some_figures() {
  BenchFigures figures;
  figures.version = "1.2";
  figures.host = "node7";
  figures.num_cores = 4;
  figures.metg_us = 0.5;
  figures.calls_per_s = 4'560'000;
  figures.processes_per_s = 3000;
  figures.num_ranks = 2;
  figures.notes = {"mpirun: exit code 127"};
  return figures;
}

TEST(SelfBench, names_the_machine_and_what_was_not_measured) {
  const std::string text = bench_text(some_figures());
  EXPECT_THAT(text, HasSubstr("fugle 1.2 on node7: unknown processor, 4 cores"));
  EXPECT_THAT(text, testing::ContainsRegex("METG.* one thread +0.50 us\n"));
  EXPECT_THAT(text, testing::ContainsRegex("calls that do nothing, one thread +4.56 million/s\n"));
  EXPECT_THAT(text, testing::ContainsRegex("processes, all cores +3000 /s\n"));
  EXPECT_THAT(text, testing::ContainsRegex("by bare mpirun +not measured\n"));
  EXPECT_THAT(text, HasSubstr("note: mpirun: exit code 127\n"));
}

TEST(SelfBench, is_json_with_null_for_what_was_not_measured) {
  const auto json = nlohmann::json::parse(bench_json(some_figures()));
  EXPECT_EQ(json["metg50_stencil_1d_us"]["one_thread"], 0.5);
  EXPECT_TRUE(json["metg50_stencil_1d_us"]["all_cores"].is_null());
  EXPECT_TRUE(json["mpi_task"]["mpirun_ms"].is_null());
  EXPECT_EQ(json["cores"], 4);
}

}  // namespace
}  // namespace fugle::app
