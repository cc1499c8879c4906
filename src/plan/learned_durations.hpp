// How long elements took before: a fold over attempts that ended OK, and what follows from it for the elements of a
// graph. Knows nothing of files, of runs directories or of what runs now.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::plan {

/// Durations by task name, and by element id ("mdrun[8,2]").
class DurationHistory {
 public:
  /// An attempt that ended OK.
  void add(std::string_view task, std::string_view element, double seconds);

  [[nodiscard]] bool is_empty() const { return of_task_.empty(); }
  /// In the order in which they were added; none: never seen.
  [[nodiscard]] const std::vector<float>& of_task(std::string_view name) const;
  [[nodiscard]] const std::vector<float>& of_element(std::string_view id) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Table = std::unordered_map<std::string, std::vector<float>, Hash, std::equal_to<>>;
  [[nodiscard]] static const std::vector<float>& find(const Table& table, std::string_view key);

  Table of_task_;
  Table of_element_;
};

/// The smallest value that at least `fraction` (0 to 1) of the values do not exceed; of two in the middle the median is
/// the mean. 0 for no values.
[[nodiscard]] double quantile(std::vector<float> values, double fraction);
[[nodiscard]] double median(std::vector<float> values);

struct KnownDurations {
  std::vector<double> seconds;   ///< [element] to plan with; 0 for gates; of services until they are ready
  std::vector<float> known_s;    ///< [element] the same where it is known, 0 where it is a guess; empty: all are known
  std::vector<float> at_most_s;  ///< [element] to judge what still fits into an allocation; 0: nobody knows
  std::uint32_t num_estimated = 0;
  std::uint32_t num_learned = 0;        ///< from earlier runs
  std::uint32_t num_from_this_run = 0;  ///< from what has ended in this one
  std::uint32_t num_unknown = 0;        ///< see fill_unknown()

  /// Whether they are worth much thought over a plan (Problem::are_durations_known).
  [[nodiscard]] bool are_mostly_known() const { return num_unknown <= num_estimated + num_learned + num_from_this_run; }
};

/// To plan with: the estimate; else the median of that element in earlier runs, else of its task; else the mean of its
/// task in this run; else a guess from the others. To judge by: the estimate; else the 95th percentile of the same
/// values; else the timeout.
[[nodiscard]] KnownDurations known_durations(const graph::Graph& graph, const DurationHistory& earlier_runs,
                                             const DurationHistory& this_run);

}  // namespace fugle::plan
