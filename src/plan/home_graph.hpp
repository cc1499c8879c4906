// What is to be given homes, coarse or fine: vertices with work in bands of time, and the bytes between them both ways.
// A coarse vertex stands for several that will share a home. Knows nothing of workers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/task.hpp"
#include "plan/problem.hpp"
#include "plan/time_bands.hpp"

namespace fugle::plan {

struct HomeGraph {
  std::vector<std::uint32_t> offsets{0};       ///< [vertex] of its edges
  std::vector<std::uint32_t> targets;          ///< [edge] no loops, no doubles
  std::vector<float> bytes;                    ///< [edge]
  std::vector<std::uint32_t> band_offsets{0};  ///< [vertex] of its work
  std::vector<BandWork> work;                  ///< by band
  std::vector<graph::Request> requests;        ///< [vertex] the largest of each; empty where all fit everywhere

  [[nodiscard]] std::uint32_t num_vertices() const { return static_cast<std::uint32_t>(offsets.size()) - 1; }
  [[nodiscard]] std::span<const BandWork> work_of(std::uint32_t v) const {
    return {work.data() + band_offsets[v], band_offsets[v + 1] - band_offsets[v]};
  }
  [[nodiscard]] double total_work(std::uint32_t v) const {
    double sum = 0;
    for (const BandWork& entry : work_of(v)) sum += entry.work;
    return sum;
  }
};

/// One vertex per entry of `elements` (ascending by start is best for locality in memory); `band_of` and `core_seconds`
/// [element].
[[nodiscard]] HomeGraph home_graph_of(const Problem& problem, std::span<const std::uint32_t> elements,
                                      std::span<const std::uint32_t> band_of, std::span<const double> core_seconds,
                                      bool with_requests);

/// Vertices with one number in `coarse_of` (0 .. num_coarse-1) become one.
[[nodiscard]] HomeGraph contract(const HomeGraph& fine, std::span<const std::uint32_t> coarse_of,
                                 std::uint32_t num_coarse);

/// Pairs (few: more) of vertices that share most bytes, none heavier than `max_work`. Returns the coarse number of each
/// and sets `num_coarse`; numbers ascend with the first vertex.
[[nodiscard]] std::vector<std::uint32_t> match_heavy_edges(const HomeGraph& graph, double max_work,
                                                           std::uint32_t& num_coarse);

}  // namespace fugle::plan
