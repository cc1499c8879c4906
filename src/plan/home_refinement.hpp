// Homes for the vertices of a HomeGraph: a first assignment by growth, and moves that save bytes and keep the balance
// of every band of time.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "plan/home_graph.hpp"
#include "plan/problem.hpp"
#include "plan/time_bands.hpp"

namespace fugle::plan {

class HomeRefiner {
 public:
  /// Keeps views.
  HomeRefiner(const HomeGraph& graph, const Machine& machine, TimeBands& bands);

  /// Vertices by number, each to the worker with room that is nearest to most of its bytes, else to the emptiest.
  [[nodiscard]] std::vector<std::uint32_t> grow();

  /// Looks at each vertex `passes` times and moves it where that saves bytes and there is room; stops when nothing
  /// moves. `homes` are in `bands` already.
  void refine(std::vector<std::uint32_t>& homes, int passes);

  /// Simulated annealing (Kirkpatrick, Gelatt, Vecchi, Science 220, 1983) by heat bath, from a mean edge's bytes times
  /// `start` down to nothing in so many passes: leaves assignments that no single move improves.
  void anneal(std::vector<std::uint32_t>& homes, int passes, double start, std::uint64_t seed);

 private:
  static constexpr std::size_t kMaxCandidates = 16;
  struct Near {
    std::uint32_t worker;
    double bytes;
  };
  void look_around(std::uint32_t v, const std::vector<std::uint32_t>& homes);
  std::uint32_t pass(std::vector<std::uint32_t>& homes, bool forward, double temperature);
  void keep_nearest_first();
  [[nodiscard]] double noise();
  [[nodiscard]] double cost_at(std::uint32_t worker) const;
  [[nodiscard]] bool can_live(std::uint32_t v, std::uint32_t worker) const;
  [[nodiscard]] std::uint32_t emptiest_for(std::uint32_t v);

  const HomeGraph& graph_;
  const Machine& machine_;
  TimeBands& bands_;
  std::vector<std::uint32_t> place_of_;  ///< [worker] its entry in near_, or none
  std::vector<Near> near_;               ///< homes of the neighbours of the vertex looked at, and the bytes shared
  double near_bytes_ = 0;
  std::vector<float> gumbel_;  ///< a table of Gumbel-distributed numbers, for heat baths
  Random random_{1};
  std::uint32_t next_worker_ = 0;  ///< where the next look for an empty one begins
  bool is_flat_;                   ///< each worker is a node of its own, under one switch
};

}  // namespace fugle::plan
