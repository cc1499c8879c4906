#include "plan/band_partition.hpp"

#include <algorithm>
#include <cmath>

#include "plan/home_graph.hpp"
#include "plan/home_refinement.hpp"
#include "plan/worker_choice.hpp"

namespace fugle::plan {
namespace {

constexpr std::uint32_t kMaxBands = 1u << 16;

/// A level of the hierarchy: what the vertices of the finer one became.
struct Level {
  HomeGraph graph;
  std::vector<std::uint32_t> coarse_of;  ///< [vertex of this level] its number in the next coarser one
};

class Partitioner {
 public:
  Partitioner(const Problem& problem, std::span<const Placement> schedule, const BandPartitionOptions& options)
      : problem_(problem), options_(options) {
    choose_elements(schedule);
    measure_work(schedule);
    share_out();
  }

  std::vector<WorkerId> run() {
    std::vector<WorkerId> out(problem_.graph.num_elements());
    if (elements_.empty()) return out;
    coarsen();
    std::vector<std::uint32_t> homes;
    for (std::size_t level = levels_.size(); level-- > 0;) {
      if (level + 1 < levels_.size()) homes = projected(levels_[level], homes);
      settle(levels_[level].graph, homes);
      if (level + 1 < levels_.size()) levels_.pop_back();
    }
    for (std::uint32_t v = 0; v < elements_.size(); ++v) out[elements_[v]] = WorkerId(homes[v]);
    return out;
  }

 private:
  void choose_elements(std::span<const Placement> schedule) {
    for (std::uint32_t e = 0; e < schedule.size(); ++e) {
      if (schedule[e].worker.is_valid() && !chooses_its_place(problem_.graph.task_of(ElementId(e))))
        elements_.push_back(e);
    }
    std::stable_sort(elements_.begin(), elements_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return schedule[a].start_s < schedule[b].start_s; });
  }

  /// What an element takes of a worker, as core-seconds: of the resource of which it takes most.
  double core_seconds(std::uint32_t e) const {
    const Slot& slot = problem_.machine.workers.front();
    const graph::Request& request = problem_.graph.task_of(ElementId(e)).request;
    double cores = std::max(request.cores, 1u);
    if (slot.mem_bytes > 0)
      cores = std::max(
          cores, static_cast<double>(memory_on(slot, request)) / static_cast<double>(slot.mem_bytes) * slot.cores);
    if (slot.gpus > 0) cores = std::max(cores, static_cast<double>(request.gpus) / slot.gpus * slot.cores);
    return cores * std::max(problem_.durations[e], 1e-9);
  }

  void measure_work(std::span<const Placement> schedule) {
    band_of_.resize(problem_.graph.num_elements());
    core_seconds_.resize(problem_.graph.num_elements());
    double end = 0;
    for (const std::uint32_t e : elements_) end = std::max(end, schedule[e].start_s);
    const double band_s = std::max(options_.band_s, end / kMaxBands);
    for (const std::uint32_t e : elements_) {
      band_of_[e] = static_cast<std::uint32_t>(schedule[e].start_s / band_s);
      core_seconds_[e] = core_seconds(e);
      if (band_of_[e] >= band_work_.size()) band_work_.resize(band_of_[e] + 1);
      band_work_[band_of_[e]] += core_seconds_[e];
    }
  }

  void share_out() {
    double cores = 0, work = 0;
    for (const Slot& slot : problem_.machine.workers) cores += slot.cores;
    for (const Slot& slot : problem_.machine.workers) shares_.push_back(slot.cores / cores);
    for (const double w : band_work_) work += w;
    const double num_parts = static_cast<double>(std::max<std::size_t>(1, band_work_.size() * shares_.size()));
    mean_part_ = work / num_parts;
    grain_ = elements_.empty() ? 0 : work / static_cast<double>(elements_.size());
  }

  void coarsen() {
    const auto& slots = problem_.machine.workers;
    const bool is_mixed = !std::all_of(slots.begin(), slots.end(), [&](const Slot& s) { return s == slots.front(); });
    levels_.push_back({home_graph_of(problem_, elements_, band_of_, core_seconds_, is_mixed), {}});
    for (;;) {
      Level& fine = levels_.back();
      std::uint32_t num_coarse = 0;
      std::vector<std::uint32_t> coarse_of =
          match_heavy_edges(fine.graph, mean_part_ * options_.cluster_part, num_coarse);
      if (num_coarse > 0.95 * fine.graph.num_vertices()) return;
      HomeGraph coarse = contract(fine.graph, coarse_of, num_coarse);
      fine.coarse_of = std::move(coarse_of);
      levels_.push_back({std::move(coarse), {}});
    }
  }

  static std::vector<std::uint32_t> projected(const Level& level, const std::vector<std::uint32_t>& coarse_homes) {
    std::vector<std::uint32_t> homes(level.coarse_of.size());
    for (std::uint32_t v = 0; v < homes.size(); ++v) homes[v] = coarse_homes[level.coarse_of[v]];
    return homes;
  }

  void settle(const HomeGraph& graph, std::vector<std::uint32_t>& homes) {
    TimeBands bands(band_work_, shares_, options_.tolerance, grain_);
    HomeRefiner refiner(graph, problem_.machine, bands);
    if (homes.empty()) {
      homes = refiner.grow();
    } else {
      for (std::uint32_t v = 0; v < homes.size(); ++v) bands.add(homes[v], graph.work_of(v));
    }
    if (&graph == &levels_.front().graph)
      refiner.anneal(homes, options_.anneal_passes, options_.anneal_start, options_.seed);
    refiner.refine(homes, options_.passes);
  }

  const Problem& problem_;
  BandPartitionOptions options_;
  std::vector<std::uint32_t> elements_;  ///< that get a home, by start
  std::vector<std::uint32_t> band_of_;   ///< [element]
  std::vector<double> core_seconds_;     ///< [element]
  std::vector<double> band_work_;        ///< [band] core-seconds
  std::vector<double> shares_;           ///< [worker]
  double mean_part_ = 0;                 ///< core-seconds of one worker in one band
  double grain_ = 0;                     ///< core-seconds of one element
  std::vector<Level> levels_;
};

}  // namespace

std::vector<WorkerId> band_partition(const Problem& problem, std::span<const Placement> schedule,
                                     const BandPartitionOptions& options) {
  return Partitioner(problem, schedule, options).run();
}

}  // namespace fugle::plan
