// fugle serve: what makes schedules fire. --once submits what is due now and ends (for cron, scrontab and our own small
// jobs); --dry-run lists when they would fire.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/arguments.hpp"
#include "app/command_table.hpp"
#include "app/find_run.hpp"
#include "app/schedule.hpp"
#include "app/schedule_book.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "workflow/reader.hpp"

namespace fugle::app {
namespace {

namespace po = boost::program_options;
using workflow::CivilMinute;

constexpr std::size_t kMostListed = 100'000;

/// "2026-03-28" or "2026-03-28T04:30"; the day's first minute, or, as an end, its last.
CivilMinute day_of(const std::string& option, const std::string& text, bool is_end) {
  CivilMinute m;
  if (is_end) m.hour = 23, m.minute = 59;
  int used = 0;
  const int count = std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &m.year, &m.month, &m.day, &used);
  int more = 0;
  const char* rest = text.c_str() + used;
  bool is_good = count == 3 && used == 10;
  if (is_good && *rest != '\0')
    is_good = std::sscanf(rest, "%*1[T ]%2d:%2d%n", &m.hour, &m.minute, &more) == 2 && rest[more] == '\0';
  const std::chrono::year_month_day date(std::chrono::year(m.year), std::chrono::month(static_cast<unsigned>(m.month)),
                                         std::chrono::day(static_cast<unsigned>(m.day)));
  if (!is_good || !date.ok() || m.hour < 0 || m.hour > 23 || m.minute < 0 || m.minute > 59)
    throw UsageError(fmt::format("--{} '{}' is no day; write 2026-03-28, or 2026-03-28T04:30", option, text));
  return m;
}

Time begin_of(const ScopedTimeZone& zone, const CivilMinute& m) {
  const auto times = zone.times_of(m);
  return times.empty() ? zone.jump_over(m) : times.front();
}
Time end_of(const ScopedTimeZone& zone, const CivilMinute& m) {
  const auto times = zone.times_of(m);
  return times.empty() ? zone.jump_over(m) : times.back();
}

/// What is worth a word about a firing: the clocks were changed around it.
std::string remark(const ScopedTimeZone& zone, const workflow::Cron& cron, Time at) {
  const CivilMinute shown = zone.civil(at);
  if (const auto times = zone.times_of(shown); times.size() == 2)
    return at == times[0] ? "  (this minute comes twice; the first)" : "  (this minute comes twice; the second)";
  const bool is_of_line = cron.next(shown) == shown;
  return is_of_line ? "" : "  (the clocks were put forward over its time)";
}

void list(const workflow::Workflow& workflow, const CivilMinute& from, const CivilMinute& to) {
  struct Row {
    Time at;
    std::string text;
  };
  std::vector<Row> rows;
  for (const auto& trigger : workflow.triggers.schedules) {
    const ScopedTimeZone zone(trigger.timezone);
    const Time last = end_of(zone, to);
    auto at = next_firing(trigger.cron, zone, begin_of(zone, from) - std::chrono::seconds(1));
    for (; at && *at <= last; at = next_firing(trigger.cron, zone, *at)) {
      if (rows.size() >= kMostListed)
        throw UsageError(fmt::format("more than {} firings; list fewer days", kMostListed));
      rows.push_back({*at, fmt::format("{}  {} {}  {}  \"{}\"{}\n", format_time(*at), zone.text(*at), trigger.timezone,
                                       workflow.name, trigger.text, remark(zone, trigger.cron, *at))});
    }
  }
  std::ranges::stable_sort(rows, {}, &Row::at);
  for (const Row& row : rows) fmt::print("{}", row.text);
}

std::optional<workflow::Workflow> read(const std::string& file) {
  workflow::Diagnostics diagnostics(file);
  auto workflow = workflow::read_workflow(workflow::read_file(file), diagnostics);
  diagnostics.sort();
  fmt::print(stderr, "{}", diagnostics.to_text());
  if (workflow && workflow->triggers.schedules.empty())
    fmt::print(stderr, "fugle: {} has no schedule; write triggers: [{{schedule: \"30 4 * * *\"}}]\n", file);
  return workflow;
}

int dry_run(const Arguments& arguments) {
  if (!arguments.has("from") || !arguments.has("to"))
    throw UsageError("--dry-run wants --from DAY and --to DAY (both days are listed)");
  const CivilMinute from = day_of("from", arguments.get<std::string>("from"), false);
  const CivilMinute to = day_of("to", arguments.get<std::string>("to"), true);
  if (to < from) throw UsageError("--to is before --from");
  for (const std::string& file : arguments.words) {
    const auto workflow = read(file);
    if (!workflow) return static_cast<int>(ExitCode::usage);
    list(*workflow, from, to);
  }
  return 0;
}

}  // namespace

int serve_verb(const Args& args) {
  Usage usage("serve", "FILE...", "Makes schedules fire: once, or only says when.", 1, 1000);
  auto add = usage.options.add_options();
  add("once", "submit what is due since the last time, each firing once, and end: for cron");
  add("dry-run", "list the firings; nothing is submitted");
  add("from", po::value<std::string>()->value_name("DAY"),
      "with --dry-run: first day, or minute, in the schedule's zone");
  add("to", po::value<std::string>()->value_name("DAY"), "with --dry-run: last day, or minute");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  if (arguments->has("dry-run")) return dry_run(*arguments);
  if (!arguments->has("once"))
    throw UsageError(
        "serve without --once or --dry-run is not in this version of fugle; call 'fugle serve --once FILE' "
        "from cron, or let 'fugle submit FILE' schedule it");
  int worst = 0;
  for (const std::string& file : arguments->words)
    worst = std::max(worst, fire_schedules(file, runs_dir_from(*arguments)));
  return worst;
}

}  // namespace fugle::app
