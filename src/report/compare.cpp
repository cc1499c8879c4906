#include "report/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/csv.hpp"
#include "report/json_text.hpp"
#include "report/text_table.hpp"

namespace fugle::report {
namespace {

bool has_several_runs(const Comparison& comparison) {
  const auto& rows = comparison.rows;
  return std::ranges::any_of(rows, [&](const ComparedRow& row) { return row.run != rows.front().run; });
}

}  // namespace

void sort_rows(Comparison& comparison, std::size_t metric, Order order) {
  std::ranges::stable_sort(comparison.rows, [&](const ComparedRow& a, const ComparedRow& b) {
    const auto& x = a.values[metric];
    const auto& y = b.values[metric];
    if (!x || !y) return x.has_value() && !y.has_value();
    return order == Order::ascending ? *x < *y : *x > *y;
  });
}

std::string comparison_text(const Comparison& comparison) {
  std::vector<std::string> heads;
  std::vector<Align> aligns;
  for (std::size_t i = 0; i < comparison.metrics.size(); ++i) {
    const std::string& unit = comparison.units[i];
    heads.push_back(unit.empty() ? comparison.metrics[i] : comparison.metrics[i] + " " + unit);
    aligns.push_back(Align::right);
  }
  const bool with_runs = has_several_runs(comparison);
  heads.emplace_back("att"), aligns.push_back(Align::right);
  if (with_runs) heads.emplace_back("run"), aligns.push_back(Align::left);
  heads.emplace_back("element"), aligns.push_back(Align::left);
  TextTable table(heads, aligns);
  for (const ComparedRow& row : comparison.rows) {
    std::vector<std::string> fields;
    for (const auto& value : row.values) fields.push_back(value ? fmt::format("{:.6g}", *value) : "-");
    fields.push_back(std::to_string(row.attempt));
    if (with_runs) fields.push_back(row.run);
    fields.push_back(row.element);
    table.add(std::move(fields));
  }
  return table.to_text();
}

std::string comparison_csv(const Comparison& comparison) {
  std::vector<std::string> heads{"run", "element", "attempt"};
  heads.insert(heads.end(), comparison.metrics.begin(), comparison.metrics.end());
  std::string csv = csv_line(heads);
  for (const ComparedRow& row : comparison.rows) {
    std::vector<std::string> fields{row.run, row.element, std::to_string(row.attempt)};
    for (const auto& value : row.values) fields.push_back(value ? fmt::format("{}", *value) : "");
    csv += csv_line(fields);
  }
  return csv;
}

std::string comparison_json(const Comparison& comparison) {
  Json list = Json::array();
  for (const ComparedRow& row : comparison.rows) {
    Json json{{"run", row.run}, {"element", row.element}, {"attempt", row.attempt}};
    for (std::size_t i = 0; i < comparison.metrics.size(); ++i)
      json[comparison.metrics[i]] = row.values[i] ? Json(*row.values[i]) : Json();
    list.push_back(std::move(json));
  }
  return to_pretty_text(list) + "\n";
}

}  // namespace fugle::report
