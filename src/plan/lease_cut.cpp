#include "plan/lease_cut.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "plan/depth_first.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kLeast = 32, kLeastPerCore = 16;
constexpr std::uint32_t kMost = 2000, kMostPerCore = 64;
constexpr std::uint32_t kRunsPerWorker = 8;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

std::uint32_t root_of(std::vector<std::uint32_t>& parent, std::uint32_t v) {
  while (parent[v] != v) v = parent[v] = parent[parent[v]];
  return v;
}

/// [element] number of its run; none: alone.
std::vector<std::uint32_t> runs_of(const std::vector<std::uint32_t>& sequence, std::span<const WorkerId> homes,
                                   std::span<const Slot> workers) {
  struct Open {
    std::uint32_t total = 0, run = kNone, size = 0;
  };
  std::vector<Open> open;
  for (const WorkerId home : homes) {
    if (!home.is_valid()) continue;
    if (home.value() >= open.size()) open.resize(home.value() + 1);
    ++open[home.value()].total;
  }
  std::vector<std::uint32_t> run_of(homes.size(), kNone);
  std::uint32_t num_runs = 0;
  for (const std::uint32_t e : sequence) {
    if (!homes[e].is_valid()) continue;
    Open& at = open[homes[e].value()];
    const std::uint32_t cores = workers[homes[e].value()].cores;
    const std::uint32_t limit = std::clamp(at.total / kRunsPerWorker, std::max(kLeast, kLeastPerCore * cores),
                                           std::max(kMost, kMostPerCore * cores));
    if (at.run == kNone || at.size >= limit) at.run = num_runs++, at.size = 0;
    ++at.size;
    run_of[e] = at.run;
  }
  return run_of;
}

}  // namespace

std::vector<std::uint32_t> cut_leases(const graph::Graph& graph, std::span<const WorkerId> homes,
                                      std::span<const Slot> workers) {
  const std::vector<std::uint32_t> sequence = depth_first_sequence(graph);
  const std::vector<std::uint32_t> run_of = runs_of(sequence, homes, workers);
  std::vector<std::uint32_t> parent(graph.num_elements());
  std::iota(parent.begin(), parent.end(), 0);
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    if (run_of[e] == kNone) continue;
    for (const std::uint32_t need : graph.needs(ElementId(e)))
      if (run_of[need] == run_of[e]) parent[root_of(parent, e)] = root_of(parent, need);
  }
  std::vector<std::uint32_t> number_of_root(graph.num_elements(), kNone), leases(graph.num_elements());
  std::uint32_t num_leases = 0;
  for (const std::uint32_t e : sequence) {
    std::uint32_t& number = number_of_root[root_of(parent, e)];
    if (number == kNone) number = num_leases++;
    leases[e] = number;
  }
  return leases;
}

}  // namespace fugle::plan
