#include "plan/learned_durations.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/time.hpp"
#include "plan/durations.hpp"

namespace fugle::plan {
namespace {

constexpr double kSafe = 0.95;

/// What a set of durations says; 0: nothing.
struct Summary {
  double expected_s = 0;
  double at_most_s = 0;
};

Summary summary_of(const std::vector<float>& seconds, double expected_s) {
  return {expected_s, quantile(seconds, kSafe)};
}

double mean(const std::vector<float>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Summaries per task of the graph, made once.
class Lookup {
 public:
  Lookup(const graph::Graph& graph, const DurationHistory& earlier_runs, const DurationHistory& this_run)
      : graph_(graph), earlier_runs_(earlier_runs) {
    // Elements of one task that ask for different things are of several graph tasks of one name.
    std::unordered_map<std::string_view, std::size_t> first_of_name;
    for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
      const std::string& name = graph.task(TaskId(t)).name;
      const auto [first, is_new] = first_of_name.try_emplace(name, t);
      const auto& before = earlier_runs.of_task(name);
      const auto& now = this_run.of_task(name);
      earlier_.push_back(is_new ? summary_of(before, median(before)) : earlier_[first->second]);
      now_.push_back(is_new ? summary_of(now, mean(now)) : now_[first->second]);
    }
  }

  [[nodiscard]] Summary earlier(ElementId e) const {
    if (earlier_runs_.is_empty()) return {};
    const auto& own = earlier_runs_.of_element(graph_.id(e));
    return own.empty() ? earlier_[graph_.task_id_of(e).value()] : summary_of(own, median(own));
  }
  [[nodiscard]] const Summary& in_this_run(ElementId e) const { return now_[graph_.task_id_of(e).value()]; }

 private:
  const graph::Graph& graph_;
  const DurationHistory& earlier_runs_;
  std::vector<Summary> earlier_;
  std::vector<Summary> now_;
};

}  // namespace

void DurationHistory::add(std::string_view task, std::string_view element, double seconds) {
  const auto append = [&](Table& table, std::string_view key) {
    auto found = table.find(key);
    if (found == table.end()) found = table.try_emplace(std::string(key)).first;
    found->second.push_back(static_cast<float>(seconds));
  };
  append(of_task_, task);
  append(of_element_, element);
}

const std::vector<float>& DurationHistory::of_task(std::string_view name) const { return find(of_task_, name); }
const std::vector<float>& DurationHistory::of_element(std::string_view id) const { return find(of_element_, id); }

const std::vector<float>& DurationHistory::find(const Table& table, std::string_view key) {
  static const std::vector<float> kNever;
  const auto found = table.find(key);
  return found == table.end() ? kNever : found->second;
}

double quantile(std::vector<float> values, double fraction) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values.size())));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

KnownDurations known_durations(const graph::Graph& graph, const DurationHistory& earlier_runs,
                               const DurationHistory& this_run) {
  const Lookup lookup(graph, earlier_runs, this_run);
  KnownDurations known;
  known.seconds.resize(graph.num_elements());
  known.at_most_s.resize(graph.num_elements());
  for (std::uint32_t i = 0; i < graph.num_elements(); ++i) {
    const ElementId e(i);
    if (graph.is_gate(e)) continue;
    if (graph.task_of(e).service.is_given) {
      known.seconds[i] = kReadyAfter_s;
      continue;
    }
    Summary summary;
    if (const double estimate_s = to_seconds(graph.estimate(e)); estimate_s > 0) {
      summary = {estimate_s, estimate_s};
      ++known.num_estimated;
    } else if (summary = lookup.earlier(e); summary.expected_s > 0) {
      ++known.num_learned;
    } else if (summary = lookup.in_this_run(e); summary.expected_s > 0) {
      ++known.num_from_this_run;
    } else {
      summary = {0, to_seconds(graph.task_of(e).timeout)};
      ++known.num_unknown;
    }
    known.seconds[i] = summary.expected_s;
    known.at_most_s[i] = static_cast<float>(summary.at_most_s);
  }
  if (known.num_unknown > 0) known.known_s.assign(known.seconds.begin(), known.seconds.end());
  fill_unknown(graph, known.seconds);
  return known;
}

}  // namespace fugle::plan
