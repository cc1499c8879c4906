// Seeds of fault_test that broke a rule once. A seed means another run as soon as anything is drawn otherwise: what it
// showed has a test of its own besides, in ends_test.cpp and in the unit tests of the scheduler.
#pragma once

#include <cstdint>

namespace fugle::sim {

inline constexpr std::uint64_t kFoundSeeds[] = {
    349,     // a wish to cancel died with a worker
    415,     // a drain went on beyond the end of the allocation
    1619,    // likewise
    2324,    // a wish to cancel was forgotten with the lease that the element left
    120386,  // a wish to cancel was forgotten with what waited for something that was taken back
};

inline constexpr std::uint64_t kFoundSeedsWithParties[] = {
    1428,   // the cores of a leader counted until its whole party had ended
    1898,   // a word came to a member that had not begun, for its worker was leaving
    10932,  // a guest that had come before a worker of ours kept its node from whole-node elements
};

}  // namespace fugle::sim
