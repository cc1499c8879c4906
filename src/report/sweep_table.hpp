// The table of a sweep (`report` of the file): one row per point, its columns statistics of metrics, held against
// references; as text, CSV and JSON. Pure: data in, text out. Knows nothing of files.
//
// The value of an element for a metric is the median of the series its last attempt printed. A row has the values of
// all elements that are at its point, n of them:
//
//   median, mean, min, max   of these values; the median of an even number is the mean of the two in the middle
//   spread                   (max - min) / |median|
//   count                    n
//   speedup                  m the median here, b the median of the baseline row: m / b; of a time, where less is
//                            better, b / m. So 1 is as fast as the baseline, 2 twice as fast
//   efficiency               speedup / (p / q), where p is the value of the baseline's variables here and q their value
//                            in the baseline row; where these are no numbers above 0, p and q are the cores that an
//                            element has, over all its nodes
//
// A column that has a reference is shown, also where the columns do not name it.
//
// The baseline of a row has the values that `baseline` gives and else those of the row itself; without `baseline` it is
// the first row of the table. A metric is a time when its unit is one (is_time). Rows are in the order of their
// values: numbers by size, before texts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/table_spec.hpp"

namespace fugle::report {

/// Of an element that belongs to the sweep.
struct SweepElement {
  std::string task;
  std::vector<std::pair<std::string, std::string>> variables{};  ///< of its matrix
  std::vector<std::pair<std::string, double>> metrics{};         ///< median of each that it has
  std::string why_none{};   ///< why it has none: "not run: needs 8 nodes, allocation has 4"
  bool is_unfit = false;    ///< this allocation is too small for it
  std::uint64_t cores = 1;  ///< over all nodes
};

struct SweepMetric {
  std::string name;
  std::string unit;
};

struct SweepCell {
  std::optional<double> value;
  std::string missed;  ///< the reference it does not reach: "0.512 is below 0.7"; empty: none
};
struct SweepRow {
  std::string task;
  std::vector<std::string> point;  ///< values of the row variables
  std::vector<SweepCell> cells{};  ///< one per column
  std::size_t num_elements = 0;
  std::size_t num_with_values = 0;
  std::string why_none{};  ///< of the first element without a value
  bool is_unfit = false;   ///< of some element
};

struct SweepTable {
  std::vector<std::string> variables;
  std::vector<std::string> columns;  ///< "median(ns_day)"
  std::vector<std::string> units;    ///< of each column; empty: it is a ratio or a count, or has none
  bool has_several_tasks = false;
  std::vector<SweepRow> rows;

  /// "efficiency(ns_day) of mdrun[8]: 0.512 is below 0.7", one per cell.
  [[nodiscard]] std::vector<std::string> misses() const;
  [[nodiscard]] bool has_unfit_rows() const;
};

/// Less of it is better: its unit is one of time (`s`, `ms`, `min`, `h`, ...) or time per something that is none
/// (`s/step`), but not something per time (`ns/day`). Without a unit the name decides: its last word is `time`,
/// `seconds`, `elapsed` or the like.
[[nodiscard]] bool is_time(const SweepMetric& metric);

/// Elements of tasks that lack a row variable, or all the metrics, are not part of it.
[[nodiscard]] SweepTable make_sweep_table(const graph::TableSpec& spec, std::span<const SweepMetric> metrics,
                                          std::span<const SweepElement> elements);

[[nodiscard]] std::string sweep_text(const SweepTable& table);
[[nodiscard]] std::string sweep_csv(const SweepTable& table);
/// {rows: [{task, nodes: "8", ..., "median(ns_day)": 1.5, elements, with_values, why}], misses: [...]}
[[nodiscard]] std::string sweep_json(const SweepTable& table);

}  // namespace fugle::report
