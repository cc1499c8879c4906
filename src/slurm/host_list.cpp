#include "slurm/host_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::slurm {
namespace {

constexpr std::size_t kMostHosts = 1'000'000;
constexpr std::size_t kMostDigits = 18;  // fit into 64 bits

[[noreturn]] void refuse(std::string_view text, const char* why) {
  throw UsageError(fmt::format("cannot read the node list '{}' ({}); wanted is what Slurm writes: n[1-3,7],gpu01",
                               text.substr(0, 200), why));
}

/// "7" or "01-04": numbers of so many digits at least.
struct Range {
  std::uint64_t first = 0, last = 0;
  std::size_t width = 0;
};

std::optional<std::uint64_t> parse_digits(std::string_view digits) {
  return digits.size() <= kMostDigits ? parse_number<std::uint64_t>(digits) : std::nullopt;
}

std::optional<Range> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_digits(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_digits(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return Range{*first, *last, std::min(dash, text.size())};
}

/// The names so far, each continued by each number of the ranges in a bracket.
std::vector<std::string> multiplied(const std::vector<std::string>& beginnings, std::string_view bracket,
                                    std::string_view whole) {
  std::vector<std::string> names;
  std::vector<Range> ranges;
  std::uint64_t count = 0;
  while (true) {
    const std::size_t comma = bracket.find(',');
    const auto range = parse_range(bracket.substr(0, comma));
    if (!range) refuse(whole, "there is something else than numbers and ranges between brackets");
    ranges.push_back(*range);
    count += range->last - range->first + 1;
    if (count > kMostHosts || count * beginnings.size() > kMostHosts) refuse(whole, "more than 1,000,000 nodes");
    if (comma == std::string_view::npos) break;
    bracket.remove_prefix(comma + 1);
  }
  for (const std::string& beginning : beginnings)
    for (const Range& range : ranges)
      for (std::uint64_t number = range.first; number <= range.last; ++number)
        names.push_back(fmt::format("{}{:0{}}", beginning, number, range.width));
  return names;
}

void expand_one(std::string_view name, std::string_view whole, std::vector<std::string>& hosts) {
  std::vector<std::string> names{""};
  while (!name.empty()) {
    const std::size_t open = name.find('[');
    const std::string_view plain = name.substr(0, open);
    if (plain.find_first_of("] \t\n()") != std::string_view::npos) refuse(whole, "no node is called like that");
    for (std::string& beginning : names) beginning += plain;
    if (open == std::string_view::npos) break;
    const std::size_t close = name.find(']', open);
    if (close == std::string_view::npos) refuse(whole, "a bracket is not closed");
    names = multiplied(names, name.substr(open + 1, close - open - 1), whole);
    name.remove_prefix(close + 1);
  }
  if (hosts.size() + names.size() > kMostHosts) refuse(whole, "more than 1,000,000 nodes");
  hosts.insert(hosts.end(), names.begin(), names.end());
}

/// The end of the name at the front of `text`: the first comma outside of brackets.
std::size_t end_of_name(std::string_view text) {
  bool is_inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') is_inside = true;
    if (text[i] == ']') is_inside = false;
    if (text[i] == ',' && !is_inside) return i;
  }
  return text.size();
}

/// A name and the number at its end; no digits: it has none.
struct Numbered {
  std::string_view beginning, digits;
};

Numbered numbered(std::string_view host) {
  const std::size_t last = host.find_last_not_of("0123456789");
  const std::size_t size = last == std::string_view::npos ? 0 : last + 1;
  return {host.substr(0, size), host.substr(size)};
}

bool is_short(std::string_view digits) { return !digits.empty() && digits.size() <= kMostDigits; }

/// Whether a range that begins with `first` and has come to `number` goes on with `next`.
bool continues(std::string_view first, std::uint64_t number, std::string_view next) {
  return is_short(next) && fmt::format("{:0{}}", number + 1, first.size()) == next;
}

}  // namespace

std::vector<std::string> expand_host_list(std::string_view text) {
  std::vector<std::string> hosts;
  if (text.empty()) return hosts;
  const std::string_view whole = text;
  while (true) {
    const std::size_t end = end_of_name(text);
    if (end == 0) refuse(whole, "a name is missing");
    expand_one(text.substr(0, end), whole, hosts);
    if (end == text.size()) return hosts;
    text.remove_prefix(end + 1);
  }
}

std::string compress_host_list(const std::vector<std::string>& hosts) {
  std::string text;
  for (std::size_t i = 0; i < hosts.size();) {
    const auto [beginning, digits] = numbered(hosts[i]);
    std::string ranges(digits);
    std::size_t num_names = 0;
    for (std::size_t j = i; j < hosts.size() && is_short(digits);) {  // one range each time
      const Numbered first = numbered(hosts[j]);
      if (first.beginning != beginning || !is_short(first.digits)) break;
      std::uint64_t number = *parse_digits(first.digits);
      std::size_t end = j + 1;
      for (; end < hosts.size(); ++end, ++number) {
        const Numbered next = numbered(hosts[end]);
        if (next.beginning != beginning || !continues(first.digits, number, next.digits)) break;
      }
      if (num_names > 0) ranges.append(",").append(first.digits);
      if (end > j + 1) ranges.append("-").append(numbered(hosts[end - 1]).digits);
      num_names += end - j;
      j = end;
    }
    if (!text.empty()) text += ',';
    text += num_names > 1 ? fmt::format("{}[{}]", beginning, ranges) : hosts[i];
    i += std::max<std::size_t>(num_names, 1);
  }
  return text;
}

}  // namespace fugle::slurm
