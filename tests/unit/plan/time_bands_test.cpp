#include "plan/time_bands.hpp"

#include <gtest/gtest.h>

namespace fugle::plan {
namespace {

const std::vector<double> kShares{0.5, 0.5};

TEST(TimeBands, lets_a_worker_exceed_its_share_of_a_band_by_the_tolerance_only) {
  TimeBands bands(std::vector<double>{20}, kShares, 0.1, 0);
  bands.add(0, std::vector<BandWork>{{0, 10}});
  EXPECT_TRUE(bands.has_room(0, std::vector<BandWork>{{0, 1}}));
  EXPECT_FALSE(bands.has_room(0, std::vector<BandWork>{{0, 2}}));
  EXPECT_TRUE(bands.has_room(1, std::vector<BandWork>{{0, 11}}));
}

TEST(TimeBands, does_not_let_small_excesses_of_many_bands_add_up) {
  const std::vector<double> work(64, 20);
  TimeBands bands(work, kShares, 0.1, 0);
  std::uint32_t filled = 0;
  for (std::uint32_t b = 0; b < work.size(); ++b) {
    const std::vector<BandWork> full{{b, 11}};
    if (!bands.has_room(0, full)) break;
    bands.add(0, full);
    ++filled;
  }
  EXPECT_GE(filled, 1u);
  EXPECT_LT(filled, 32u);
}

TEST(TimeBands, look_at_all_work_of_a_vertex_together) {
  TimeBands bands(std::vector<double>{20, 20}, kShares, 0.2, 0);
  EXPECT_TRUE(bands.has_room(0, std::vector<BandWork>{{0, 12}}));
  EXPECT_TRUE(bands.has_room(0, std::vector<BandWork>{{1, 12}}));
  EXPECT_FALSE(bands.has_room(0, std::vector<BandWork>{{0, 12}, {1, 12}}));  // both together: 20 + 2 x sqrt(2)
}

TEST(TimeBands, forget_what_is_removed) {
  TimeBands bands(std::vector<double>{20}, kShares, 0, 0);
  const std::vector<BandWork> work{{0, 10}};
  bands.add(0, work);
  EXPECT_FALSE(bands.has_room(0, work));
  bands.remove(0, work);
  EXPECT_TRUE(bands.has_room(0, work));
}

}  // namespace
}  // namespace fugle::plan
