#include "workflow/sbatch_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

constexpr std::int64_t kGreatestIndex = 4'194'303;
constexpr std::size_t kMostIndices = 10'000'000;

template <class T>
std::optional<T> whole(std::string_view text, T most) {
  T value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_digits = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (!is_digits || problem != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::optional<std::int64_t> number(std::string_view text) { return whole<std::int64_t>(text, 1'000'000'000); }

/// "H:M:S" and shorter, `unit` being that of the first number; each at most a thousand million.
std::optional<std::int64_t> seconds_of(std::string_view text, std::int64_t unit) {
  std::int64_t seconds = 0;
  for (const std::string_view part : split(text, ':')) {
    const auto value = number(part);
    if (!value || unit == 0) return std::nullopt;
    seconds += *value * unit;
    unit /= 60;
  }
  return seconds;
}

bool is_unlimited(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower == "unlimited" || lower == "infinite" || lower == "-1";
}

/// "3", "1-5", "1-9:2" into `spec`.
bool add_indices(std::string_view item, ArraySpec& spec) {
  const std::size_t dash = item.find('-');
  const std::size_t colon = item.find(':');
  const auto first = whole<std::int64_t>(item.substr(0, dash), kGreatestIndex);
  if (!first || (dash == std::string_view::npos && colon != std::string_view::npos)) return false;
  if (dash == std::string_view::npos) {
    spec.indices.push_back(*first);
    return true;
  }
  const std::string_view range = item.substr(dash + 1);
  const auto last = whole<std::int64_t>(range.substr(0, range.find(':')), kGreatestIndex);
  const auto step = colon == std::string_view::npos ? 1 : whole<std::int64_t>(item.substr(colon + 1), kGreatestIndex);
  if (!last || !step || *step == 0 || *last < *first) return false;
  if (spec.indices.size() + static_cast<std::size_t>((*last - *first) / *step) > kMostIndices) return false;
  spec.step = *step;
  for (std::int64_t i = *first; i <= *last; i += *step) spec.indices.push_back(i);
  return true;
}

constexpr std::array<std::string_view, 6> kTypesWithJobs{"after",      "afterok",   "afterany",
                                                         "afternotok", "aftercorr", "afterburstbuffer"};

bool add_job(std::string_view type, std::string_view id, std::vector<Dependency>& into) {
  Dependency one;
  one.type = type;
  const std::size_t plus = id.find('+');
  if (plus != std::string_view::npos) {
    if (!number(id.substr(plus + 1))) return false;
    one.has_delay = true;
    id = id.substr(0, plus);
  }
  const std::size_t underscore = id.find('_');
  const auto job = whole<std::uint64_t>(id.substr(0, underscore), 4'000'000'000);
  if (!job) return false;
  one.job = *job;
  if (underscore != std::string_view::npos) one.element = id.substr(underscore + 1);
  const bool is_whole = one.element == "*";
  if (is_whole) one.element.clear();
  if (underscore != std::string_view::npos && !is_whole) {
    const auto index = whole<std::int64_t>(one.element, kGreatestIndex);
    if (!index) return false;
    one.element = std::to_string(*index);
  }
  into.push_back(std::move(one));
  return true;
}

bool add_dependency(std::string_view text, std::vector<Dependency>& into) {
  if (text == "singleton") {
    into.push_back({"singleton", 0, {}, false});
    return true;
  }
  const auto parts = split(text, ':');
  const bool is_known = std::find(kTypesWithJobs.begin(), kTypesWithJobs.end(), parts[0]) != kTypesWithJobs.end();
  if (!is_known || parts.size() < 2) return false;
  return std::all_of(parts.begin() + 1, parts.end(), [&](std::string_view id) { return add_job(parts[0], id, into); });
}

}  // namespace

std::optional<Duration> parse_slurm_time(std::string_view text) {
  if (is_unlimited(text)) return Duration{0};
  std::int64_t days = 0;
  const std::size_t dash = text.find('-');
  std::optional<std::int64_t> seconds;
  if (dash != std::string_view::npos) {
    const auto given = number(text.substr(0, dash));
    if (!given) return std::nullopt;
    days = *given;
    seconds = seconds_of(text.substr(dash + 1), 3600);
  } else {
    const auto colons = std::count(text.begin(), text.end(), ':');
    seconds = seconds_of(text, colons == 2 ? 3600 : 60);
  }
  constexpr std::int64_t kLongest = std::int64_t{100} * 366 * 86'400;
  if (!seconds || days > 36'600 || *seconds > kLongest) return std::nullopt;
  const std::int64_t minutes = (days * 86'400 + *seconds + 59) / 60;
  return Duration(std::chrono::minutes(minutes));
}

std::optional<std::uint64_t> parse_slurm_size(std::string_view text) {
  constexpr std::string_view kLetters = "KMGT";
  if (text.size() > 1 && (text.back() == 'B' || text.back() == 'b')) text.remove_suffix(1);
  std::size_t letter = 1;
  if (!text.empty() && (text.back() < '0' || text.back() > '9')) {
    letter = kLetters.find(static_cast<char>(text.back() & ~0x20));  // in capitals
    if (letter == std::string_view::npos) return std::nullopt;
    text.remove_suffix(1);
  }
  const auto value = whole<std::uint64_t>(text, std::uint64_t{1} << 52);
  std::uint64_t bytes = 0;
  const bool is_too_much = !value || __builtin_mul_overflow(*value, std::uint64_t{1024} << (10 * letter), &bytes);
  return is_too_much || bytes > std::uint64_t{1} << 62 ? std::nullopt : std::optional(bytes);
}

std::optional<std::uint32_t> parse_slurm_count(std::string_view text) { return whole<std::uint32_t>(text, 1'000'000); }

std::optional<std::uint32_t> parse_slurm_nodes(std::string_view text) {
  std::string_view least = text.substr(0, text.find('-'));
  if (least.size() < text.size() && !parse_slurm_nodes(text.substr(least.size() + 1))) return std::nullopt;
  const bool is_thousands = !least.empty() && (least.back() == 'k' || least.back() == 'K');
  if (is_thousands) least.remove_suffix(1);
  const auto count = whole<std::uint32_t>(least, 100'000);
  return count && is_thousands ? std::optional(*count * 1024) : count;
}

std::optional<std::uint32_t> parse_slurm_gpus(std::string_view text) {
  std::uint32_t sum = 0;
  for (const std::string_view item : split(text, ',')) {
    const auto count = parse_slurm_count(item.substr(item.rfind(':') + 1));
    if (!count) return std::nullopt;
    sum += *count;
  }
  return sum;
}

std::optional<Gres> parse_gres(std::string_view text) {
  Gres gres;
  if (text == "none" || text == "NONE") return gres;
  for (std::string_view item : split(text, ',')) {
    item = item.substr(0, item.find('('));  // "gpu:2(S:0-1)"
    std::vector<std::string_view> parts = split(item, ':');
    if (parts[0].starts_with("gres/")) parts[0].remove_prefix(5);
    if (parts[0].empty() || parts.size() > 3) return std::nullopt;
    if (parts[0] != "gpu") {
      if (gres.other.empty()) gres.other = parts[0];
      continue;
    }
    const auto count = parts.size() == 1 ? 1 : parse_slurm_count(parts.back());
    if (!count && parts.size() == 3) return std::nullopt;
    gres.gpus += count.value_or(1);  // "gpu:a100" is one
  }
  return gres;
}

std::optional<ArraySpec> parse_array(std::string_view text) {
  ArraySpec spec;
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    const auto at_once = parse_slurm_count(text.substr(percent + 1));
    if (!at_once) return std::nullopt;
    spec.at_once = *at_once;
  }
  const auto items = split(text.substr(0, percent), ',');
  for (const std::string_view item : items)
    if (!add_indices(item, spec)) return std::nullopt;
  if (items.size() > 1) spec.step = 1;
  std::sort(spec.indices.begin(), spec.indices.end());
  spec.indices.erase(std::unique(spec.indices.begin(), spec.indices.end()), spec.indices.end());
  return spec;
}

std::optional<DependencySpec> parse_dependencies(std::string_view text) {
  DependencySpec spec;
  spec.is_any = text.find('?') != std::string_view::npos;
  if (spec.is_any && text.find(',') != std::string_view::npos) return std::nullopt;
  for (const std::string_view one : split(text, spec.is_any ? '?' : ','))
    if (!add_dependency(one, spec.all)) return std::nullopt;
  return spec;
}

std::optional<SignalSpec> parse_signal(std::string_view text) {
  SignalSpec spec;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view who = text.substr(0, colon);
    if (who.empty() || who.find_first_not_of("RB") != std::string_view::npos) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    const auto seconds = whole<std::int64_t>(text.substr(at + 1), 65'535);
    if (!seconds) return std::nullopt;
    spec.before = std::chrono::seconds(*seconds);
    text = text.substr(0, at);
  }
  if (const auto given = whole<int>(text, 64)) {
    spec.signal = *given;
    return spec;
  }
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && text == known) spec.signal = signal;
  }
  return spec.signal == 0 ? std::nullopt : std::optional(spec);
}

}  // namespace fugle::workflow
