// The table of a sweep as text, CSV and JSON.
#include <fmt/format.h>

#include <algorithm>

#include "report/csv.hpp"
#include "report/json_text.hpp"
#include "report/sweep_table.hpp"
#include "report/text_table.hpp"

namespace fugle::report {
namespace {

/// Of a figure: four digits that count, more where they stand before the point.
std::string figure_text(double value) {
  const double size = value < 0 ? -value : value;
  if (size >= 1000 && size < 1e9) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string cell_text(const SweepCell& cell) {
  if (!cell.value) return "-";
  return figure_text(*cell.value) + (cell.missed.empty() ? "" : " !");
}

/// Why figures are missing in a row; empty: none are.
std::string remark_on(const SweepRow& row) {
  if (row.num_with_values == row.num_elements) return {};
  const std::string why = row.why_none.empty() ? "no values" : row.why_none;
  if (row.num_with_values == 0) return why;
  return fmt::format("{} of {}: {}", row.num_elements - row.num_with_values, row.num_elements, why);
}

bool has_remarks(const SweepTable& table) {
  return std::ranges::any_of(table.rows, [](const SweepRow& row) { return !remark_on(row).empty(); });
}

}  // namespace

std::string sweep_text(const SweepTable& table) {
  std::vector<std::string> heads;
  std::vector<Align> aligns;
  if (table.has_several_tasks) heads.emplace_back("task"), aligns.push_back(Align::left);
  for (const std::string& variable : table.variables) heads.push_back(variable), aligns.push_back(Align::right);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    heads.push_back(table.units[i].empty() ? table.columns[i] : table.columns[i] + " " + table.units[i]);
    aligns.push_back(Align::right);
  }
  const bool with_remarks = has_remarks(table);
  if (with_remarks) heads.emplace_back(""), aligns.push_back(Align::left);
  TextTable text(heads, aligns);
  for (const SweepRow& row : table.rows) {
    std::vector<std::string> fields;
    if (table.has_several_tasks) fields.push_back(row.task);
    fields.insert(fields.end(), row.point.begin(), row.point.end());
    for (const SweepCell& cell : row.cells) fields.push_back(cell_text(cell));
    if (with_remarks) fields.push_back(remark_on(row));
    text.add(std::move(fields));
  }
  return text.is_empty() ? "no element is part of the table\n" : text.to_text();
}

std::string sweep_csv(const SweepTable& table) {
  std::vector<std::string> heads{"task"};
  heads.insert(heads.end(), table.variables.begin(), table.variables.end());
  heads.insert(heads.end(), table.columns.begin(), table.columns.end());
  for (const char* name : {"elements", "with_values", "why"}) heads.emplace_back(name);
  std::string csv = csv_line(heads);
  for (const SweepRow& row : table.rows) {
    std::vector<std::string> fields{row.task};
    fields.insert(fields.end(), row.point.begin(), row.point.end());
    for (const SweepCell& cell : row.cells) fields.push_back(cell.value ? fmt::format("{}", *cell.value) : "");
    fields.push_back(std::to_string(row.num_elements));
    fields.push_back(std::to_string(row.num_with_values));
    fields.push_back(remark_on(row));
    csv += csv_line(fields);
  }
  return csv;
}

std::string sweep_json(const SweepTable& table) {
  Json rows = Json::array();
  for (const SweepRow& row : table.rows) {
    Json point = Json::object();
    for (std::size_t i = 0; i < table.variables.size(); ++i) point[table.variables[i]] = row.point[i];
    Json values = Json::object();
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      values[table.columns[i]] = row.cells[i].value ? Json(*row.cells[i].value) : Json();
    rows.push_back({{"task", row.task},
                    {"point", std::move(point)},
                    {"values", std::move(values)},
                    {"elements", row.num_elements},
                    {"with_values", row.num_with_values},
                    {"why", remark_on(row).empty() ? Json() : Json(remark_on(row))}});
  }
  Json units = Json::object();
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    units[table.columns[i]] = table.units[i].empty() ? Json() : Json(table.units[i]);
  return to_pretty_text(Json{{"variables", table.variables},
                             {"columns", table.columns},
                             {"units", std::move(units)},
                             {"rows", std::move(rows)},
                             {"misses", table.misses()}}) +
         "\n";
}

}  // namespace fugle::report
