// How good are acyclic partitions beside those of dagP, and how long do 1,000,000 vertices take?
//
// usage: partition_quality [GRAPH [PARTS]] | partition_quality million

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "plan/acyclic_partition.hpp"
#include "support/partition_graphs.hpp"

namespace {

using namespace fugle;

constexpr std::uint64_t kSeeds = 10;
constexpr std::uint32_t kMillion = 1'000'000;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

long peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::uint32_t num_vertices(const graph::Rows& needs) { return static_cast<std::uint32_t>(needs.offsets.size() - 1); }

/// Largest part by the mean part; aborts where an edge leads to a smaller part or the cut is not what it is said to be.
double checked_balance(const graph::Rows& needs, std::uint32_t num_parts, const plan::AcyclicPartition& partition) {
  std::vector<std::uint32_t> size(num_parts, 0);
  double cut = 0;
  for (std::uint32_t v = 0; v < num_vertices(needs); ++v) {
    ++size.at(partition.part_of[v]);
    for (const std::uint32_t need : needs[v]) {
      if (partition.part_of[need] > partition.part_of[v]) std::abort();
      cut += partition.part_of[need] != partition.part_of[v] ? 1 : 0;
    }
  }
  if (cut != partition.cut) std::abort();
  return *std::max_element(size.begin(), size.end()) * static_cast<double>(num_parts) / num_vertices(needs);
}

void measure(const std::string& name, const graph::Rows& needs, std::uint32_t num_parts,
             const testing::ReferenceCut* reference) {
  double best = 0, sum = 0, balance = 0;
  const double start = cpu_seconds();
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const auto partition = plan::partition_acyclic(needs, {}, {}, {num_parts, 1.03, seed});
    best = seed == 1 ? partition.cut : std::min(best, partition.cut);
    sum += partition.cut;
    balance = std::max(balance, checked_balance(needs, num_parts, partition));
  }
  const double mean = sum / kSeeds, seconds = (cpu_seconds() - start) / kSeeds;
  fmt::print("| {} | {} | {} | {:.1f} | {:.3f} | ", name, num_parts, best, mean, balance);
  if (reference != nullptr) {
    const auto ratio = [](double a, double b) { return b == 0 ? (a == 0 ? 1.0 : 99.0) : a / b; };
    fmt::print("{} | {} | {:.3f} | {:.3f} | {:.3f} |\n", reference->best, reference->mean, ratio(best, reference->best),
               ratio(mean, reference->mean), seconds);
  } else {
    fmt::print("- | - | - | - | {:.3f} |\n", seconds);
  }
  std::fflush(stdout);
}

void quality(const std::string& only_graph, std::uint32_t only_parts) {
  fmt::print(
      "| graph | parts | best cut | mean cut | worst balance | dagP best | dagP mean | best / dagP | mean / dagP "
      "| s each |\n|---|---|---|---|---|---|---|---|---|---|\n");
  std::string name;
  graph::Rows needs;
  for (const testing::ReferenceCut& reference : testing::kReferenceCuts) {
    if (!only_graph.empty() && only_graph != reference.graph) continue;
    if (only_parts != 0 && only_parts != reference.num_parts) continue;
    if (name != reference.graph) needs = testing::read_graph(name = reference.graph);
    measure(name, needs, reference.num_parts, &reference);
  }
  if (!only_graph.empty() && only_graph != "4elt") return;
  needs = testing::read_graph("4elt");
  for (const std::uint32_t num_parts : {2, 4, 8, 16, 32}) {
    if (only_parts == 0 || only_parts == num_parts) measure("4elt", needs, num_parts, nullptr);
  }
}

/// Each vertex needs three of those in the window before it.
graph::Rows random_graph(std::uint32_t window) {
  Random random(1);
  std::vector<testing::Edge> edges;
  for (std::uint32_t v = 1; v < kMillion; ++v) {
    for (int i = 0; i < 3; ++i) {
      edges.push_back({v - 1 - static_cast<std::uint32_t>(random.below(std::min(v, window))), v});
    }
  }
  return testing::needs_of(kMillion, edges);
}

/// Rows of `width`; each vertex needs those of the row before it at the given offsets.
graph::Rows stencil(std::uint32_t width, const std::vector<int>& offsets, bool and_left) {
  std::vector<testing::Edge> edges;
  for (std::uint32_t v = 0; v < kMillion; ++v) {
    if (and_left && v % width != 0) edges.push_back({v - 1, v});
    if (v < width) continue;
    for (const int offset : offsets) {
      const int column = static_cast<int>(v % width) + offset;
      if (column < 0 || column >= static_cast<int>(width)) continue;
      edges.push_back({v - width + static_cast<std::uint32_t>(offset), v});
    }
  }
  return testing::needs_of(kMillion, edges);
}

void large(const std::string& only) {
  const std::vector<std::pair<const char*, std::function<graph::Rows()>>> graphs = {
      {"random, window 10,000", [] { return random_graph(10'000); }},
      {"stencil of 1,000",
       [] {
         return stencil(1'000, {-1, 0, 1}, false);
       }},
      {"stencil of 10,000",
       [] {
         return stencil(10'000, {-1, 0, 1}, false);
       }},
      {"grid of 1,000", [] { return stencil(1'000, {0}, true); }},
      {"chains", [] { return stencil(10'000, {0}, false); }},
      {"random, whole", [] { return random_graph(kMillion); }},
  };
  fmt::print(
      "| 1,000,000 vertices, 64 parts | edges | cut % | balance | CPU s | peak MiB so far "
      "|\n|---|---|---|---|---|---|\n");
  for (const auto& [name, make] : graphs) {
    if (!only.empty() && only != name) continue;
    const graph::Rows needs = make();
    const double start = cpu_seconds();
    const auto partition = plan::partition_acyclic(needs, {}, {}, {64, 1.03, 1});
    const double seconds = cpu_seconds() - start;
    const double balance = checked_balance(needs, 64, partition);
    fmt::print("| {} | {} | {:.2f} | {:.3f} | {:.2f} | {} |\n", name, needs.columns.size(),
               100 * partition.cut / static_cast<double>(needs.columns.size()), balance, seconds, peak_memory_mib());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first != "million") quality(first, argc > 2 ? static_cast<std::uint32_t>(std::stoul(argv[2])) : 0);
  if (first.empty() || first == "million") large(argc > 2 ? argv[2] : "");
}
