// Finds the values of metrics in what a program prints, while it prints: each match of a pattern is a value. Takes the
// output in pieces of any size, keeps a line at most, and a bounded number of values. Knows nothing of processes, files
// or references. The spawner includes it too.
//
// A line ends with \n or \r: programs that redraw a line of progress print many. One of more than 64 KiB is searched in
// pieces of that size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/pattern.hpp"

namespace fugle::executor {

/// The value that a group of a pattern names: a decimal number, with D for E as Fortran prints it; finite.
[[nodiscard]] bool parse_value(std::string_view text, double& value);

class LineScanner {
 public:
  /// Beyond that every second value is dropped, and of those to come as many are left out.
  static constexpr std::size_t kMostValues = 8192;
  static constexpr std::size_t kLongestLine = 64 * 1024;

  /// What one pattern has found.
  struct Found {
    std::vector<double> values;    ///< of all: number 0, `stride`, 2 x `stride`, ...
    std::uint64_t stride = 1;      ///< a power of two
    std::uint64_t num_values = 0;  ///< also those that were not kept
    std::string unreadable;        ///< the first match whose group is no number
  };

  explicit LineScanner(std::vector<Pattern> patterns);

  void add(std::string_view piece);
  /// The end of the output: what is left is a line.
  void finish();
  /// In the order of the patterns.
  [[nodiscard]] const std::vector<Found>& found() const { return found_; }

 private:
  void scan(std::string_view lines);
  void scan_line(std::size_t which, std::string_view line);
  static void keep(Found& found, double value);

  std::vector<Pattern> patterns_;
  std::vector<Found> found_;
  std::string rest_;  ///< of a line that has not ended
};

}  // namespace fugle::executor
