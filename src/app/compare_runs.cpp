#include "app/compare_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/text.hpp"
#include "graph/measures.hpp"
#include "report/attempts_table.hpp"
#include "store/journal_reader.hpp"
#include "store/metrics_file.hpp"
#include "store/plan_file.hpp"

namespace fugle::app {
namespace {

using report::ComparedRow;
using report::Comparison;

struct Accounted {
  const char* name;
  const char* unit;
  double (*value_of)(const report::Attempt&);
};
constexpr Accounted kAccounted[] = {
    {"walltime", "s", [](const report::Attempt& a) { return to_seconds(a.end - a.start); }},
    {"cputime", "s", [](const report::Attempt& a) { return static_cast<double>(a.cpu_ms) / 1000; }},
    {"maxrss", "MiB", [](const report::Attempt& a) { return static_cast<double>(a.maxrss_kb) / 1024; }},
};

const Accounted* accounted_named(const std::string& name) {
  const auto* const at = std::ranges::find_if(kAccounted, [&](const Accounted& one) { return name == one.name; });
  return at == std::end(kAccounted) ? nullptr : at;
}

/// The rows of one run.
class RunReader {
 public:
  RunReader(const std::string& run_dir, Comparison& comparison, std::set<std::string>& known)
      : run_dir_(run_dir), comparison_(comparison), known_(known) {}

  void read() {
    const auto stored = store::read_metrics(run_dir_);
    const store::StoredMetrics metrics = stored.value_or(store::StoredMetrics{});
    std::set<std::string> here;
    for (const store::MetricName& name : metrics.names) here.insert(name.name);
    add_metrics(metrics);
    known_.insert(here.begin(), here.end());
    add_accounts(here);
    const store::ElementNames names = store::read_element_names(run_dir_);
    const std::string run = read_run_facts(run_dir_).run;
    for (auto& [element, row] : rows_) {
      if (element >= names.ids.size()) continue;
      row.run = run;
      row.element = names.ids[element];
      if (std::ranges::any_of(row.values, [](const auto& value) { return value.has_value(); }))
        comparison_.rows.push_back(std::move(row));
    }
  }

 private:
  ComparedRow& row_of(ElementId element) {
    ComparedRow& row = rows_[element.value()];
    row.values.resize(comparison_.metrics.size());
    return row;
  }

  void add_metrics(const store::StoredMetrics& metrics) {
    for (const store::MetricSeries& series : metrics.series) {
      const store::MetricName& name = metrics.names[series.metric];
      const auto wanted = std::ranges::find(comparison_.metrics, name.name);
      const auto median = graph::median_of(series.values);
      if (wanted == comparison_.metrics.end() || !median) continue;
      ComparedRow& row = row_of(series.element);
      if (series.attempt < row.attempt) continue;
      if (series.attempt > row.attempt) row.values.assign(row.values.size(), std::nullopt);
      row.attempt = series.attempt;
      const auto which = static_cast<std::size_t>(wanted - comparison_.metrics.begin());
      row.values[which] = median;
      note_unit(which, name.unit);
    }
  }

  /// Of the attempts whose metrics are shown; of the last ones that ended OK where no metric is.
  void add_accounts(const std::set<std::string>& here) {
    std::vector<std::pair<std::size_t, const Accounted*>> wanted;
    for (std::size_t i = 0; i < comparison_.metrics.size(); ++i)
      if (const Accounted* const one = accounted_named(comparison_.metrics[i]);
          one != nullptr && !here.contains(comparison_.metrics[i]))
        wanted.emplace_back(i, one);
    if (wanted.empty()) return;
    const bool all_are = wanted.size() == comparison_.metrics.size();
    report::AttemptsTable table;
    for (const scheduler::Event& event : store::read_journal(run_dir_).events) table.add(event);
    for (const report::Attempt& attempt : table.attempts()) {
      const auto row = rows_.find(attempt.element.value());
      const bool is_shown = row != rows_.end() && row->second.attempt == attempt.number;
      if (!is_shown && !(all_are && attempt.state == report::AttemptState::ok)) continue;
      ComparedRow& shown = row_of(attempt.element);
      shown.attempt = attempt.number;
      for (const auto& [which, account] : wanted) {
        shown.values[which] = account->value_of(attempt);
        known_.insert(account->name);
        note_unit(which, account->unit);
      }
    }
  }

  /// A heading has a unit where all rows have the same.
  void note_unit(std::size_t which, const std::string& unit) {
    std::string& shown = comparison_.units[which];
    if (shown.empty()) shown = unit;
    if (shown != unit) shown = "(mixed units)";
  }

  const std::string& run_dir_;
  Comparison& comparison_;
  std::set<std::string>& known_;
  std::map<std::uint32_t, ComparedRow> rows_;
};

}  // namespace

Comparison compare_runs(const std::vector<std::string>& run_dirs, const std::vector<std::string>& metrics) {
  Comparison comparison{metrics, std::vector<std::string>(metrics.size()), {}};
  std::set<std::string> known;
  for (const Accounted& account : kAccounted) known.insert(account.name);
  for (const std::string& run_dir : run_dirs) {
    try {
      RunReader(run_dir, comparison, known).read();
    } catch (const Error& error) {
      fmt::print(stderr, "fugle: {}\n", printable(error.what()));
    }
  }
  for (const std::string& metric : metrics) {
    if (known.contains(metric)) continue;
    const std::vector<std::string_view> words(known.begin(), known.end());
    const auto nearest = nearest_word(metric, words);
    throw UsageError(fmt::format(
        "no run has a metric '{}'; {}", metric,
        nearest ? fmt::format("did you mean '{}'?", *nearest) : fmt::format("there are {}", fmt::join(known, ", "))));
  }
  return comparison;
}

}  // namespace fugle::app
