#include "executor/dataset_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace fugle::executor {
namespace {

using Found = LineScanner::Found;

/// As a LineScanner keeps them.
std::uint64_t stride_of(std::size_t count) {
  std::uint64_t stride = 1;
  while ((count + stride - 1) / stride > LineScanner::kMostValues) stride *= 2;
  return stride;
}

void take_values(std::string_view text, Found& found) {
  std::vector<double> values;
  std::vector<std::string_view> words = split(text, ' ');
  if (words.size() < 2) return;
  const auto count = parse_number<std::uint64_t>(words[0]);
  const auto stride = parse_number<std::uint64_t>(words[1]);
  if (!count || !stride || *stride == 0) return;
  for (const std::string_view word : std::span(words).subspan(2)) {
    double value = 0;
    if (!parse_value(word, value)) return;
    values.push_back(value);
  }
  found = {std::move(values), *stride, *count, ""};
}

}  // namespace

std::vector<std::string> dataset_command(std::span<const graph::Metric> metrics,
                                         std::span<const std::string> staged_outputs, const std::string& program,
                                         const std::string& into, const std::vector<std::string>& cleanup) {
  std::vector<std::string> words{program, std::string(kReadDatasets), into};
  for (std::size_t i = 0; i < metrics.size(); ++i)
    if (!metrics[i].dataset.empty() && metrics[i].output < staged_outputs.size())
      words.insert(words.end(), {std::to_string(i), staged_outputs[metrics[i].output], metrics[i].dataset});
  words.emplace_back("--");
  words.insert(words.end(), cleanup.begin(), cleanup.end());
  return words;
}

bool parse_dataset_command(std::span<const std::string> words, DatasetArguments& arguments) {
  if (words.empty()) return false;
  arguments.into = words.front();
  std::size_t at = 1;
  for (; at + 2 < words.size() && words[at] != "--"; at += 3) {
    const auto metric = parse_number<std::uint32_t>(words[at]);
    if (!metric) return false;
    arguments.orders.push_back({*metric, words[at + 1], words[at + 2]});
  }
  if (at >= words.size() || words[at] != "--") return false;
  arguments.cleanup.assign(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  return true;
}

std::string dataset_line(std::uint32_t metric, std::span<const double> values) {
  if (const auto odd = std::ranges::find_if(values, [](double value) { return !std::isfinite(value); });
      odd != values.end())
    return dataset_problem_line(metric, fmt::format("value {} is {}", odd - values.begin(), *odd));
  const std::uint64_t stride = stride_of(values.size());
  std::string line = fmt::format("{} = {} {}", metric, values.size(), stride);
  for (std::size_t i = 0; i < values.size(); i += stride) line += fmt::format(" {}", values[i]);
  return line + '\n';
}

std::string dataset_problem_line(std::uint32_t metric, std::string_view problem) {
  std::string line = fmt::format("{} ! {}", metric, problem);
  std::ranges::replace(line, '\n', ' ');
  return line + '\n';
}

std::vector<Found> join_found(std::span<const graph::Metric> metrics, std::span<const Found> of_regexes,
                              std::string_view of_datasets) {
  std::vector<Found> found(metrics.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < metrics.size(); ++i)
    if (metrics[i].dataset.empty() && next < of_regexes.size()) found[i] = of_regexes[next++];
  for (const std::string_view line : split(of_datasets, '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || line.size() < blank + 3 || line[blank + 2] != ' ') continue;
    const auto metric = parse_number<std::uint32_t>(line.substr(0, blank));
    if (!metric || *metric >= metrics.size() || metrics[*metric].dataset.empty()) continue;
    if (line[blank + 1] == '=')
      take_values(line.substr(blank + 3), found[*metric]);
    else
      found[*metric].unreadable = line.substr(blank + 3);
  }
  return found;
}

}  // namespace fugle::executor
