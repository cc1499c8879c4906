// A time zone of this machine's tz database: what its clocks show at a time, and at which times they show a minute.
// Where clocks are put forward a minute does not come; where they are put back it comes twice. The only place that sets
// TZ: one zone at a time, in a process with one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "workflow/cron.hpp"

namespace fugle::app {

class ScopedTimeZone {
 public:
  /// Throws UsageError when this machine does not know it. An empty name: that of this machine.
  explicit ScopedTimeZone(const std::string& name);
  ~ScopedTimeZone();
  ScopedTimeZone(const ScopedTimeZone&) = delete;
  ScopedTimeZone& operator=(const ScopedTimeZone&) = delete;

  [[nodiscard]] workflow::CivilMinute civil(Time time) const;
  /// East of Greenwich.
  [[nodiscard]] Duration offset(Time time) const;
  /// All times at which it is that minute, in order: one; two where clocks are put back; none where they are put
  /// forward.
  [[nodiscard]] std::vector<Time> times_of(const workflow::CivilMinute& minute) const;
  /// Of a minute that does not come: when the clocks are put forward over it.
  [[nodiscard]] Time jump_over(const workflow::CivilMinute& minute) const;
  /// "2026-03-29 03:00 +02:00"
  [[nodiscard]] std::string text(Time time) const;

 private:
  std::optional<std::string> earlier_;
};

}  // namespace fugle::app
