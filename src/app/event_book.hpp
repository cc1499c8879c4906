// events.jsonl of a runs directory: what started runs, each event once. An event is claimed, durably, before its run is
// submitted; so it starts one run at most, however often it is told. One that could not be submitted is free again.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/time.hpp"

namespace fugle::app {

class EventBook {
 public:
  explicit EventBook(const std::string& runs_dir);

  /// Throws ConflictError "already handled" when the event is known for this workflow, EnvironmentError when it can not
  /// be written down.
  void claim(const std::string& workflow, const std::string& event, Time now) const;
  void settle(const std::string& workflow, const std::string& event, const std::string& run) const;
  void give_back(const std::string& workflow, const std::string& event, const std::string& why) const;

  /// Event of each run that one started.
  [[nodiscard]] static std::map<std::string, std::string> events_of_runs(const std::string& runs_dir);

 private:
  std::string path_;
};

}  // namespace fugle::app
