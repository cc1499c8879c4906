#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace fugle {
namespace {

std::tm utc(Time t) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string format_utc(Time t, const char* pattern) {
  const std::tm parts = utc(t);
  char text[64];
  return {text, std::strftime(text, sizeof text, pattern, &parts)};
}

}  // namespace

std::string format_duration(Duration d) {
  if (d < Duration::zero()) return "-" + format_duration(-d);
  const double seconds = to_seconds(d);
  if (seconds < 0.9995) return fmt::format("{:.0f}ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{:.1f}s", seconds);
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
  return fmt::format("{}d{:02}h", whole / 86400, whole % 86400 / 3600);
}

std::string format_written(Duration d) {
  if (d < Duration::zero()) return "-" + format_written(-d);
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
  struct Unit {
    std::int64_t milliseconds;
    const char* name;
  };
  constexpr std::array kUnits{Unit{86'400'000, "d"}, Unit{3'600'000, "h"}, Unit{60'000, "m"}, Unit{1000, "s"},
                              Unit{1, "ms"}};
  std::string text;
  for (const Unit& unit : kUnits) {
    if (left >= unit.milliseconds) text += fmt::format("{}{}", left / unit.milliseconds, unit.name);
    left %= unit.milliseconds;
  }
  return text.empty() ? "0s" : text;
}

std::string format_time(Time t) { return format_utc(t, "%Y-%m-%dT%H:%M:%SZ"); }
std::string format_time_compact(Time t) { return format_utc(t, "%Y%m%dT%H%M%S"); }

}  // namespace fugle
