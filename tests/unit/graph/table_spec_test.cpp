#include "graph/table_spec.hpp"

#include <gtest/gtest.h>

namespace fugle::graph {
namespace {

TEST(TableColumn, is_a_statistic_of_a_metric) {
  EXPECT_EQ(parse_column("efficiency(ns_day)"), (TableColumn{Statistic::efficiency, "ns_day"}));
  EXPECT_EQ(parse_column(" median ( a-b ) "), (TableColumn{Statistic::median, "a-b"}));
  for (const char* text : {"", "median", "median()", "middle(x)", "median(x", "(x)"})
    EXPECT_FALSE(parse_column(text)) << text;
}

TEST(TableColumn, is_written_as_it_is_read) {
  for (const char* text :
       {"median(x)", "mean(x)", "min(x)", "max(x)", "spread(x)", "count(x)", "speedup(x)", "efficiency(x)"})
    EXPECT_EQ(text_of(parse_column(text).value()), text);
}

}  // namespace
}  // namespace fugle::graph
