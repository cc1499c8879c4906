// The values that one attempt gave its metrics, and their way as bytes from the worker to the head. Knows nothing of
// where they come from (executor/line_scanner.hpp) or where they are kept (store/metrics_file.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::graph {

/// The values of one metric, in the order of the output.
struct Series {
  std::uint32_t metric = 0;    ///< index in Task::metrics
  std::uint64_t stride = 1;    ///< every so many values one was kept: value i was number i x stride
  std::vector<double> values;  ///< empty: it was looked for and not found
  bool operator==(const Series&) const = default;
};

/// Of an even number the mean of the two in the middle; none: nothing.
[[nodiscard]] std::optional<double> median_of(std::span<const double> values);

[[nodiscard]] std::string encode_measures(std::span<const Series> series);
/// Nothing: not what encode_measures() made.
[[nodiscard]] std::optional<std::vector<Series>> decode_measures(std::string_view bytes);

}  // namespace fugle::graph
