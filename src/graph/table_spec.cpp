#include "graph/table_spec.hpp"

#include <array>

namespace fugle::graph {
namespace {

constexpr std::array kStatistics = {Statistic::median, Statistic::mean,  Statistic::min,     Statistic::max,
                                    Statistic::spread, Statistic::count, Statistic::speedup, Statistic::efficiency};

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

}  // namespace

const char* name_of(Statistic statistic) {
  switch (statistic) {
    case Statistic::median: return "median";
    case Statistic::mean: return "mean";
    case Statistic::min: return "min";
    case Statistic::max: return "max";
    case Statistic::spread: return "spread";
    case Statistic::count: return "count";
    case Statistic::speedup: return "speedup";
    case Statistic::efficiency: return "efficiency";
  }
  return "";
}

std::optional<Statistic> statistic_named(std::string_view word) {
  for (const Statistic statistic : kStatistics)
    if (word == name_of(statistic)) return statistic;
  return std::nullopt;
}

std::string text_of(const TableColumn& column) {
  return std::string(name_of(column.statistic)) + '(' + column.metric + ')';
}

std::optional<TableColumn> parse_column(std::string_view text) {
  text = trim(text);
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
  const auto statistic = statistic_named(trim(text.substr(0, open)));
  const std::string_view metric = trim(text.substr(open + 1, text.size() - open - 2));
  if (!statistic || metric.empty()) return std::nullopt;
  return TableColumn{*statistic, std::string(metric)};
}

}  // namespace fugle::graph
