#include "app/walltime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "app/surroundings.hpp"
#include "base/error.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

constexpr Duration kReserveInSlurm = std::chrono::seconds(120);

std::optional<Duration> duration_from(const Arguments& arguments, const char* option) {
  if (!arguments.has(option)) return std::nullopt;
  const std::string& text = arguments.get<std::string>(option);
  workflow::Diagnostics diagnostics("command line");
  const auto duration = workflow::parse_duration(text, {}, diagnostics);
  if (!duration) throw UsageError(fmt::format("--{} {}: {}", option, text, diagnostics.all().front().text));
  return duration;
}

/// SLURM_JOB_END_TIME is in seconds since 1970.
std::optional<Time> end_by_slurm() {
  const char* text = std::getenv("SLURM_JOB_END_TIME");
  std::int64_t seconds = 0;
  if (text == nullptr || std::from_chars(text, text + std::strlen(text), seconds).ec != std::errc{} || seconds <= 0)
    return std::nullopt;
  return Time{} + std::chrono::seconds(seconds);
}

}  // namespace

void add_walltime_options(po::options_description& options) {
  po::options_description time("How long there is");
  auto add = time.add_options();
  add("walltime", po::value<std::string>()->value_name("TIME"),
      "time from now in which all must end: nothing starts that would take longer; default: what Slurm says");
  add("reserve", po::value<std::string>()->value_name("TIME"), "part of it that is kept at its end");
  options.add(time);
}

AllocationEnd allocation_end_from(const Arguments& arguments, std::optional<Duration> file_reserve, Time now) {
  const auto walltime = duration_from(arguments, "walltime");
  const auto given_reserve = duration_from(arguments, "reserve");
  const bool is_in_slurm = look_around().job.has_value();
  AllocationEnd allocation;
  allocation.reserve = given_reserve.value_or(file_reserve.value_or(is_in_slurm ? kReserveInSlurm : Duration{0}));
  if (arguments.has("ends-at")) {  // of the first life, which began earlier
    allocation.end = from_ns(arguments.get<std::int64_t>("ends-at"));
    return allocation;
  }
  if (!walltime) {
    allocation.end = is_in_slurm ? end_by_slurm().value_or(kNever) : kNever;
    return allocation;
  }
  if (allocation.reserve >= *walltime)
    throw UsageError(fmt::format("E304: reserve {} is not below walltime {}; give a smaller --reserve",
                                 format_written(allocation.reserve), format_written(*walltime)));
  allocation.end = now + *walltime;
  return allocation;
}

std::optional<std::string> warning_of_short_time(const AllocationEnd& allocation, Time now) {
  if (allocation.end == kNever || allocation.end - now > allocation.reserve) return std::nullopt;
  return fmt::format(
      "{} of the allocation are left and {} are kept at its end: no task starts (nothing is lost); try a smaller "
      "--reserve, or a longer job",
      format_duration(std::max(allocation.end - now, Duration{0})), format_duration(allocation.reserve));
}

}  // namespace fugle::app
