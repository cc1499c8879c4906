// Seeds of fault_test that broke a rule once. A seed means another run as soon
// as anything is drawn otherwise: what it showed has a test of its own besides.
#pragma once

#include <cstdint>

namespace fugle::sim {

inline constexpr std::uint64_t kFoundSeeds[] = {
    1,
};

}  // namespace fugle::sim
