#include "sim/lengths.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numbers>
#include <string>
#include <unordered_map>

#include "base/random.hpp"

namespace fugle::sim {
namespace {

/// "mProject_00000012" -> "mProject_"
std::string kind_of(std::string_view name) {
  std::string kind;
  std::copy_if(name.begin(), name.end(), std::back_inserter(kind),
               [](char c) { return std::isdigit(static_cast<unsigned char>(c)) == 0; });
  return kind;
}

}  // namespace

std::vector<std::uint32_t> kinds_by_name(const graph::Graph& graph) {
  std::unordered_map<std::string, std::uint32_t> numbers;
  std::vector<std::uint32_t> of_task, kinds;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    of_task.push_back(
        numbers.try_emplace(kind_of(graph.task(TaskId(t)).name), static_cast<std::uint32_t>(numbers.size()))
            .first->second);
  kinds.reserve(graph.num_elements());
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    kinds.push_back(of_task[graph.task_id_of(ElementId(e)).value()]);
  return kinds;
}

std::vector<double> known_durations(const graph::Graph& graph, std::span<const double> durations,
                                    std::span<const std::uint32_t> kinds, Known known) {
  std::vector<double> seconds(durations.begin(), durations.end());
  if (known == Known::exact) return seconds;
  std::vector<double> sums;
  std::vector<std::uint32_t> counts;
  const auto kind = [&](std::size_t e) { return known == Known::none ? 0 : kinds[e]; };
  for (std::size_t e = 0; e < seconds.size(); ++e) {
    if (graph.is_gate(ElementId(static_cast<std::uint32_t>(e)))) continue;
    if (kind(e) >= sums.size()) sums.resize(kind(e) + 1), counts.resize(kind(e) + 1);
    sums[kind(e)] += seconds[e];
    ++counts[kind(e)];
  }
  for (std::size_t e = 0; e < seconds.size(); ++e)
    if (!graph.is_gate(ElementId(static_cast<std::uint32_t>(e)))) seconds[e] = sums[kind(e)] / counts[kind(e)];
  return seconds;
}

double noise_factor(double noise, std::uint64_t seed, ElementId element, std::uint16_t attempt) {
  if (noise <= 0) return 1;
  Random random(seed ^ (std::uint64_t{element.value()} << 16 | attempt) * 0x9E3779B97F4A7C15u);
  (void)random.next();
  // Box and Muller (1958): two uniform numbers make a normal one.
  const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
  const double normal = radius * std::cos(2 * std::numbers::pi * random.uniform());
  const double variance = std::log(1 + noise * noise);
  return std::exp(std::sqrt(variance) * normal - variance / 2);
}

std::vector<double> with_noise(std::span<const double> durations, double noise, std::uint64_t seed) {
  std::vector<double> seconds(durations.begin(), durations.end());
  if (noise <= 0) return seconds;
  for (std::uint32_t e = 0; e < seconds.size(); ++e) seconds[e] *= noise_factor(noise, seed, ElementId(e), 1);
  return seconds;
}

}  // namespace fugle::sim
