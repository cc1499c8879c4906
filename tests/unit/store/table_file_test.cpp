#include "store/table_file.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using testing::TemporaryDirectory;

TEST(TableFile, comes_back_as_it_was_written_and_is_replaced_as_a_whole) {
  const TemporaryDirectory directory;
  EXPECT_THROW((void)read_table(directory.path()), EnvironmentError);
  write_table(directory.path(), "r1", {{"median(t)"}, {"old"}, {"9"}, {1}, {1}, {9}});
  const TableColumns table{{"median(t)", "speedup(t)"},         {"md", "md"}, {"1", "2"}, {3, 3}, {3, 0},
                           {1.5, 1, std::nan(""), std::nan("")}};
  write_table(directory.path(), "r1", table);
  const TableColumns back = read_table(directory.path());
  EXPECT_EQ(back.columns, table.columns);
  EXPECT_EQ(back.tasks, table.tasks);
  EXPECT_EQ(back.points, table.points);
  EXPECT_EQ(back.elements, table.elements);
  EXPECT_EQ(back.with_values, table.with_values);
  ASSERT_EQ(back.values.size(), 4u);
  EXPECT_EQ(back.values[0], 1.5);
  EXPECT_TRUE(std::isnan(back.values[3]));
}

}  // namespace
}  // namespace fugle::store
