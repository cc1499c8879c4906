// The spawner's time: nanoseconds of the monotonic clock.
#pragma once

#include <cstdint>
#include <ctime>

namespace fugle::spawner {

inline std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline std::int64_t now() { return read_clock(CLOCK_MONOTONIC); }

}  // namespace fugle::spawner
