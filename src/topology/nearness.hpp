// How far a processing unit and a device are from each other, in one place for all who compare.
#pragma once

#include <cstdint>

#include "topology/topology.hpp"

namespace fugle::topology {

/// 0 in one NUMA node, 1 in one package or where it is not known, else 2.
[[nodiscard]] constexpr std::uint32_t distance(std::uint32_t numa, std::uint32_t package, const Device& device) {
  if (device.numa == numa && numa != kNoGroup) return 0;
  return device.package == package || device.package == kNoGroup ? 1 : 2;
}
[[nodiscard]] constexpr std::uint32_t distance(const Pu& pu, const Device& device) {
  return distance(pu.numa, pu.package, device);
}

}  // namespace fugle::topology
