// Measured on 2026-11-20, 2 virtual cores, g++ 12.2 -O2; bench/README.md has the programs.
//  - A message takes 6 us of a rank in MPI (transport_latency: 170,000 per second over shared memory, its bell
//  included);
//    what the Engine does with it is below 0.1 us (simulate_head_cost).
//  - An event of the journal takes 0.34 us where everything is in the cache (simulate_head_cost), three times that with
//    millions of elements.
//  - A step takes waking up in poll(2) and looking at all ports.
//  - A spawner starts 3,600 processes per second (process_rate). What a process that only sleeps takes from its start
//  to
//    our notice of its end, beside its sleep, is 1 ms in all (replay).
#include "sim/world.hpp"

namespace fugle::sim {

using namespace std::chrono_literals;

Costs measured_costs() {
  Costs costs;
  costs.latency = Latency{};
  costs.launch = {280us, 700us};
  costs.head = {5us, 6us, 1us};
  return costs;
}

}  // namespace fugle::sim
