// Balance at every time: how much of each worker is used in each band of time, and in each run of 2, 4, 8, ... bands.
// The longer the run, the smaller the part of it by which a worker may be over its share, so that imbalances do not add
// up. Knows nothing of elements or edges.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fugle::plan {

struct BandWork {
  std::uint32_t band;
  float work;  ///< core-seconds
};

class TimeBands {
 public:
  /// `work` [band]: of all that will be added; `shares` [worker]: of it, 1 in sum. A worker may exceed its share of one
  /// band by `tolerance` of its mean share of a band or by `grain` core-seconds, whichever is more; of 2^j bands by
  /// 2^(j/2) as much.
  TimeBands(std::span<const double> work, std::span<const double> shares, double tolerance, double grain);

  [[nodiscard]] bool has_room(std::uint32_t worker, std::span<const BandWork> work) const;
  void add(std::uint32_t worker, std::span<const BandWork> work);
  void remove(std::uint32_t worker, std::span<const BandWork> work);
  /// How full a worker is there, 1: as it should be; the fullest of the bands.
  [[nodiscard]] double fullness(std::uint32_t worker, std::span<const BandWork> work) const;

 private:
  [[nodiscard]] std::size_t at(std::uint32_t node, std::uint32_t worker) const {
    return std::size_t{node} * num_workers_ + worker;
  }
  std::uint32_t num_workers_;
  std::uint32_t num_leaves_;   ///< a power of two
  std::vector<float> loads_;   ///< [node x num_workers + worker]; node i has children 2i and 2i+1, leaves are bands
  std::vector<float> limits_;  ///< likewise
};

}  // namespace fugle::plan
