#include "app/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <set>

#include "app/open_run.hpp"
#include "app/small_file.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "graph/measures.hpp"
#include "report/misfit.hpp"
#include "store/metrics_file.hpp"
#include "store/table_file.hpp"

namespace fugle::app {
namespace {

using report::SweepElement;
using scheduler::State;

/// Medians of the last attempt of each element that has values.
std::map<std::uint32_t, std::vector<std::pair<std::string, double>>> medians_of(const store::StoredMetrics& metrics) {
  std::map<std::uint32_t, std::uint16_t> last;
  for (const store::MetricSeries& series : metrics.series)
    last[series.element.value()] = std::max(last[series.element.value()], series.attempt);
  std::map<std::uint32_t, std::vector<std::pair<std::string, double>>> medians;
  for (const store::MetricSeries& series : metrics.series)
    if (const auto median = graph::median_of(series.values); median && series.attempt == last[series.element.value()])
      medians[series.element.value()].emplace_back(metrics.names[series.metric].name, *median);
  return medians;
}

/// Whether a task has one of the metrics that the table is about.
bool is_part(const graph::Task& task, const graph::TableSpec& spec) {
  return std::ranges::any_of(task.metrics, [&](const graph::Metric& metric) {
    const auto is_it = [&](const graph::TableColumn& column) { return column.metric == metric.name; };
    return std::ranges::any_of(spec.columns, is_it) ||
           std::ranges::any_of(spec.references, is_it, &graph::TableReference::column);
  });
}

class SweepReader {
 public:
  explicit SweepReader(const StoredRun& run) : run_(run) {
    if (auto metrics = store::read_metrics(run.dir())) {
      medians_ = medians_of(*metrics);
      for (const store::MetricSeries& series : metrics->series) searched_.insert(series.element.value());
      for (const store::MetricName& name : metrics->names) metrics_.push_back({name.name, name.unit});
    }
  }

  [[nodiscard]] report::SweepTable read() const {
    std::vector<SweepElement> elements;
    for (std::uint32_t e = 0; e < run_.graph().num_elements(); ++e)
      if (is_part(run_.graph().task_of(ElementId(e)), run_.facts().table)) elements.push_back(element_of(ElementId(e)));
    return make_sweep_table(run_.facts().table, metrics_, elements);
  }

 private:
  [[nodiscard]] SweepElement element_of(ElementId e) const {
    const graph::Task& task = run_.graph().task_of(e);
    SweepElement element{task.name};
    const graph::ElementText text = run_.graph().text(e);
    for (std::size_t i = 0; i < std::min(task.matrix_names.size(), text.matrix.size()); ++i)
      element.variables.emplace_back(task.matrix_names[i], text.matrix[i]);
    element.cores = std::uint64_t{task.request.cores} * task.shape.spread().workers;
    const State state = run_.state().state(e);
    const auto known = medians_.find(e.value());
    const bool is_good = state == State::ok || state == State::cached || !run_.facts().keeps_journal;
    if (is_good && known != medians_.end()) element.metrics = known->second;
    if (!element.metrics.empty()) return element;
    const std::string misfit = is_open(state) ? report::misfit_of(task, run_.workers().workers()) : "";
    element.is_unfit = !misfit.empty();
    element.why_none = misfit.empty() ? why_none(e, state) : "not run: " + misfit;
    return element;
  }

  static bool is_open(State state) { return !scheduler::is_final(state) && !scheduler::is_live(state); }

  [[nodiscard]] std::string why_none(ElementId e, State state) const {
    if (is_open(state)) return "not run";
    if (state == State::ok || state == State::cached)
      return searched_.contains(e.value()) ? "nothing was found in the output" : "metrics.h5 has no values of it";
    if (state != State::failed) return scheduler::name_of(state);
    const report::Attempt* const attempt = run_.attempts().latest(e);
    return fmt::format("FAILED: {}", attempt == nullptr || attempt->reason.empty()
                                         ? graph::name_of(run_.state().failure(e))
                                         : attempt->reason);
  }

  const StoredRun& run_;
  std::map<std::uint32_t, std::vector<std::pair<std::string, double>>> medians_;
  std::set<std::uint32_t> searched_;  ///< elements in whose output metrics were looked for
  std::vector<report::SweepMetric> metrics_;
};

store::TableColumns columns_of(const report::SweepTable& table) {
  store::TableColumns columns;
  columns.columns = table.columns;
  for (const report::SweepRow& row : table.rows) {
    columns.tasks.push_back(row.task);
    columns.points.push_back(fmt::format("{}", fmt::join(row.point, ",")));
    columns.elements.push_back(row.num_elements);
    columns.with_values.push_back(row.num_with_values);
    for (const report::SweepCell& cell : row.cells)
      columns.values.push_back(cell.value.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return columns;
}

}  // namespace

report::SweepTable sweep_of(const StoredRun& run) { return SweepReader(run).read(); }

Verdict verdict_on(const StoredRun& run) {
  if (run.condition() != report::RunCondition::ok || run.facts().table.references.empty()) return {run.condition(), ""};
  try {
    const std::vector<std::string> misses = sweep_of(run).misses();
    if (misses.empty()) return {run.condition(), ""};
    const std::string more = misses.size() == 1 ? "" : fmt::format(", and {} more", misses.size() - 1);
    return {report::RunCondition::failed, fmt::format("reference missed: {}{}", misses.front(), more)};
  } catch (const EnvironmentError& error) {
    return {run.condition(), fmt::format("its table is not known ({})", error.what())};
  }
}

int judge_sweep(const report::SweepTable& table) {
  for (const std::string& miss : table.misses()) fmt::print(stderr, "fugle: reference missed: {}\n", printable(miss));
  if (!table.misses().empty()) return static_cast<int>(ExitCode::failed);
  return table.has_unfit_rows() ? static_cast<int>(ExitCode::incomplete) : 0;
}

int show_sweep_at_end(const OpenRun& run, int exit_code) {
  const bool goes_on_elsewhere = exit_code == static_cast<int>(ExitCode::environment);
  if (!run.facts().table.is_wanted() || goes_on_elsewhere) return exit_code;
  try {
    const report::SweepTable table = sweep_of(StoredRun(run.directory()));
    const std::string text = printable(report::sweep_text(table));
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    write_small_file(run.directory() + "/report.csv", report::sweep_csv(table));
    store::write_table(run.directory(), run.facts().run, columns_of(table));
    const int verdict = judge_sweep(table);
    return exit_code == 0 && verdict == static_cast<int>(ExitCode::failed) ? verdict : exit_code;
  } catch (const Error& error) {
    fmt::print(stderr, "fugle: there is no table: {}\n", printable(error.what()));
    return exit_code == 0 ? static_cast<int>(error.code()) : exit_code;
  }
}

}  // namespace fugle::app
