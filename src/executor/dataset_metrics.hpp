// Metrics that are datasets of outputs. A rank opens no file of a user's program: a child does, `fugle read-datasets`,
// started when the program has ended and before its cleanup, and leaves what it found in a small file. This is the
// order to that child, and the reading and writing of that file.
//
// A line for each metric: its number, then either `=`, how many values there are, the stride of those that are here
// (see LineScanner::Found), and these; or `!` and why there are none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "executor/line_scanner.hpp"
#include "graph/task.hpp"

namespace fugle::executor {

inline constexpr std::string_view kReadDatasets = "read-datasets";  ///< the verb
struct DatasetOrder {
  std::uint32_t metric = 0;  ///< index in Task::metrics
  std::string path;
  std::string dataset;
};

/// The words of the command: it writes `into`, then becomes `cleanup`, if there is one. None without datasets.
[[nodiscard]] std::vector<std::string> dataset_command(std::span<const graph::Metric> metrics,
                                                       std::span<const std::string> staged_outputs,
                                                       const std::string& program, const std::string& into,
                                                       const std::vector<std::string>& cleanup);
/// What the words after the verb say. False: it is not what dataset_command() makes.
struct DatasetArguments {
  std::string into;
  std::vector<DatasetOrder> orders;
  std::vector<std::string> cleanup;
};
[[nodiscard]] bool parse_dataset_command(std::span<const std::string> words, DatasetArguments& arguments);

[[nodiscard]] std::string dataset_line(std::uint32_t metric, std::span<const double> values);
[[nodiscard]] std::string dataset_problem_line(std::uint32_t metric, std::string_view problem);

/// One for each metric, from what the regular expressions found, in their order, and from the text of that file. What
/// the text does not say was not found; its problem is in Found::unreadable.
[[nodiscard]] std::vector<LineScanner::Found> join_found(std::span<const graph::Metric> metrics,
                                                         std::span<const LineScanner::Found> of_regexes,
                                                         std::string_view of_datasets);

}  // namespace fugle::executor
