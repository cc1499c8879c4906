#include "store/io_code.hpp"

#include <algorithm>
#include <cmath>

namespace fugle::store {
namespace {
constexpr double kSmallest = 4096;
constexpr double kOctaves = 38;
constexpr double kSteps = 254;
}  // namespace

std::uint8_t io_code_of(std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const double octaves = std::log2(std::max(static_cast<double>(bytes), kSmallest) / kSmallest);
  return static_cast<std::uint8_t>(1 + std::min(kSteps, std::round(octaves * kSteps / kOctaves)));
}

std::uint64_t bytes_of_io_code(std::uint8_t code) {
  if (code == 0) return 0;
  return static_cast<std::uint64_t>(std::llround(kSmallest * std::exp2((code - 1) * kOctaves / kSteps)));
}

}  // namespace fugle::store
