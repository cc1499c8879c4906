#include "sim/world.hpp"

namespace fugle::sim {

using namespace std::chrono_literals;

Costs measured_costs() {
  Costs costs;
  costs.latency = Latency{};
  costs.launch = {280us, 700us};
  costs.head = {5us, 7us, 2us};
  return costs;
}

}  // namespace fugle::sim
