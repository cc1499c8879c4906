#include "executor/line_scanner.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace fugle::executor {
namespace {

constexpr std::string_view kLineEnds = "\n\r";
constexpr std::size_t kLongestExcerpt = 40;

}  // namespace

bool parse_value(std::string_view text, double& value) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::string digits(text);
  std::ranges::replace_if(
      digits, [](char c) { return c == 'D' || c == 'd'; }, 'e');
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() && std::isfinite(value);
}

LineScanner::LineScanner(std::vector<Pattern> patterns) : patterns_(std::move(patterns)), found_(patterns_.size()) {}

void LineScanner::add(std::string_view piece) {
  const std::size_t first_end = piece.find_first_of(kLineEnds);
  if (!rest_.empty() || first_end == std::string_view::npos) {
    rest_ += piece.substr(0, first_end);
    if (first_end == std::string_view::npos && rest_.size() < kLongestLine) return;
    scan(rest_);
    rest_.clear();
    if (first_end == std::string_view::npos) return;
    piece.remove_prefix(first_end + 1);
  }
  const std::size_t last_end = piece.find_last_of(kLineEnds);
  const std::size_t whole = last_end == std::string_view::npos ? 0 : last_end + 1;
  scan(piece.substr(0, whole));
  rest_ = piece.substr(whole);
}

void LineScanner::finish() {
  scan(rest_);
  rest_.clear();
}

/// Whole lines. Those without the bytes that every match has are not looked at.
void LineScanner::scan(std::string_view lines) {
  for (std::size_t which = 0; which < patterns_.size(); ++which) {
    const std::string& literal = patterns_[which].literal();
    for (std::size_t at = 0; at < lines.size();) {
      if (!literal.empty()) {
        const std::size_t next = lines.find(literal, at);
        if (next == std::string_view::npos) break;
        const std::size_t end_before = next == 0 ? std::string_view::npos : lines.find_last_of(kLineEnds, next - 1);
        at = end_before == std::string_view::npos ? 0 : end_before + 1;
      }
      const std::size_t end = std::min(lines.find_first_of(kLineEnds, at), lines.size());
      scan_line(which, lines.substr(at, end - at));
      at = end + 1;
    }
  }
}

void LineScanner::scan_line(std::size_t which, std::string_view line) {
  Found& found = found_[which];
  for (std::size_t at = 0; at <= line.size();) {
    const auto match = patterns_[which].search(line, at);
    if (!match) return;
    double value = 0;
    if (parse_value(match->group, value))
      keep(found, value);
    else if (found.unreadable.empty() && !match->group.empty())
      found.unreadable = match->group.substr(0, kLongestExcerpt);
    at = std::max(match->end, match->begin + 1);
  }
}

void LineScanner::keep(Found& found, double value) {
  const std::uint64_t number = found.num_values++;
  if (number % found.stride != 0) return;
  if (found.values.size() == kMostValues) {
    for (std::size_t i = 0; i < kMostValues / 2; ++i) found.values[i] = found.values[2 * i];
    found.values.resize(kMostValues / 2);
    found.stride *= 2;
    if (number % found.stride != 0) return;
  }
  found.values.push_back(value);
}

}  // namespace fugle::executor
