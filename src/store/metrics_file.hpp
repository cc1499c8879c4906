// metrics.h5: the values that attempts gave their metrics, one row per value, in one file of the run (FORMAT.md). Rows
// go into a preallocated dataset past the HDF5 library, as in the journal, so that no kill leaves a file that can not
// be read; each row has a checksum. When it is full the file is made anew, larger, and takes the place of the former
// one.
//
// It is written before the end of the attempt is recorded: whoever reads that an attempt ended finds its values. But it
// is synced at the end of a life only: a power cut may cost values of attempts that the journal knows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "scheduler/ports.hpp"
#include "store/disk.hpp"

namespace fugle::store {

struct MetricName {
  std::string task;
  std::string name;
  std::string unit;
  bool operator==(const MetricName&) const = default;
};

/// What one attempt gave one metric.
struct MetricSeries {
  ElementId element;
  std::uint16_t attempt = 0;
  std::uint32_t metric = 0;                ///< index of its name
  std::vector<std::uint64_t> positions{};  ///< in the output: 0, 1, 2, ...; with gaps where not all were kept
  std::vector<double> values{};            ///< empty: it was looked for and not found
  bool operator==(const MetricSeries&) const = default;
};

struct StoredMetrics {
  std::vector<MetricName> names;
  std::vector<MetricSeries> series;  ///< each attempt and metric once
};

/// Whether there is anything to keep.
[[nodiscard]] bool has_metrics(const graph::Graph& graph);
[[nodiscard]] std::string metrics_path(const std::string& run_dir);
/// Nothing: there is no such file. Throws EnvironmentError when it is damaged, ConflictError for a newer format.
[[nodiscard]] std::optional<StoredMetrics> read_metrics(const std::string& run_dir);

class MetricsFile final : public scheduler::Observer {
 public:
  /// Whether the end of an attempt is in the journal: what an earlier life wrote of others is dropped.
  using IsKnown = std::function<bool(ElementId, std::uint16_t attempt)>;

  /// Throws EnvironmentError. A file that is damaged is set aside as metrics.h5.damaged.
  MetricsFile(std::string run_dir, const graph::Graph& graph, const IsKnown& is_known, Disk& disk = real_disk());
  ~MetricsFile() override;

  void on_measures(ElementId element, std::uint16_t attempt, const std::string& measures) override;
  void on_events(const scheduler::HeadView&, std::span<const scheduler::Event>, const scheduler::Effects&) override {}
  /// Tries again what could not be written.
  void on_tick(const scheduler::HeadView& view) override;
  void on_end(const scheduler::HeadView& view) override;

  /// What could not be kept, and why; empty: nothing.
  [[nodiscard]] const std::string& problem() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fugle::store
