#include "report/sweep_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "graph/measures.hpp"

namespace fugle::report {
namespace {

using graph::Statistic;
using graph::TableColumn;
using graph::TablePoint;
using graph::TableSpec;

constexpr std::array<std::string_view, 25> kTimes = {
    "ns",      "us",  "\xC2\xB5s", "\xCE\xBCs", "ms",      "s",     "sec",   "secs", "second",
    "seconds", "min", "mins",      "minute",    "minutes", "h",     "hr",    "hrs",  "hour",
    "hours",   "d",   "day",       "days",      "week",    "weeks", "cycles"};
constexpr std::array<std::string_view, 9> kTimeWords = {"time",    "walltime", "runtime", "seconds", "elapsed",
                                                        "latency", "duration", "secs",    "wall"};

bool is_time_unit(std::string_view unit) { return std::ranges::find(kTimes, unit) != kTimes.end(); }

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

const std::string* value_of(const std::vector<std::pair<std::string, std::string>>& variables, std::string_view name) {
  const auto at = std::ranges::find(variables, name, &std::pair<std::string, std::string>::first);
  return at == variables.end() ? nullptr : &at->second;
}

/// "8" and "8.0" are the same point.
bool is_same_value(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto x = number_of(a);
  const auto y = number_of(b);
  return x && y && *x == *y;
}

/// Numbers by size, then texts.
bool comes_before(const std::string& a, const std::string& b) {
  const auto x = number_of(a);
  const auto y = number_of(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

/// The elements of a row, before anything is computed.
struct Point {
  std::string task;
  std::vector<std::string> values;
  std::vector<const SweepElement*> elements{};

  [[nodiscard]] std::vector<double> values_of(const std::string& metric) const {
    std::vector<double> all;
    for (const SweepElement* element : elements)
      for (const auto& [name, value] : element->metrics)
        if (name == metric) all.push_back(value);
    return all;
  }
};

class TableMaker {
 public:
  TableMaker(const TableSpec& spec, std::span<const SweepMetric> metrics)
      : spec_(spec), metrics_(metrics), columns_(spec.columns) {
    for (const graph::TableReference& reference : spec.references)
      if (std::ranges::find(columns_, reference.column) == columns_.end()) columns_.push_back(reference.column);
  }

  void collect(std::span<const SweepElement> elements) {
    for (const SweepElement& element : elements) {
      std::vector<std::string> values;
      for (const std::string& variable : spec_.rows)
        if (const std::string* value = value_of(element.variables, variable)) values.push_back(*value);
      if (values.size() != spec_.rows.size()) continue;
      const auto is_it = [&](const Point& point) { return point.task == element.task && point.values == values; };
      auto at = std::ranges::find_if(points_, is_it);
      if (at == points_.end()) at = points_.insert(at, {element.task, std::move(values)});
      at->elements.push_back(&element);
    }
    if (std::ranges::any_of(points_, [&](const Point& p) { return p.task != points_.front().task; }))
      has_several_tasks_ = true;
    std::ranges::stable_sort(points_, [](const Point& a, const Point& b) {
      if (a.task != b.task) return a.task < b.task;
      return std::ranges::lexicographical_compare(a.values, b.values, comes_before);
    });
  }

  SweepTable make() {
    SweepTable table;
    table.variables = spec_.rows;
    table.has_several_tasks = has_several_tasks_;
    for (const TableColumn& column : columns_) {
      table.columns.push_back(text_of(column));
      table.units.push_back(has_unit(column.statistic) ? metric_named(column.metric).unit : "");
    }
    for (const Point& point : points_) table.rows.push_back(row_of(point));
    return table;
  }

 private:
  static bool has_unit(Statistic statistic) {
    return statistic == Statistic::median || statistic == Statistic::mean || statistic == Statistic::min ||
           statistic == Statistic::max;
  }

  [[nodiscard]] SweepMetric metric_named(const std::string& name) const {
    const auto at = std::ranges::find(metrics_, name, &SweepMetric::name);
    return at == metrics_.end() ? SweepMetric{name, ""} : *at;
  }

  [[nodiscard]] SweepRow row_of(const Point& point) const {
    SweepRow row{point.task, point.values};
    row.num_elements = point.elements.size();
    for (const SweepElement* element : point.elements) {
      row.is_unfit = row.is_unfit || element->is_unfit;
      if (!element->metrics.empty())
        ++row.num_with_values;
      else if (row.why_none.empty())
        row.why_none = element->why_none;
    }
    for (const TableColumn& column : columns_) {
      SweepCell& cell = row.cells.emplace_back();
      cell.value = statistic_of(column, point);
      cell.missed = miss_of(column, point, cell.value);
    }
    return row;
  }

  [[nodiscard]] std::optional<double> statistic_of(const TableColumn& column, const Point& point) const {
    const std::vector<double> values = point.values_of(column.metric);
    if (column.statistic == Statistic::count) return static_cast<double>(values.size());
    if (values.empty()) return std::nullopt;
    const double median = *graph::median_of(values);
    const auto [min, max] = std::ranges::minmax(values);
    switch (column.statistic) {
      case Statistic::mean: {
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
      }
      case Statistic::min: return min;
      case Statistic::max: return max;
      case Statistic::spread: return finite((max - min) / std::abs(median), max == min);
      case Statistic::speedup: return speedup(column.metric, point, median);
      case Statistic::efficiency: return efficiency(column.metric, point, median);
      case Statistic::median:
      case Statistic::count: break;
    }
    return median;
  }

  /// 0 / 0 is 0 where nothing differs; else there is no such figure.
  static std::optional<double> finite(double value, bool is_zero = false) {
    if (is_zero) return 0.0;
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }

  /// Null: there is none.
  [[nodiscard]] const Point* baseline_of(const Point& point) const {
    for (const Point& other : points_) {
      if (other.task != point.task) continue;
      if (spec_.baseline.empty()) return &other;
      if (is_baseline(other, point)) return &other;
    }
    return nullptr;
  }
  [[nodiscard]] bool is_baseline(const Point& other, const Point& point) const {
    for (std::size_t i = 0; i < spec_.rows.size(); ++i) {
      const std::string* wanted = value_of(spec_.baseline, spec_.rows[i]);
      if (!is_same_value(other.values[i], wanted != nullptr ? *wanted : point.values[i])) return false;
    }
    return true;
  }

  [[nodiscard]] std::optional<double> speedup(const std::string& metric, const Point& point, double median) const {
    const Point* const baseline = baseline_of(point);
    const auto base = baseline == nullptr ? std::nullopt : graph::median_of(baseline->values_of(metric));
    if (!base) return std::nullopt;
    return finite(is_time(metric_named(metric)) ? *base / median : median / *base);
  }

  [[nodiscard]] std::optional<double> efficiency(const std::string& metric, const Point& point, double median) const {
    const auto faster = speedup(metric, point, median);
    if (!faster) return std::nullopt;
    return finite(*faster / resources_ratio(point, *baseline_of(point)));
  }

  /// How many times as much as the baseline a point uses.
  [[nodiscard]] double resources_ratio(const Point& point, const Point& baseline) const {
    double ratio = 1;
    for (std::size_t i = 0; i < spec_.rows.size(); ++i) {
      if (!spec_.baseline.empty() && value_of(spec_.baseline, spec_.rows[i]) == nullptr) continue;
      const auto here = number_of(point.values[i]);
      const auto there = number_of(baseline.values[i]);
      if (!here || !there || *here <= 0 || *there <= 0)
        return static_cast<double>(point.elements.front()->cores) /
               static_cast<double>(baseline.elements.front()->cores);
      ratio *= *here / *there;
    }
    return ratio;
  }

  [[nodiscard]] std::string miss_of(const TableColumn& column, const Point& point, std::optional<double> value) const {
    if (!value) return {};
    for (const graph::TableReference& reference : spec_.references) {
      if (reference.column != column || !is_at(point, reference.at)) continue;
      if (reference.min && *value < *reference.min)
        return fmt::format("{:.6g} is below {:.6g}", *value, *reference.min);
      if (reference.max && *value > *reference.max)
        return fmt::format("{:.6g} is above {:.6g}", *value, *reference.max);
    }
    return {};
  }
  [[nodiscard]] bool is_at(const Point& point, const TablePoint& at) const {
    for (const auto& [name, value] : at) {
      const auto variable = std::ranges::find(spec_.rows, name);
      if (variable == spec_.rows.end()) return false;
      if (!is_same_value(point.values[static_cast<std::size_t>(variable - spec_.rows.begin())], value)) return false;
    }
    return true;
  }

  const TableSpec& spec_;
  std::span<const SweepMetric> metrics_;
  std::vector<TableColumn> columns_;  ///< those that are wanted, and those that have a reference
  std::vector<Point> points_;
  bool has_several_tasks_ = false;
};

}  // namespace

bool is_time(const SweepMetric& metric) {
  if (metric.unit.empty()) {
    const std::size_t word = metric.name.find_last_of("_-");
    const std::string_view last = std::string_view(metric.name).substr(word == std::string::npos ? 0 : word + 1);
    return std::ranges::find(kTimeWords, last) != kTimeWords.end();
  }
  const std::string_view unit = metric.unit;
  const std::size_t slash = unit.find('/');
  if (!is_time_unit(unit.substr(0, slash))) return false;
  return slash == std::string_view::npos || !is_time_unit(unit.substr(slash + 1));
}

SweepTable make_sweep_table(const TableSpec& spec, std::span<const SweepMetric> metrics,
                            std::span<const SweepElement> elements) {
  TableMaker maker(spec, metrics);
  maker.collect(elements);
  return maker.make();
}

std::vector<std::string> SweepTable::misses() const {
  std::vector<std::string> all;
  for (const SweepRow& row : rows)
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      if (!row.cells[i].missed.empty())
        all.push_back(
            fmt::format("{} of {}[{}]: {}", columns[i], row.task, fmt::join(row.point, ","), row.cells[i].missed));
  return all;
}

bool SweepTable::has_unfit_rows() const { return std::ranges::any_of(rows, &SweepRow::is_unfit); }

}  // namespace fugle::report
