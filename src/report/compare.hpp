// Attempts side by side by their metrics: `fugle history --compare`. Pure: data in, text out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fugle::report {

/// The last attempt of an element that has values.
struct ComparedRow {
  std::string run;
  std::string element;
  std::uint16_t attempt = 0;
  std::vector<std::optional<double>> values{};  ///< one per metric
};

struct Comparison {
  std::vector<std::string> metrics;  ///< headings: "energy"
  std::vector<std::string> units;    ///< of each; empty: none, or not the same in all rows
  std::vector<ComparedRow> rows;
};

enum class Order : unsigned char { ascending, descending };
/// By the value of one metric; rows without come last, equal ones stay in order.
void sort_rows(Comparison& comparison, std::size_t metric, Order order);

[[nodiscard]] std::string comparison_text(const Comparison& comparison);
[[nodiscard]] std::string comparison_csv(const Comparison& comparison);
/// [{run, element, attempt, energy, ...}]
[[nodiscard]] std::string comparison_json(const Comparison& comparison);

}  // namespace fugle::report
