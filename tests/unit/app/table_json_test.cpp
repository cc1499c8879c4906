#include "app/table_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace fugle::app {
namespace {

using graph::parse_column;
using Json = nlohmann::ordered_json;

graph::TableSpec spec() {
  graph::TableSpec spec;
  spec.rows = {"nodes", "size"};
  spec.columns = {parse_column("median(t)").value(), parse_column("efficiency(t)").value()};
  spec.baseline = {{"nodes", "1"}};
  spec.references = {{spec.columns[1], {{"nodes", "8"}, {"size", "big"}}, 0.7, std::nullopt},
                     {spec.columns[0], {}, std::nullopt, 12.5}};
  return spec;
}

TEST(TableJson, comes_back_as_it_was) {
  EXPECT_EQ(table_spec_from(Json::parse(table_json(spec()).dump())), spec());
  EXPECT_EQ(table_spec_from(table_json({})), graph::TableSpec{});
  EXPECT_TRUE(table_json({}).is_null());
}

TEST(TableJson, takes_what_a_person_left_of_it) {
  for (const char* text :
       {"3", "[]", "{}", R"({"rows": 1, "columns": {}})", R"({"columns": ["median", 3], "rows": [[]]})",
        R"({"baseline": [], "references": [3, {}, {"column": "x"}, {"column": 1}]})"})
    EXPECT_TRUE(table_spec_from(Json::parse(text)).columns.empty()) << text;
  const graph::TableSpec part = table_spec_from(Json::parse(
      R"json({"rows": ["n"], "references": [{"column": "max(t)", "at": {"n": 3, "m": "4"}, "max": "x"}]})json"));
  ASSERT_EQ(part.references.size(), 1u);
  EXPECT_EQ(part.references[0].at, (graph::TablePoint{{"m", "4"}}));
  EXPECT_FALSE(part.references[0].max);
}

}  // namespace
}  // namespace fugle::app
