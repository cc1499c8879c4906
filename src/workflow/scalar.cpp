#include "workflow/scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace fugle::workflow {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

/// Takes leading digits off the text; empty when there are none.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

/// The JSON grammar of a number, no more: no sign +, no leading zeros, no bare point, no inf.
bool is_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::string_view whole = take_digits(text);
  if (whole.empty() || (whole.size() > 1 && whole[0] == '0')) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits(text).empty()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits(text).empty()) return false;
  }
  return text.empty();
}

/// Digits to a number, at most 9 of them (enough for 30 years in seconds), so that sums can not overflow.
std::optional<std::int64_t> small_number(std::string_view digits) {
  if (!all_digits(digits) || digits.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// `1d2h30m15s`, each unit at most once, largest first.
std::optional<std::int64_t> seconds_of_units(std::string_view text) {
  constexpr std::array<std::pair<char, std::int64_t>, 4> kUnits{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
  std::int64_t seconds = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto count = small_number(take_digits(text));
    while (next_unit < kUnits.size() && !text.starts_with(kUnits[next_unit].first)) ++next_unit;
    if (!count || next_unit == kUnits.size()) return std::nullopt;
    seconds += *count * kUnits[next_unit++].second;
    text.remove_prefix(1);
  }
  return seconds;
}

/// `HH:MM:SS` and `D-HH:MM:SS`, as Slurm writes them.
std::optional<std::int64_t> seconds_of_clock(std::string_view text) {
  std::int64_t days = 0;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto count = small_number(text.substr(0, dash));
    if (!count) return std::nullopt;
    days = *count;
    text.remove_prefix(dash + 1);
  }
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() != 3 || parts[1].size() != 2 || parts[2].size() != 2) return std::nullopt;
  const auto hours = small_number(parts[0]), minutes = small_number(parts[1]), seconds = small_number(parts[2]);
  if (!hours || !minutes || !seconds || *minutes > 59 || *seconds > 59) return std::nullopt;
  if (dash != std::string_view::npos && *hours > 23) return std::nullopt;
  return days * 86400 + *hours * 3600 + *minutes * 60 + *seconds;
}

/// `12:30`: in minutes for some, in hours for others.
bool is_ambiguous_clock(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && all_digits(text.substr(0, colon)) && all_digits(text.substr(colon + 1));
}

std::string duration_problem(std::string_view text) {
  if (all_digits(text)) {
    return fmt::format("{0} has no unit; write {0}s or {0}m (Slurm would read minutes)", text);
  }
  if (is_ambiguous_clock(text)) {
    const std::size_t colon = text.find(':');
    const std::string_view first = text.substr(0, colon), second = text.substr(colon + 1);
    return fmt::format("{} is ambiguous; write {}m{}s or {}h{}m or {}:00", in_quotes(text), first, second, first,
                       second, text);
  }
  return fmt::format("{} is not a duration; write it like 90s, 15m, 1h30m or 01:30:00", in_quotes(text));
}

/// Power of 1024 of a size letter; -1 for other letters.
int power_of(char letter) {
  const std::size_t place = std::string_view("KMGTP").find(letter);
  return place == std::string_view::npos ? -1 : static_cast<int>(place) + 1;
}

/// "4GB", "4gb", "4g" and the like: what people write who mean 4G; empty when it is not that.
std::string meant_size(std::string_view text) {
  std::size_t end = text.find_first_not_of("0123456789.");
  if (end == 0 || end == std::string_view::npos || !to_number(text.substr(0, end))) return {};
  std::string_view unit = text.substr(end);
  const char letter = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
  unit.remove_prefix(1);
  if (power_of(letter) < 0 || (!unit.empty() && unit != "B" && unit != "b" && unit != "ib" && unit != "IB")) return {};
  return fmt::format("{}{}", text.substr(0, end), letter);
}

struct RangeShape {
  std::string_view first, last, step;
};

