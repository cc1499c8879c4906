#include "executor/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "graph/measures.hpp"

namespace fugle::executor {
namespace {

using graph::FailureClass;
using graph::Metric;

/// Of a reference without tolerance: what printing and reading a number may change.
constexpr double kRounding = 1e-12;

/// "0.31 s"
std::string with_unit(double value, const Metric& metric) {
  return metric.unit.empty() ? fmt::format("{:.6g}", value) : fmt::format("{:.6g} {}", value, metric.unit);
}

struct Bounds {
  double low;
  double high;
};
Bounds bounds_of(const Metric& metric) {
  const double one = metric.reference * (1 + metric.lowest);
  const double other = metric.reference * (1 + metric.highest);
  return {std::min(one, other), std::max(one, other)};
}

bool is_within(double value, const Metric& metric) {
  const Bounds bounds = bounds_of(metric);
  const double slack = std::abs(metric.reference) * kRounding;
  return value >= bounds.low - slack && value <= bounds.high + slack;
}

std::string wanted(const Metric& metric) {
  const Bounds bounds = bounds_of(metric);
  return fmt::format("wanted {:.6g} to {} (reference {})", bounds.low, with_unit(bounds.high, metric),
                     with_unit(metric.reference, metric));
}

std::string absence_of(const Metric& metric, const LineScanner::Found& found) {
  if (metric.dataset.empty()) return fmt::format("metric '{}' was not found in its output", metric.name);
  return fmt::format("metric '{}' was not found in dataset '{}' of its output{}", metric.name, metric.dataset,
                     found.unreadable.empty() ? "" : fmt::format(" ({})", found.unreadable));
}

/// What is wrong with it, for which the attempt fails; empty: nothing.
std::string miss_of(const Metric& metric, const LineScanner::Found& found) {
  if (!metric.has_reference) return {};
  const auto median = graph::median_of(found.values);
  if (!median) return fmt::format("{}, {}", absence_of(metric, found), wanted(metric));
  if (is_within(*median, metric)) return {};
  return fmt::format("metric '{}' is {}, {}", metric.name, with_unit(*median, metric), wanted(metric));
}

std::string remark_on(const Metric& metric, const LineScanner::Found& found) {
  const bool is_missing = found.values.empty() && !metric.has_reference;
  if (!metric.dataset.empty() && is_missing) return absence_of(metric, found);
  if (!found.unreadable.empty() && metric.dataset.empty())
    return fmt::format("metric '{}' is '{}', which is no number", metric.name, found.unreadable);
  if (is_missing) return absence_of(metric, found);
  if (found.stride > 1)
    return fmt::format("metric '{}' has {} values, one of {} was kept", metric.name, found.num_values, found.stride);
  return {};
}

void join(std::string& text, const std::string& more) {
  if (!more.empty()) text += (text.empty() ? "" : "; ") + more;
}

}  // namespace

std::vector<std::string> regexes_of(std::span<const Metric> metrics) {
  std::vector<std::string> regexes;
  for (const Metric& metric : metrics)
    if (metric.dataset.empty()) regexes.push_back(metric.regex);
  return regexes;
}

std::vector<Metric> metrics_of(const graph::Task& task, const graph::ElementText& text) {
  std::vector<Metric> metrics = task.metrics;
  std::size_t next = 0;
  for (Metric& metric : metrics)
    if (metric.reference_varies && next < text.references.size())
      (void)parse_value(text.references[next++], metric.reference);
  return metrics;
}

void judge_metrics(std::span<const Metric> metrics, std::span<const LineScanner::Found> found,
                   scheduler::AttemptReport& report) {
  std::vector<graph::Series> series;
  std::string misses;
  std::string remarks;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const LineScanner::Found one = i < found.size() ? found[i] : LineScanner::Found{};
    series.push_back({static_cast<std::uint32_t>(i), one.stride, one.values});
    join(misses, miss_of(metrics[i], one));
    join(remarks, remark_on(metrics[i], one));
  }
  if (!misses.empty()) report.cls = FailureClass::performance;
  join(misses, remarks);
  join(misses, report.reason);
  report.reason = std::move(misses);
  report.measures = graph::encode_measures(series);
}

}  // namespace fugle::executor
