#include "graph/measures.hpp"

#include <algorithm>

#include "base/codec.hpp"

namespace fugle::graph {

std::optional<double> median_of(std::span<const double> values) {
  if (values.empty()) return std::nullopt;
  std::vector<double> sorted(values.begin(), values.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (sorted.size() % 2 == 1) return *middle;
  const double below = *std::max_element(sorted.begin(), middle);
  return below + (*middle - below) / 2;
}

std::string encode_measures(std::span<const Series> series) {
  ByteWriter out;
  out.put_all(series, [&](const Series& one) {
    out.put(one.metric);
    out.put(one.stride);
    out.put_all(one.values, [&](double value) { out.put(value); });
  });
  return out.take();
}

std::optional<std::vector<Series>> decode_measures(std::string_view bytes) {
  ByteReader in(bytes);
  auto series = in.get_all<Series>([&] {
    Series one;
    one.metric = in.get<std::uint32_t>();
    one.stride = in.get<std::uint64_t>();
    one.values = in.get_all<double>([&] { return in.get<double>(); });
    return one;
  });
  if (in.failed() || !in.at_end()) return std::nullopt;
  return series;
}

}  // namespace fugle::graph
