// What was found for each metric of an attempt, as part of a frame. Header only: the spawner includes it too.
#pragma once

#include <span>
#include <vector>

#include "executor/line_scanner.hpp"
#include "executor/wire.hpp"

namespace fugle::executor {

inline void put_found(wire::FrameWriter& frame, std::span<const LineScanner::Found> found) {
  frame.put(static_cast<std::uint32_t>(found.size()));
  for (const LineScanner::Found& one : found) {
    frame.put(one.stride).put(one.num_values).put_text(one.unreadable);
    frame.put(static_cast<std::uint32_t>(one.values.size()));
    for (const double value : one.values) frame.put(value);
  }
}

[[nodiscard]] inline std::vector<LineScanner::Found> get_found(wire::FrameReader& frame) {
  std::vector<LineScanner::Found> found;
  const auto count = frame.get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && !frame.failed(); ++i) {
    LineScanner::Found& one = found.emplace_back();
    one.stride = frame.get<std::uint64_t>();
    one.num_values = frame.get<std::uint64_t>();
    one.unreadable = frame.get_text();
    const auto num_values = frame.get<std::uint32_t>();
    for (std::uint32_t k = 0; k < num_values && !frame.failed(); ++k) one.values.push_back(frame.get<double>());
  }
  return found;
}

}  // namespace fugle::executor
