#include "app/scrontab.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "app/time_zone.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

constexpr Duration kLongestAnswer = std::chrono::seconds(30);

std::string begin_mark(const std::string& file) { return "# fugle begin " + file; }
std::string end_mark(const std::string& file) { return "# fugle end " + file; }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// A user without entries is told so, with an exit code above 0.
bool says_none(const slurm::Answer& answer) {
  return answer.complaint.find("no crontab") != std::string::npos ||
         answer.output.find("no crontab") != std::string::npos;
}

std::string read_all_entries() {
  const slurm::Answer answer = slurm::run_command({"scrontab", "-l"}, kLongestAnswer);
  if (says_none(answer)) return {};
  if (!answer.is_good())
    throw EnvironmentError(
        fmt::format("cannot read your scrontab ({}); nothing was changed", first_line(answer.complaint)));
  return answer.output;
}

void write_all_entries(const std::string& text) {
  const slurm::Answer answer = slurm::run_command({"scrontab", "-"}, kLongestAnswer, text);
  if (!answer.is_good())
    throw EnvironmentError(fmt::format("scrontab refuses ({}); nothing was changed", first_line(answer.complaint)));
}

}  // namespace

bool has_scrontab() {
  const slurm::Answer answer = slurm::run_command({"scrontab", "-l"}, kLongestAnswer);
  return answer.is_good() || (answer.exit_code < 124 && says_none(answer));
}

bool shows_local_time(const std::vector<workflow::ScheduleTrigger>& triggers, Time now) {
  constexpr auto kStep = std::chrono::hours(12);
  const auto offsets = [&](const std::string& zone_name) {
    const ScopedTimeZone zone(zone_name);
    std::vector<Duration> list;
    for (Time time = now; time < now + std::chrono::hours(366 * 24); time += kStep) list.push_back(zone.offset(time));
    return list;
  };
  const auto here = offsets("");
  for (const auto& trigger : triggers)
    if (offsets(trigger.timezone) != here) return false;
  return true;
}

std::string with_entry(const std::string& text, const std::string& file, const std::string& entry) {
  std::string kept;
  bool is_ours = false;
  for (const std::string_view line : split(text, '\n')) {
    if (line == begin_mark(file)) is_ours = true;
    if (!is_ours && (!line.empty() || !kept.empty())) kept += std::string(line) + "\n";
    if (line == end_mark(file)) is_ours = false;
  }
  while (kept.ends_with("\n\n")) kept.pop_back();
  if (entry.empty()) return kept;
  return fmt::format("{}{}\n{}{}\n", kept, begin_mark(file), entry, end_mark(file));
}

std::string entry_of(const std::vector<workflow::ScheduleTrigger>& triggers, const Args& options,
                     const std::string& command) {
  std::string entry;
  for (const auto& trigger : triggers) {
    entry += "#SCRON --time=10 --open-mode=append\n";
    for (const std::string& option : options) entry += fmt::format("#SCRON {}\n", option);
    entry += fmt::format("{} {}\n", trigger.text, command);
  }
  return entry;
}

void install_in_scrontab(const std::string& file, const std::vector<workflow::ScheduleTrigger>& triggers,
                         const Args& options, const std::string& command) {
  write_all_entries(with_entry(read_all_entries(), file, entry_of(triggers, options, command)));
}

void remove_from_scrontab(const std::string& file) { write_all_entries(with_entry(read_all_entries(), file, "")); }

}  // namespace fugle::app
