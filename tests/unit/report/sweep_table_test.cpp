#include "report/sweep_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fugle::report {
namespace {

using graph::parse_column;
using graph::TableSpec;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<SweepMetric> kMetrics = {{"ns_day", "ns/day"}, {"wall", "s"}};

TableSpec spec_of(std::vector<std::string> columns) {
  TableSpec spec;
  spec.rows = {"nodes"};
  for (const std::string& column : columns) spec.columns.push_back(parse_column(column).value());
  return spec;
}

SweepElement element(std::string nodes, double ns_day, double wall = 1) {
  return {"md", {{"nodes", std::move(nodes)}, {"repeat", "1"}}, {{"ns_day", ns_day}, {"wall", wall}}};
}

/// The values of one column, NaN where there is none.
std::vector<double> column(const SweepTable& table, std::size_t i = 0) {
  std::vector<double> values;
  for (const SweepRow& row : table.rows) values.push_back(row.cells[i].value.value_or(-99));
  return values;
}

const std::vector<SweepElement> kSweep = {element("8", 60, 2),  element("1", 10, 12),  element("1", 12, 10),
                                          element("1", 11, 11), element("2", 22, 5.5), element("8", 62, 2)};

TEST(SweepTable, has_a_row_per_point_in_the_order_of_their_numbers) {
  const SweepTable table =
      make_sweep_table(spec_of({"median(ns_day)", "count(ns_day)"}), kMetrics,
                       std::vector{element("10", 1), element("9", 2), element("a", 3), element("10", 3)});
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].point, std::vector<std::string>{"9"});
  EXPECT_EQ(table.rows[1].point, std::vector<std::string>{"10"});
  EXPECT_EQ(table.rows[2].point, std::vector<std::string>{"a"});
  EXPECT_THAT(column(table), ElementsAre(2, 2, 3));
  EXPECT_THAT(column(table, 1), ElementsAre(1, 2, 1));
}

TEST(SweepTable, computes_its_statistics) {
  const SweepTable table = make_sweep_table(
      spec_of({"median(ns_day)", "mean(ns_day)", "min(ns_day)", "max(ns_day)", "spread(ns_day)"}), kMetrics, kSweep);
  EXPECT_THAT(column(table, 0), ElementsAre(11, 22, 61));
  EXPECT_THAT(column(table, 1), ElementsAre(11, 22, 61));
  EXPECT_THAT(column(table, 2), ElementsAre(10, 22, 60));
  EXPECT_THAT(column(table, 3), ElementsAre(12, 22, 62));
  EXPECT_THAT(column(table, 4), ElementsAre(2.0 / 11, 0, 2.0 / 61));
  EXPECT_THAT(table.units, ElementsAre("ns/day", "ns/day", "ns/day", "ns/day", ""));
}

TEST(SweepTable, holds_rates_and_times_against_the_baseline_the_right_way_round) {
  TableSpec spec = spec_of({"speedup(ns_day)", "speedup(wall)", "efficiency(ns_day)", "efficiency(wall)"});
  for (const bool is_written : {false, true}) {
    if (is_written) spec.baseline = {{"nodes", "1"}};
    const SweepTable table = make_sweep_table(spec, kMetrics, kSweep);
    EXPECT_THAT(column(table, 0), ElementsAre(1, 2, 61.0 / 11));
    EXPECT_THAT(column(table, 1), ElementsAre(1, 2, 5.5));
    EXPECT_THAT(column(table, 2), ElementsAre(1, 1, 61.0 / 88));
    EXPECT_THAT(column(table, 3), ElementsAre(1, 1, 5.5 / 8));
  }
}

TEST(SweepTable, can_have_a_baseline_in_the_middle) {
  TableSpec spec = spec_of({"speedup(ns_day)", "efficiency(ns_day)"});
  spec.baseline = {{"nodes", "2.0"}};
  const SweepTable table = make_sweep_table(spec, kMetrics, kSweep);
  EXPECT_THAT(column(table, 0), ElementsAre(0.5, 1, 61.0 / 22));
  EXPECT_THAT(column(table, 1), ElementsAre(1, 1, 61.0 / 88));
}

TEST(SweepTable, takes_the_baseline_of_the_same_problem) {
  TableSpec spec = spec_of({"speedup(wall)", "efficiency(wall)"});
  spec.rows = {"size", "nodes"};
  spec.baseline = {{"nodes", "1"}};
  const auto at = [](const char* size, const char* nodes, double wall) {
    return SweepElement{"md", {{"nodes", nodes}, {"size", size}}, {{"wall", wall}}};
  };
  const SweepTable table = make_sweep_table(
      spec, kMetrics, std::vector{at("big", "1", 100), at("big", "4", 50), at("tiny", "1", 8), at("tiny", "4", 8)});
  EXPECT_THAT(column(table, 0), ElementsAre(1, 2, 1, 1));
  EXPECT_THAT(column(table, 1), ElementsAre(1, 0.5, 1, 0.25));
}

TEST(SweepTable, divides_by_cores_where_the_points_are_no_numbers) {
  TableSpec spec = spec_of({"efficiency(wall)"});
  spec.rows = {"layout"};
  const auto with = [](const char* layout, double wall, std::uint64_t cores) {
    return SweepElement{"md", {{"layout", layout}}, {{"wall", wall}}, "", false, cores};
  };
  spec.baseline = {{"layout", "small"}};
  const SweepTable table = make_sweep_table(spec, kMetrics, std::vector{with("large", 2, 64), with("small", 8, 32)});
  EXPECT_THAT(column(table), ElementsAre(2, 1));
}

