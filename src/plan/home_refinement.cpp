#include "plan/home_refinement.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace fugle::plan {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kGumbels = 4096;
constexpr std::uint32_t kMaxLooks = 256;  // workers looked at for an empty one

}  // namespace

HomeRefiner::HomeRefiner(const HomeGraph& graph, const Machine& machine, TimeBands& bands)
    : graph_(graph),
      machine_(machine),
      bands_(bands),
      place_of_(machine.num_workers(), kNone),
      is_flat_(machine.node_of.empty() && machine.switch_of.empty()) {}

void HomeRefiner::look_around(std::uint32_t v, const std::vector<std::uint32_t>& homes) {
  for (const Near& near : near_) place_of_[near.worker] = kNone;
  near_.clear();
  near_bytes_ = 0;
  for (std::uint32_t i = graph_.offsets[v]; i < graph_.offsets[v + 1]; ++i) {
    const std::uint32_t home = homes[graph_.targets[i]];
    if (home == kNone) continue;
    if (place_of_[home] == kNone) {
      place_of_[home] = static_cast<std::uint32_t>(near_.size());
      near_.push_back({home, 0});
    }
    near_[place_of_[home]].bytes += graph_.bytes[i];
    near_bytes_ += graph_.bytes[i];
  }
}

double HomeRefiner::cost_at(std::uint32_t worker) const {
  if (is_flat_) return near_bytes_ - (place_of_[worker] == kNone ? 0 : near_[place_of_[worker]].bytes);
  double cost = 0;
  for (const Near& near : near_) cost += near.bytes * machine_.distance(worker, near.worker);
  return cost;
}

bool HomeRefiner::can_live(std::uint32_t v, std::uint32_t worker) const {
  return graph_.requests.empty() || can_hold(machine_.workers[worker], graph_.requests[v]);
}

std::uint32_t HomeRefiner::emptiest_for(std::uint32_t v) {
  std::uint32_t best = kNone;
  double best_fullness = 0;
  std::uint32_t looked_at = 0;
  for (std::uint32_t i = 0; i < machine_.num_workers() && looked_at < kMaxLooks; ++i) {
    const std::uint32_t w = next_worker_;
    next_worker_ = next_worker_ + 1 == machine_.num_workers() ? 0 : next_worker_ + 1;
    if (!can_live(v, w)) continue;
    ++looked_at;
    const double fullness = bands_.fullness(w, graph_.work_of(v));
    if (best == kNone || fullness < best_fullness || (fullness == best_fullness && w < best))
      best = w, best_fullness = fullness;
  }
  return best == kNone ? 0 : best;
}

std::vector<std::uint32_t> HomeRefiner::grow() {
  std::vector<std::uint32_t> homes(graph_.num_vertices(), kNone);
  for (std::uint32_t v = 0; v < graph_.num_vertices(); ++v) {
    look_around(v, homes);
    std::uint32_t best = kNone;
    double best_cost = 0;
    for (const Near& near : near_) {
      const double cost = cost_at(near.worker);
      if (best != kNone && cost >= best_cost) continue;
      if (can_live(v, near.worker) && bands_.has_room(near.worker, graph_.work_of(v)))
        best = near.worker, best_cost = cost;
    }
    homes[v] = best != kNone ? best : emptiest_for(v);
    bands_.add(homes[v], graph_.work_of(v));
  }
  return homes;
}

void HomeRefiner::refine(std::vector<std::uint32_t>& homes, int passes) {
  for (int i = 0; i < passes; ++i)
    if (pass(homes, i % 2 == 0, 0) == 0) return;
}

void HomeRefiner::anneal(std::vector<std::uint32_t>& homes, int passes, double start, std::uint64_t seed) {
  if (graph_.bytes.empty()) return;
  random_ = Random(seed);
  if (gumbel_.empty()) {
    for (std::uint32_t i = 0; i < kGumbels; ++i)
      gumbel_.push_back(static_cast<float>(-std::log(-std::log((i + 0.5) / kGumbels))));
  }
  const double mean_bytes =
      std::accumulate(graph_.bytes.begin(), graph_.bytes.end(), 0.0) / static_cast<double>(graph_.bytes.size());
  for (int i = 0; i < passes; ++i) pass(homes, i % 2 == 0, mean_bytes * start * (passes - i) / passes);
}

double HomeRefiner::noise() { return gumbel_[random_.next() % kGumbels]; }

/// Each vertex goes to the cheapest of the homes around that have room; what is cheapest is blurred by temperature.
std::uint32_t HomeRefiner::pass(std::vector<std::uint32_t>& homes, bool forward, double temperature) {
  std::uint32_t num_moves = 0;
  for (std::uint32_t i = 0; i < graph_.num_vertices(); ++i) {
    const std::uint32_t v = forward ? i : graph_.num_vertices() - 1 - i;
    look_around(v, homes);
    if (near_.empty() || (near_.size() == 1 && near_[0].worker == homes[v])) continue;
    if (near_.size() > kMaxCandidates) keep_nearest_first();
    std::uint32_t best = homes[v];
    double best_cost = cost_at(best) - (temperature > 0 ? temperature * noise() : 0);
    for (std::size_t k = 0; k < std::min(near_.size(), kMaxCandidates); ++k) {
      const std::uint32_t w = near_[k].worker;
      if (w == homes[v]) continue;
      const double cost = cost_at(w) - (temperature > 0 ? temperature * noise() : 0);
      if (cost < best_cost && can_live(v, w) && bands_.has_room(w, graph_.work_of(v))) best = w, best_cost = cost;
    }
    if (best == homes[v]) continue;
    bands_.remove(homes[v], graph_.work_of(v));
    bands_.add(best, graph_.work_of(v));
    homes[v] = best;
    ++num_moves;
  }
  return num_moves;
}

void HomeRefiner::keep_nearest_first() {
  std::partial_sort(near_.begin(), near_.begin() + kMaxCandidates, near_.end(),
                    [](const Near& a, const Near& b) { return a.bytes > b.bytes; });
  for (std::uint32_t k = 0; k < near_.size(); ++k) place_of_[near_[k].worker] = k;
}

}  // namespace fugle::plan
