#include "plan/timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace fugle::plan {
namespace {

graph::Request request_of(std::uint32_t cores, std::uint64_t mem_bytes = 0) {
  graph::Request request;
  request.cores = cores;
  request.mem_bytes = mem_bytes;
  return request;
}

/// The same by looking at every moment at which something ends or begins.
class PlainTimeline {
 public:
  explicit PlainTimeline(const Slot& slot) : slot_(slot) {}

  [[nodiscard]] double earliest_start(double ready, double duration, const graph::Request& request) const {
    std::vector<double> moments{ready};
    for (const Taken& taken : taken_)
      if (taken.end > ready) moments.push_back(taken.end);
    std::sort(moments.begin(), moments.end());
    return *std::find_if(moments.begin(), moments.end(),
                         [&](double start) { return fits(start, start + duration, request); });
  }
  void take(double start, double duration, const graph::Request& request) {
    if (duration > 0) taken_.push_back({start, start + duration, request});
  }

 private:
  struct Taken {
    double start, end;
    graph::Request request;
  };
  [[nodiscard]] bool fits(double start, double end, const graph::Request& request) const {
    if (!fits_at(start, request)) return false;
    return std::all_of(taken_.begin(), taken_.end(), [&](const Taken& other) {
      return other.start <= start || other.start >= end || fits_at(other.start, request);
    });
  }
  [[nodiscard]] bool fits_at(double time, const graph::Request& request) const {
    std::uint64_t cores = request.cores, memory = memory_on(slot_, request);
    for (const Taken& other : taken_)
      if (other.start <= time && time < other.end)
        cores += other.request.cores, memory += memory_on(slot_, other.request);
    return cores <= slot_.cores && memory <= slot_.mem_bytes;
  }

  Slot slot_;
  std::vector<Taken> taken_;
};

TEST(Timeline, uses_the_first_gap_that_is_long_enough) {
  Timeline timeline(Slot{2});
  timeline.take(0, 4, request_of(2));
  timeline.take(5, 5, request_of(2));
  EXPECT_EQ(timeline.earliest_start(0, 1, request_of(1)), 4);
  EXPECT_EQ(timeline.earliest_start(0, 2, request_of(1)), 10);
  EXPECT_EQ(timeline.earliest_start(4.5, 1, request_of(1)), 10);
}

TEST(Timeline, finds_what_a_look_at_every_moment_finds) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    const Slot slot{static_cast<std::uint32_t>(1 + random.below(3)), 12};
    Timeline timeline(slot);
    PlainTimeline plain(slot);
    for (int i = 0; i < 40; ++i) {
      const auto request = request_of(static_cast<std::uint32_t>(random.below(slot.cores + 1)), 1 + random.below(8));
      const auto ready = static_cast<double>(random.below(3) == 0 ? random.below(30) : 0);
      const auto duration = static_cast<double>(random.below(5));
      const double start = timeline.earliest_start(ready, duration, request);
      ASSERT_EQ(start, plain.earliest_start(ready, duration, request)) << "round " << round << ", placement " << i;
      timeline.take(start, duration, request);
      plain.take(start, duration, request);
    }
  }
}

}  // namespace
}  // namespace fugle::plan