TEST(SweepTable, names_the_cells_that_miss_their_reference) {
  TableSpec spec = spec_of({"efficiency(ns_day)", "median(wall)"});
  spec.references.push_back({spec.columns[0], {{"nodes", "8"}}, 0.7, std::nullopt});
  spec.references.push_back({spec.columns[1], {}, std::nullopt, 11.0});
  const SweepTable table = make_sweep_table(spec, kMetrics, kSweep);
  EXPECT_THAT(table.misses(), ElementsAre("efficiency(ns_day) of md[8]: 0.693182 is below 0.7"));
  EXPECT_THAT(sweep_text(table), HasSubstr("0.6932 !"));
  spec.references[0].min = 0.69;
  EXPECT_THAT(make_sweep_table(spec, kMetrics, kSweep).misses(), IsEmpty());
  spec.references[1].max = 10;
  EXPECT_THAT(make_sweep_table(spec, kMetrics, kSweep).misses(), ElementsAre("median(wall) of md[1]: 11 is above 10"));
}

TEST(SweepTable, shows_what_has_a_reference) {
  TableSpec spec = spec_of({"median(ns_day)"});
  spec.references.push_back({parse_column("max(wall)").value(), {}, std::nullopt, 11.5});
  const SweepTable table = make_sweep_table(spec, kMetrics, kSweep);
  EXPECT_THAT(table.columns, ElementsAre("median(ns_day)", "max(wall)"));
  EXPECT_THAT(table.misses(), ElementsAre("max(wall) of md[1]: 12 is above 11.5"));
}

TEST(SweepTable, says_why_figures_are_missing) {
  std::vector<SweepElement> sweep = kSweep;
  for (std::size_t i : {0u, 5u}) {
    sweep[i].metrics.clear();
    sweep[i].why_none = "not run: needs 8 nodes, allocation has 4";
    sweep[i].is_unfit = true;
  }
  sweep[2].metrics.clear();
  sweep[2].why_none = "FAILED";
  TableSpec spec = spec_of({"median(ns_day)", "speedup(ns_day)"});
  spec.references.push_back({spec.columns[1], {{"nodes", "8"}}, 1000, std::nullopt});
  const SweepTable table = make_sweep_table(spec, kMetrics, sweep);
  EXPECT_TRUE(table.has_unfit_rows());
  EXPECT_THAT(table.misses(), IsEmpty()) << "what was not measured is not below its reference";
  EXPECT_EQ(sweep_text(table),
            "nodes  median(ns_day) ns/day  speedup(ns_day)  \n"
            "    1                   10.5                1  1 of 3: FAILED\n"
            "    2                     22            2.095  \n"
            "    8                      -                -  not run: needs 8 nodes, allocation has 4\n");
}

TEST(SweepTable, without_a_baseline_row_has_no_speedup) {
  TableSpec spec = spec_of({"speedup(ns_day)", "median(ns_day)"});
  spec.baseline = {{"nodes", "16"}};
  const SweepTable table = make_sweep_table(spec, kMetrics, kSweep);
  EXPECT_THAT(column(table), ElementsAre(-99, -99, -99));
}

TEST(SweepTable, leaves_out_tasks_that_lack_a_variable_and_tells_others_apart) {
  std::vector<SweepElement> sweep = {element("1", 10), {"other", {{"nodes", "1"}}, {{"ns_day", 20}}}, {"plot"}};
  const SweepTable table = make_sweep_table(spec_of({"speedup(ns_day)"}), kMetrics, sweep);
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].task, "md");
  EXPECT_EQ(table.rows[1].task, "other");
  EXPECT_THAT(column(table), ElementsAre(1, 1)) << "each has a baseline of its own";
  EXPECT_TRUE(table.has_several_tasks);
}

TEST(SweepTable, is_written_as_csv_and_json) {
  std::vector<SweepElement> sweep = {element("1", 10), element("2", 0.1)};
  sweep[1].metrics.clear();
  sweep[1].why_none = "BLOCKED, by prepare";
  const SweepTable table = make_sweep_table(spec_of({"median(ns_day)"}), kMetrics, sweep);
  EXPECT_EQ(sweep_csv(table),
            "task,nodes,median(ns_day),elements,with_values,why\n"
            "md,1,10,1,1,\n"
            "md,2,,1,0,\"BLOCKED, by prepare\"\n");
  const auto json = nlohmann::json::parse(sweep_json(table));
  EXPECT_EQ(json["rows"][0]["values"]["median(ns_day)"], 10);
  EXPECT_TRUE(json["rows"][1]["values"]["median(ns_day)"].is_null());
  EXPECT_EQ(json["rows"][1]["point"]["nodes"], "2");
  EXPECT_EQ(json["units"]["median(ns_day)"], "ns/day");
}

TEST(SweepTable, of_nothing_says_so) {
  EXPECT_EQ(sweep_text(make_sweep_table(spec_of({"median(ns_day)"}), kMetrics, {})),
            "no element is part of the table\n");
}

TEST(IsTime, goes_by_the_unit_then_by_the_name) {
  for (const char* unit : {"s", "ms", "us", "min", "h", "s/step", "ms/iteration", "seconds"})
    EXPECT_TRUE(is_time({"x", unit})) << unit;
  for (const char* unit : {"ns/day", "GB/s", "1/s", "steps/s", "GF", "J", "years/day"})
    EXPECT_FALSE(is_time({"time", unit})) << unit;
  for (const char* name : {"time", "wall_time", "elapsed", "run-time"}) EXPECT_TRUE(is_time({name, ""})) << name;
  for (const char* name : {"ns_day", "rate", "times", "gb_s", "gflops"}) EXPECT_FALSE(is_time({name, ""})) << name;
}

}  // namespace
}  // namespace fugle::report
