// What the key `report` asks for: a table with one row per point of a sweep, its columns figures made of metrics, and
// what the figures must be (FORMAT.md section 12). Plain data, checked by whoever reads the file. Knows nothing of
// values: report/sweep_table.hpp makes the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fugle::graph {

/// Of the values that the elements of one row have for a metric. What each means is said in report/sweep_table.hpp.
enum class Statistic : std::uint8_t { median, mean, min, max, spread, count, speedup, efficiency };
[[nodiscard]] const char* name_of(Statistic statistic);
/// "median"; nothing: no such word.
[[nodiscard]] std::optional<Statistic> statistic_named(std::string_view word);

/// "efficiency(ns_day)".
struct TableColumn {
  Statistic statistic = Statistic::median;
  std::string metric;
  bool operator==(const TableColumn&) const = default;
};
[[nodiscard]] std::string text_of(const TableColumn& column);
/// The metric is whatever stands between the parentheses. Nothing: not a word of Statistic and a name in parentheses.
[[nodiscard]] std::optional<TableColumn> parse_column(std::string_view text);

/// Matrix variables and the value each must have, as it is written in the id of an element.
using TablePoint = std::vector<std::pair<std::string, std::string>>;

/// What the figure of one column must be, in all rows that have these values.
struct TableReference {
  TableColumn column;
  TablePoint at;
  std::optional<double> min;
  std::optional<double> max;
  bool operator==(const TableReference&) const = default;
};

struct TableSpec {
  std::vector<std::string> rows;  ///< matrix variables, without "matrix."; empty: no table is wanted
  std::vector<TableColumn> columns;
  TablePoint baseline;  ///< some of the rows' variables; empty: the first row
  std::vector<TableReference> references;
  bool operator==(const TableSpec&) const = default;
  [[nodiscard]] bool is_wanted() const { return !rows.empty(); }
};

}  // namespace fugle::graph
