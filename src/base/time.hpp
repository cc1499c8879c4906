// One kind of time everywhere: nanoseconds since the Unix epoch, monotonic within a process (see Clock).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fugle {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::sys_time<Duration>;

inline constexpr Time kNever = Time::max();

[[nodiscard]] constexpr std::int64_t to_ns(Time t) { return t.time_since_epoch().count(); }
[[nodiscard]] constexpr Time from_ns(std::int64_t ns) { return Time{Duration{ns}}; }
[[nodiscard]] constexpr double to_seconds(Duration d) { return static_cast<double>(d.count()) * 1e-9; }
[[nodiscard]] constexpr Duration from_seconds(double s) { return Duration{static_cast<std::int64_t>(s * 1e9)}; }

/// For people: "850ms", "12.3s", "4m05s", "2h03m", "3d04h".
[[nodiscard]] std::string format_duration(Duration d);
/// Exactly, as a person writes it in a file: "5h", "1h30m", "90s" is "1m30s". To the millisecond.
[[nodiscard]] std::string format_written(Duration d);
[[nodiscard]] inline std::string format_seconds(double s) { return format_duration(from_seconds(s)); }
/// In UTC, to the second: "2026-06-01T04:30:00Z".
[[nodiscard]] std::string format_time(Time t);
/// In UTC, for file names: "20260601T043000".
[[nodiscard]] std::string format_time_compact(Time t);

}  // namespace fugle
