// How metrics.h5 looks inside: its rows, and the file around them. Used by its writer and its reader.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/hdf5.hpp"
#include "store/metrics_file.hpp"

namespace fugle::store {

inline constexpr std::uint64_t kMetricsFormat = 1;

/// One value; of a metric that was looked for and not found one row with NaN. `attempt` 0: never written.
struct MetricRow {
  std::uint32_t element = 0;
  std::uint16_t attempt = 0;
  std::uint16_t reserved = 0;
  std::uint32_t metric = 0;
  std::uint32_t crc = 0;  ///< CRC-32C of the row with 0 in here
  std::uint64_t position = 0;
  double value = 0;
};
static_assert(sizeof(MetricRow) == 32);

[[nodiscard]] std::uint32_t crc_of(MetricRow row);
[[nodiscard]] inline bool is_sound(const MetricRow& row) { return row.attempt != 0 && row.crc == crc_of(row); }

/// A file without rows; returns where they go. Throws EnvironmentError.
[[nodiscard]] std::uint64_t create_metrics_file(const std::string& path, const std::vector<MetricName>& names,
                                                std::uint64_t capacity);

struct MetricsContent {
  std::vector<MetricName> names;
  std::vector<MetricRow> rows;  ///< sound ones, in the order of the file
};
/// Throws as read_metrics().
[[nodiscard]] MetricsContent read_metrics_content(const std::string& path);

}  // namespace fugle::store
