#include "store/metrics_file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "graph/measures.hpp"
#include "store/file.hpp"
#include "store/metrics_layout.hpp"

namespace fugle::store {
namespace {

constexpr std::uint64_t kFirstCapacity = 16384;  ///< rows; half a MiB
constexpr std::uint64_t kGrowth = 4;

/// The names of all metrics, and where those of a task begin. Tasks of one name have the same.
struct Names {
  explicit Names(const graph::Graph& graph) {
    for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
      for (const graph::Metric& metric : graph.task(TaskId(t)).metrics)
        of_task[t].push_back(number_of({graph.task(TaskId(t)).name, metric.name, metric.unit}));
  }
  std::uint32_t number_of(MetricName name) {
    const auto key = std::tuple(name.task, name.name, name.unit);
    const auto [at, is_new] = numbers.emplace(key, static_cast<std::uint32_t>(all.size()));
    if (is_new) all.push_back(std::move(name));
    return at->second;
  }

  std::vector<MetricName> all;
  std::map<std::tuple<std::string, std::string, std::string>, std::uint32_t> numbers;
  std::map<std::uint32_t, std::vector<std::uint32_t>> of_task;
};

MetricRow row_of(ElementId element, std::uint16_t attempt, std::uint32_t metric, std::uint64_t position, double value) {
  MetricRow row;
  row.element = element.value();
  row.attempt = attempt;
  row.metric = metric;
  row.position = position;
  row.value = value;
  row.crc = crc_of(row);
  return row;
}

}  // namespace

bool has_metrics(const graph::Graph& graph) {
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    if (!graph.task(TaskId(t)).metrics.empty()) return true;
  return false;
}

std::string metrics_path(const std::string& run_dir) { return run_dir + "/metrics.h5"; }

std::optional<StoredMetrics> read_metrics(const std::string& run_dir) {
  if (!file_exists(metrics_path(run_dir))) return std::nullopt;
  MetricsContent content = read_metrics_content(metrics_path(run_dir));
  StoredMetrics metrics{std::move(content.names), {}};
  std::map<std::tuple<std::uint32_t, std::uint16_t, std::uint32_t>, std::size_t> known;
  for (const MetricRow& row : content.rows) {
    const auto [at, is_new] = known.emplace(std::tuple(row.element, row.attempt, row.metric), metrics.series.size());
    if (is_new) metrics.series.push_back({ElementId(row.element), row.attempt, row.metric});
    MetricSeries& series = metrics.series[at->second];
    // An attempt that was run again, because nobody knew of its end, begins again.
    if (row.position == 0) series.values.clear(), series.positions.clear();
    if (!std::isfinite(row.value)) continue;
    series.positions.push_back(row.position);
    series.values.push_back(row.value);
  }
  return metrics;
}

class MetricsFile::Impl {
 public:
  Impl(std::string run_dir, const graph::Graph& graph, const IsKnown& is_known, Disk& disk)
      : path_(metrics_path(run_dir)), graph_(graph), names_(graph), disk_(disk) {
    std::vector<MetricRow> rows = rows_of_earlier_lives(is_known);
    make_file(rows);
  }

  void add(ElementId element, std::uint16_t attempt, const std::string& measures) {
    const auto series = graph::decode_measures(measures);
    const auto numbers = names_.of_task.find(graph_.task_id_of(element).value());
    if (!series || numbers == names_.of_task.end()) return;
    for (const graph::Series& one : *series) {
      if (one.metric >= numbers->second.size()) continue;
      const std::uint32_t metric = numbers->second[one.metric];
      if (one.values.empty())
        unwritten_.push_back(row_of(element, attempt, metric, 0, std::numeric_limits<double>::quiet_NaN()));
      for (std::size_t i = 0; i < one.values.size(); ++i)
        unwritten_.push_back(row_of(element, attempt, metric, i * one.stride, one.values[i]));
    }
    write();
  }

  /// What can not be written now waits: the run goes on.
  void write() {
    if (unwritten_.empty()) return;
    try {
      if (num_rows_ + unwritten_.size() > capacity_) grow();
      file_->write_at(offset_ + num_rows_ * sizeof(MetricRow), std::as_bytes(std::span(unwritten_)));
      num_rows_ += unwritten_.size();
      unwritten_.clear();
      problem_.clear();
    } catch (const EnvironmentError& error) {
      problem_ = error.what();
    }
  }

  void sync() {
    write();
    try {
      file_->sync_all();
    } catch (const EnvironmentError& error) {
      problem_ = error.what();
    }
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::vector<MetricRow> rows_of_earlier_lives(const IsKnown& is_known) {
    if (!file_exists(path_)) return {};
    try {
      MetricsContent content = read_metrics_content(path_);
      std::vector<std::uint32_t> numbers;
      for (MetricName& name : content.names) numbers.push_back(names_.number_of(std::move(name)));
      std::erase_if(content.rows, [&](const MetricRow& row) { return !is_known(ElementId(row.element), row.attempt); });
      for (MetricRow& row : content.rows) {
        row.metric = numbers[row.metric];
        row.crc = crc_of(row);
      }
      return std::move(content.rows);
    } catch (const EnvironmentError& error) {
      problem_ = error.what();
      rename_over(path_, path_ + ".damaged", disk_);
      return {};
    }
  }

  /// A new file with these rows in place of the former one, into which an earlier head may still write: it has no name
  /// any more.
  void make_file(const std::vector<MetricRow>& rows) {
    std::uint64_t capacity = kFirstCapacity;
    while (capacity < rows.size()) capacity *= kGrowth;
    const ScopedTemporary temporary(path_ + ".tmp", disk_);
    const std::uint64_t offset = create_metrics_file(temporary.path(), names_.all, capacity);
    File file(temporary.path(), O_RDWR, disk_);
    if (!rows.empty()) file.write_at(offset, std::as_bytes(std::span(rows)));
    replace_durably(temporary.path(), path_, disk_);
    file.set_path(path_);
    file_ = std::move(file);
    offset_ = offset;
    capacity_ = capacity;
    num_rows_ = rows.size();
  }

  void grow() {
    std::vector<MetricRow> rows(num_rows_ + unwritten_.size());
    const std::size_t got =
        file_->read_at(offset_, std::as_writable_bytes(std::span(rows).first(static_cast<std::size_t>(num_rows_))));
    if (got != num_rows_ * sizeof(MetricRow)) throw EnvironmentError("'" + path_ + "' was cut short by somebody");
    std::ranges::copy(unwritten_, rows.begin() + static_cast<std::ptrdiff_t>(num_rows_));
    make_file(rows);
    num_rows_ -= unwritten_.size();  // they are written once more by the caller, in the same place
  }

  std::string path_;
  const graph::Graph& graph_;
  Names names_;
  Disk& disk_;
  std::optional<File> file_;
  std::uint64_t offset_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint64_t num_rows_ = 0;
  std::vector<MetricRow> unwritten_;
  std::string problem_;
};

MetricsFile::MetricsFile(std::string run_dir, const graph::Graph& graph, const IsKnown& is_known, Disk& disk)
    : impl_(std::make_unique<Impl>(std::move(run_dir), graph, is_known, disk)) {}
MetricsFile::~MetricsFile() = default;

void MetricsFile::on_measures(ElementId element, std::uint16_t attempt, const std::string& measures) {
  impl_->add(element, attempt, measures);
}
void MetricsFile::on_tick(const scheduler::HeadView&) { impl_->write(); }
void MetricsFile::on_end(const scheduler::HeadView&) { impl_->sync(); }
const std::string& MetricsFile::problem() const { return impl_->problem(); }

}  // namespace fugle::store
