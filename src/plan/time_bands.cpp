#include "plan/time_bands.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fugle::plan {

TimeBands::TimeBands(std::span<const double> work, std::span<const double> shares, double tolerance, double grain)
    : num_workers_(static_cast<std::uint32_t>(shares.size())),
      num_leaves_(std::bit_ceil(std::max<std::uint32_t>(1, static_cast<std::uint32_t>(work.size())))),
      loads_(2 * std::size_t{num_leaves_} * num_workers_),
      limits_(loads_.size()) {
  std::vector<double> total(2 * std::size_t{num_leaves_});
  std::copy(work.begin(), work.end(), total.begin() + num_leaves_);
  for (std::uint32_t node = num_leaves_ - 1; node > 0; --node) total[node] = total[2 * node] + total[2 * node + 1];
  const double mean_band = total[1] / static_cast<double>(std::max<std::size_t>(1, work.size()));
  for (std::uint32_t node = 1; node < total.size(); ++node) {
    const double num_bands = static_cast<double>(num_leaves_) / std::bit_floor(node);
    for (std::uint32_t w = 0; w < num_workers_; ++w) {
      const double excess = std::max(tolerance * shares[w] * mean_band, grain) * std::sqrt(num_bands);
      limits_[at(node, w)] = static_cast<float>(total[node] * shares[w] + excess);
    }
  }
}

bool TimeBands::has_room(std::uint32_t worker, std::span<const BandWork> work) const {
  // Entries of one vertex are few: what they add to a common ancestor is looked at with the last of them.
  for (std::size_t i = 0; i < work.size(); ++i) {
    for (std::uint32_t node = num_leaves_ + work[i].band; node > 0; node /= 2) {
      float added = work[i].work;
      const std::uint32_t depth = static_cast<std::uint32_t>(std::bit_width(num_leaves_) - std::bit_width(node));
      for (std::size_t k = i; k-- > 0 && (num_leaves_ + work[k].band) >> depth == node;) added += work[k].work;
      if (loads_[at(node, worker)] + added > limits_[at(node, worker)]) return false;
    }
  }
  return true;
}

void TimeBands::add(std::uint32_t worker, std::span<const BandWork> work) {
  for (const BandWork& entry : work)
    for (std::uint32_t node = num_leaves_ + entry.band; node > 0; node /= 2) loads_[at(node, worker)] += entry.work;
}

void TimeBands::remove(std::uint32_t worker, std::span<const BandWork> work) {
  for (const BandWork& entry : work)
    for (std::uint32_t node = num_leaves_ + entry.band; node > 0; node /= 2) loads_[at(node, worker)] -= entry.work;
}

double TimeBands::fullness(std::uint32_t worker, std::span<const BandWork> work) const {
  double fullest = 0;
  for (const BandWork& entry : work) {
    const std::size_t leaf = at(num_leaves_ + entry.band, worker);
    fullest = std::max<double>(fullest, loads_[leaf] / std::max(limits_[leaf], 1e-30F));
  }
  return fullest;
}

}  // namespace fugle::plan
