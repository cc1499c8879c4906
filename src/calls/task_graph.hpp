// The graphs of Task Bench by which runtimes are compared: rows of tasks, where each task needs some of the row before.
// E. Slaughter et al., Task Bench: a parameterized benchmark for evaluating parallel runtime performance, SC 2020.
// Which of the row before depends on a set that changes from row to row (`fft`, `spread`, `random_nearest`). Only the
// random pattern is another one than theirs: its coin is ours. Also the work of a task, and METG(50 %), the length of a
// task at which half of the time is spent on work. Knows nothing of who runs the tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace fugle::calls {

enum class Pattern {
  trivial,
  no_comm,
  stencil_1d,
  stencil_1d_periodic,
  dom,
  tree,
  fft,
  all_to_all,
  nearest,
  spread,
  random_nearest
};

[[nodiscard]] std::optional<Pattern> pattern_of(std::string_view name);

struct TaskGraph {
  Pattern pattern = Pattern::stencil_1d;
  long width = 1;
  long steps = 1;
  long radix = 5;   ///< of nearest, spread and random_nearest: how many are needed at most
  long period = 3;  ///< of spread and random_nearest: how many sets take turns

  /// Tasks of a row are those from first_of(step) on.
  [[nodiscard]] long first_of(long step) const;
  [[nodiscard]] long width_of(long step) const;
  [[nodiscard]] bool has(long step, long point) const;
  [[nodiscard]] long set_of(long step) const;
  /// Points that a task needs when the set is this one, ascending but for where a pattern wraps around.
  [[nodiscard]] std::vector<long> needs_in_set(long set, long point) const;
  /// Those of the row before that there are; none for the first row.
  [[nodiscard]] std::vector<long> needs(long step, long point) const;
  [[nodiscard]] std::int64_t num_tasks() const;
  /// As Task Bench counts: with the sets of the first row, whose tasks need nothing.
  [[nodiscard]] std::int64_t num_dependencies() const;
};

/// The work of a task: `iterations` times 64 multiplications and subtractions, which can be done side by side. The
/// result depends on all of them.
double compute(long iterations);
inline constexpr double kFlopsPerIteration = 128;

/// Iterations per task, and how long the whole graph took.
struct Sample {
  long iterations = 0;
  double seconds = 0;
};

/// METG at an efficiency of one half, in seconds: the mean length of a task (elapsed time x workers / tasks) at which
/// `ideal_seconds_per_iteration` explains half of the time; between two samples by a straight line. Samples from many
/// iterations to few. Empty when the efficiency never fell below, or never was above, one half.
[[nodiscard]] std::optional<double> find_metg(const std::vector<Sample>& samples, std::int64_t num_tasks,
                                              int num_workers, double ideal_seconds_per_iteration);

/// Samples for find_metg, from 2^17 iterations down until the efficiency is below one half; the best of `repeats` each.
/// `run` gives the seconds of the graph with so many iterations per task.
[[nodiscard]] std::vector<Sample> take_samples(const std::function<double(long iterations)>& run, int repeats,
                                               std::int64_t num_tasks, int num_workers,
                                               double ideal_seconds_per_iteration);

}  // namespace fugle::calls
