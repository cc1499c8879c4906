#include "calls/task_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace fugle::calls {
namespace {

constexpr std::array<std::pair<std::string_view, Pattern>, 11> kNames{{
    {"trivial", Pattern::trivial},
    {"no_comm", Pattern::no_comm},
    {"stencil_1d", Pattern::stencil_1d},
    {"stencil_1d_periodic", Pattern::stencil_1d_periodic},
    {"dom", Pattern::dom},
    {"tree", Pattern::tree},
    {"fft", Pattern::fft},
    {"all_to_all", Pattern::all_to_all},
    {"nearest", Pattern::nearest},
    {"spread", Pattern::spread},
    {"random_nearest", Pattern::random_nearest},
}};

constexpr double kFractionConnected = 0.25;  // of random_nearest, as in Task Bench

std::vector<long> range(long first, long last) {
  std::vector<long> points;
  for (long i = first; i <= last; ++i) points.push_back(i);
  return points;
}

/// A number in [0, 1) that depends on all of these; the finaliser of splitmix64 after each.
double coin(std::array<long, 4> values) {
  std::uint64_t x = 0;
  for (const long value : values) {
    x += static_cast<std::uint64_t>(value) + 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    x ^= x >> 31;
  }
  return static_cast<double>(x >> 11) * 0x1p-53;
}

long num_sets(const TaskGraph& graph) {
  switch (graph.pattern) {
    case Pattern::fft: return std::max(1L, static_cast<long>(std::ceil(std::log2(static_cast<double>(graph.width)))));
    case Pattern::spread:
    case Pattern::random_nearest: return std::max(1L, graph.period);
    default: return 1;
  }
}

double ideal_seconds(const Sample& sample, std::int64_t num_tasks, int num_workers, double per_iteration) {
  return static_cast<double>(sample.iterations) * per_iteration * static_cast<double>(num_tasks) / num_workers;
}

}  // namespace

std::optional<Pattern> pattern_of(std::string_view name) {
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
  if (found == kNames.end()) return std::nullopt;
  return found->second;
}

long TaskGraph::first_of(long step) const { return pattern == Pattern::dom ? std::max(0L, step + width - steps) : 0; }

long TaskGraph::width_of(long step) const {
  if (step < 0) return 0;
  if (pattern == Pattern::dom) return std::min({width, step + 1, steps - step});
  if (pattern == Pattern::tree) return std::min(width, 1L << std::min(step, 62L));
  return width;
}

bool TaskGraph::has(long step, long point) const {
  return step >= 0 && step < steps && point >= first_of(step) && point < first_of(step) + width_of(step);
}

long TaskGraph::set_of(long step) const {
  const long sets = num_sets(*this);
  return pattern == Pattern::fft ? (step + sets - 1) % sets : step % sets;
}

std::vector<long> TaskGraph::needs_in_set(long set, long point) const {
  switch (pattern) {
    case Pattern::trivial: return {};
    case Pattern::no_comm: return {point};
    case Pattern::stencil_1d: return range(std::max(0L, point - 1), std::min(point + 1, width - 1));
    case Pattern::stencil_1d_periodic: {
      std::vector<long> points = range(std::max(0L, point - 1), std::min(point + 1, width - 1));
      if (point == 0) points.push_back(width - 1);
      if (point + 1 >= width) points.push_back(0);
      return points;
    }
    case Pattern::dom: return range(std::max(0L, point - 1), point);
    case Pattern::tree: return {point / 2};
    case Pattern::fft: {
      const long far = 1L << set;
      std::vector<long> points;
      if (point >= far) points.push_back(point - far);
      points.push_back(point);
      if (point + far < width) points.push_back(point + far);
      return points;
    }
    case Pattern::all_to_all: return range(0, width - 1);
    case Pattern::nearest:
      if (radix == 0) return {};
      return range(std::max(0L, point - radix / 2), std::min(point + (radix - 1) / 2, width - 1));
    case Pattern::spread: {
      std::vector<long> points;
      for (long i = 0; i < radix; ++i) points.push_back((point + i * width / radix + (i > 0 ? set : 0)) % width);
      return points;
    }
    case Pattern::random_nearest: {
      if (radix == 0) return {};
      std::vector<long> points = range(std::max(0L, point - radix / 2), std::min(point + (radix - 1) / 2, width - 1));
      std::erase_if(points, [&](long i) { return i != point && coin({radix, set, i, point}) >= kFractionConnected; });
      return points;
    }
  }
  return {};
}

std::vector<long> TaskGraph::needs(long step, long point) const {
  if (step == 0) return {};
  std::vector<long> points = needs_in_set(set_of(step), point);
  std::erase_if(points, [&](long i) { return !has(step - 1, i); });
  // A pattern may name one twice when the row is short: one value is enough.
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

std::int64_t TaskGraph::num_tasks() const {
  std::int64_t count = 0;
  for (long step = 0; step < steps; ++step) count += width_of(step);
  return count;
}

std::int64_t TaskGraph::num_dependencies() const {
  std::map<std::array<long, 3>, std::int64_t> rows;  // by what they depend on: most rows are like others
  std::int64_t count = 0;
  for (long step = 0; step < steps; ++step) {
    const auto [row, is_new] = rows.emplace(std::array{set_of(step), first_of(step), width_of(step)}, 0);
    for (long i = 0; is_new && i < width_of(step); ++i)
      row->second += static_cast<std::int64_t>(needs_in_set(set_of(step), first_of(step) + i).size());
    count += row->second;
  }
  return count;
}

double compute(long iterations) {
  std::array<double, 64> numbers;
  numbers.fill(0.5);
  // Stays between -1.5 and 0.75 for ever: numbers too small or too large would take another time.
  for (long i = 0; i < iterations; ++i)
    for (double& x : numbers) x = x * x - 1.5;
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

std::optional<double> find_metg(const std::vector<Sample>& samples, std::int64_t num_tasks, int num_workers,
                                double ideal_seconds_per_iteration) {
  std::optional<std::pair<double, double>> above;  // granularity, efficiency
  for (const Sample& sample : samples) {
    const double granularity = sample.seconds * num_workers / static_cast<double>(num_tasks);
    const double efficiency =
        ideal_seconds(sample, num_tasks, num_workers, ideal_seconds_per_iteration) / sample.seconds;
    if (efficiency >= 0.5) {
      above = {granularity, efficiency};
      continue;
    }
    if (!above) return std::nullopt;
    const double share = (0.5 - efficiency) / (above->second - efficiency);
    return granularity + share * (above->first - granularity);
  }
  return std::nullopt;
}

std::vector<Sample> take_samples(const std::function<double(long iterations)>& run, int repeats, std::int64_t num_tasks,
                                 int num_workers, double ideal_seconds_per_iteration) {
  std::vector<Sample> samples;
  for (long iterations = 1L << 17; iterations > 0; iterations /= 2) {
    // Lengths that no runtime needs are not tried: the first one takes a fifth of a second.
    const double ideal = ideal_seconds({iterations, 0}, num_tasks, num_workers, ideal_seconds_per_iteration);
    if (ideal > 0.2 && iterations > 1) continue;
    Sample best{iterations, std::numeric_limits<double>::max()};
    for (int i = 0; i < repeats; ++i) best.seconds = std::min(best.seconds, run(iterations));
    samples.push_back(best);
    if (ideal / best.seconds < 0.5) break;
  }
  return samples;
}

}  // namespace fugle::calls