/// The texts between the dots, each an int of any number of zeros.
std::optional<RangeShape> shape_of_range(std::string_view text) {
  const auto is_end = [](std::string_view part) { return all_digits(part.starts_with('-') ? part.substr(1) : part); };
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  RangeShape shape{text.substr(0, dots), text.substr(dots + 2), "1"};
  const std::size_t more = shape.last.find("..");
  if (more != std::string_view::npos) {
    shape.step = shape.last.substr(more + 2);
    shape.last = shape.last.substr(0, more);
  }
  if (!is_end(shape.first) || !is_end(shape.last) || !is_end(shape.step)) return std::nullopt;
  return shape;
}

/// Width of the zero padding asked for by "001..120"; 0: none.
std::size_t width_of(const RangeShape& shape) {
  const auto padded = [](std::string_view end) { return end.size() > 1 && end[0] == '0'; };
  return padded(shape.first) || padded(shape.last) ? std::max(shape.first.size(), shape.last.size()) : 0;
}

std::optional<std::int64_t> padded_int(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMaxShown = 80;
  const bool cut = text.size() > kMaxShown;
  if (cut) {
    std::size_t end = kMaxShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + (cut ? "...'" : "'");
}

bool has_marker(std::string_view text) {
  for (std::size_t at = text.find("${{"); at != std::string_view::npos; at = text.find("${{", at + 3))
    if (at == 0 || text[at - 1] != '$') return true;
  return false;
}

std::optional<std::int64_t> to_int(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (!all_digits(digits) || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  return padded_int(text);
}

std::optional<double> to_number(std::string_view text) {
  if (!is_json_number(text)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || !(is_letter(text[0]) || text[0] == '_')) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

std::optional<std::int64_t> parse_int(const IntKey& key, std::string_view text, Position at, Diagnostics& diagnostics) {
  const auto value = to_int(text);
  if (!value) {
    diagnostics.error("E104", at, fmt::format("'{}' expects a whole number, got {}", key.key, in_quotes(text)));
    return std::nullopt;
  }
  if (*value < key.min || *value > key.max) {
    diagnostics.error("E112", at, fmt::format("'{}' is {}; allowed {}..{}", key.key, *value, key.min, key.max));
    return std::nullopt;
  }
  return value;
}

std::optional<double> parse_number(const NumberKey& key, std::string_view text, Position at, Diagnostics& diagnostics) {
  const auto value = to_number(text);
  if (!value) {
    diagnostics.error("E104", at, fmt::format("'{}' expects a number, got {}", key.key, in_quotes(text)));
    return std::nullopt;
  }
  if (*value < key.min || *value > key.max) {
    diagnostics.error("E112", at, fmt::format("'{}' is {}; allowed {}..{}", key.key, *value, key.min, key.max));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> parse_bool(std::string_view key, std::string_view text, Position at, Diagnostics& diagnostics) {
  if (text == "true") return true;
  if (text == "false") return false;
  diagnostics.error("E104", at, fmt::format("'{}' expects true or false, got {}", key, in_quotes(text)));
  return std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text, Position at, Diagnostics& diagnostics) {
  constexpr std::int64_t kHundredYears = 36525LL * 86400;
  std::optional<std::int64_t> seconds;
  if (!text.empty() && !is_ambiguous_clock(text)) seconds = seconds_of_units(text);
  if (!seconds) seconds = seconds_of_clock(text);
  if (!seconds) {
    diagnostics.error("E109", at, duration_problem(text));
    return std::nullopt;
  }
  if (*seconds > kHundredYears) {
    diagnostics.error("E109", at, fmt::format("{} is longer than 100 years", in_quotes(text)));
    return std::nullopt;
  }
  return std::chrono::seconds(*seconds);
}

std::optional<Size> parse_size(std::string_view text, Position at, Diagnostics& diagnostics) {
  if (text == "0") return Size{0};
  std::string_view number = text;
  if (number.ends_with("iB")) number.remove_suffix(2);
  const int power = number.empty() ? -1 : power_of(number.back());
  if (power > 0) number.remove_suffix(1);
  const auto count = to_number(number);
  if (power > 0 && count && *count >= 0) {
    const double bytes = std::ldexp(*count, 10 * power);
    if (bytes < 0x1.0p63) return Size{static_cast<std::uint64_t>(bytes)};
    diagnostics.error("E111", at, fmt::format("{} is more than 8191P", in_quotes(text)));
  } else if (const std::string meant = meant_size(text); !meant.empty()) {
    diagnostics.error("E111", at, fmt::format("write {0} or {0}iB (1024-based)", meant), meant);
  } else if (to_number(text) && !text.starts_with('-')) {
    diagnostics.error("E111", at, fmt::format("memory needs a unit, e.g. {}M", text));
  } else {
    diagnostics.error("E111", at, fmt::format("{} is not a size; write it like 512M, 4G or 1.5T", in_quotes(text)));
  }
  return std::nullopt;
}

std::optional<double> parse_percent(std::string_view key, std::string_view text, Position at,
                                    Diagnostics& diagnostics) {
  if (text.ends_with('%')) {
    const auto value = to_number(text.substr(0, text.size() - 1));
    if (value && *value >= 0 && *value <= 100) return value;
  }
  diagnostics.error("E112", at, fmt::format("'{}' is {}; allowed 0%..100%", key, in_quotes(text)));
  return std::nullopt;
}

std::optional<graph::Tolerance> parse_tolerance(std::string_view text, Position at, Diagnostics& diagnostics) {
  constexpr IntKey kCount{"tolerate", 0, 1'000'000'000};
  if (text.ends_with('%')) {
    const auto percent = parse_percent(kCount.key, text, at, diagnostics);
    if (!percent) return std::nullopt;
    return graph::Tolerance{0, *percent / 100};
  }
  if (!to_int(text)) {
    diagnostics.error("E104", at,
                      fmt::format("'tolerate' expects a whole number or a percent like 10%, got {}", in_quotes(text)));
    return std::nullopt;
  }
  const auto count = parse_int(kCount, text, at, diagnostics);
  if (!count) return std::nullopt;
  return graph::Tolerance{static_cast<std::uint32_t>(*count), 0};
}

bool check_name(std::string_view text, Position at, Diagnostics& diagnostics) {
  if (is_name(text)) return true;
  const bool good_characters = is_name(fmt::format("_{}", text.substr(0, 60)));
  std::string problem = fmt::format("name {} may use letters, digits, _ and -", in_quotes(text));
  if (text.empty())
    problem = "a name can not be empty";
  else if (text.size() > 64)
    problem = fmt::format("name {} is longer than 64 bytes", in_quotes(text));
  else if (good_characters)
    problem = fmt::format("name {} must begin with a letter or _", in_quotes(text));
  diagnostics.error("E107", at, problem);
  return false;
}

std::vector<Value> Range::items() const {
  std::vector<Value> values;
  values.reserve(count());
  for (std::uint64_t i = 0; i < count(); ++i) {
    const auto item =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + i * static_cast<std::uint64_t>(step));
    values.push_back(width > 0 ? Value(fmt::format("{:0{}}", item, width)) : Value(item));
  }
  return values;
}

bool looks_like_range(std::string_view text) { return shape_of_range(text).has_value(); }

std::optional<Range> parse_range(std::string_view key, std::string_view text, Position at, Diagnostics& diagnostics) {
  const auto shape = shape_of_range(text);
  if (!shape) {
    diagnostics.error("E104", at,
                      fmt::format("'{}' expects a list or a range like 1..8, got {}", key, in_quotes(text)));
    return std::nullopt;
  }
  const auto first = padded_int(shape->first), last = padded_int(shape->last), step = padded_int(shape->step);
  // The count must fit 64 bits, else its sum with others means nothing.
  constexpr std::int64_t kFar = std::int64_t{1} << 62;
  std::string problem;
  if (!first || !last || !step || *first < -kFar || *last > kFar || *step > kFar)
    problem = "has a number too large";
  else if (*step < 1)
    problem = "has a step below 1";
  else if (*last < *first)
    problem = "ends before it starts";
  if (!problem.empty()) {
    diagnostics.error("E112", at, fmt::format("range {} {}", in_quotes(text), problem));
    return std::nullopt;
  }
  return Range{*first, *last, *step, width_of(*shape)};
}

}  // namespace fugle::workflow
