#include "report/compare.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fugle::report {
namespace {

Comparison comparison() {
  return {{"energy", "walltime"},
          {"Ha", ""},
          {{"r1", "md[1]", 1, {-1.5, 20}}, {"r1", "md[2]", 2, {std::nullopt, 10}}, {"r1", "md[3]", 1, {-2.5, 30}}}};
}

std::vector<std::string> elements(const Comparison& compared) {
  std::vector<std::string> names;
  for (const ComparedRow& row : compared.rows) names.push_back(row.element);
  return names;
}

using Names = std::vector<std::string>;

TEST(Comparison, is_sorted_by_a_metric_with_rows_that_lack_it_at_the_end) {
  Comparison compared = comparison();
  sort_rows(compared, 0, Order::ascending);
  EXPECT_EQ(elements(compared), (Names{"md[3]", "md[1]", "md[2]"}));
  sort_rows(compared, 0, Order::descending);
  EXPECT_EQ(elements(compared), (Names{"md[1]", "md[3]", "md[2]"}));
  sort_rows(compared, 1, Order::ascending);
  EXPECT_EQ(elements(compared), (Names{"md[2]", "md[1]", "md[3]"}));
}

TEST(Comparison, shows_runs_where_there_are_several) {
  Comparison compared = comparison();
  EXPECT_EQ(comparison_text(compared),
            "energy Ha  walltime  att  element\n"
            "     -1.5        20    1  md[1]\n"
            "        -        10    2  md[2]\n"
            "     -2.5        30    1  md[3]\n");
  compared.rows[2].run = "r2";
  EXPECT_NE(comparison_text(compared).find("  1  r2   md[3]"), std::string::npos);
}

TEST(Comparison, is_written_as_csv_and_json) {
  EXPECT_EQ(comparison_csv(comparison()),
            "run,element,attempt,energy,walltime\n"
            "r1,md[1],1,-1.5,20\n"
            "r1,md[2],2,,10\n"
            "r1,md[3],1,-2.5,30\n");
  const auto json = nlohmann::json::parse(comparison_json(comparison()));
  EXPECT_EQ(json[0]["energy"], -1.5);
  EXPECT_TRUE(json[1]["energy"].is_null());
}

}  // namespace
}  // namespace fugle::report
