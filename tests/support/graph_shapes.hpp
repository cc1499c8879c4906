// Graphs of well-known shapes and any size, with seeded durations of mean 1 s and 10 MB on each edge: for benchmarks
// and tests of plans.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "graph/graph.hpp"

namespace fugle::testing {

enum class Spread : std::uint8_t { exponential, uniform, none };

class ShapeMaker {
 public:
  explicit ShapeMaker(std::uint64_t seed, Spread spread = Spread::exponential) : random_(seed), spread_(spread) {
    graph::Task task;
    task.name = "t";
    task_ = builder_.add_task(std::move(task));
  }
  std::uint32_t element() {
    const std::uint32_t number = builder_.num_elements();
    builder_.add_element(task_, fmt::format("t[{}]", number), {}, from_seconds(duration()));
    return number;
  }
  void edge(std::uint32_t from, std::uint32_t to) { builder_.add_edge(ElementId(from), ElementId(to), 1e7); }
  Random& random() { return random_; }
  graph::Graph freeze() && { return graph::Graph(std::move(builder_).build()); }

 private:
  double duration() {
    if (spread_ == Spread::none) return 1;
    const double u = random_.uniform();
    return spread_ == Spread::uniform ? 0.5 + u : std::max(1e-3, -std::log(1 - u));
  }
  graph::GraphBuilder builder_;
  TaskId task_;
  Random random_;
  Spread spread_;
};

/// Each element needs three random ones of the `window` before it.
inline graph::Graph layered(std::uint32_t elements, std::uint32_t window, std::uint64_t seed,
                            Spread spread = Spread::exponential) {
  ShapeMaker maker(seed, spread);
  for (std::uint32_t e = 0; e < elements; ++e) maker.element();
  for (std::uint32_t e = 1; e < elements; ++e) {
    for (int i = 0; i < 3; ++i)
      maker.edge(e - 1 - static_cast<std::uint32_t>(maker.random().below(std::min(e, window))), e);
  }
  return std::move(maker).freeze();
}

/// side x side; each element needs the one above and the one to the left.
inline graph::Graph grid(std::uint32_t side, std::uint64_t seed, Spread spread = Spread::exponential) {
  ShapeMaker maker(seed, spread);
  for (std::uint32_t e = 0; e < side * side; ++e) {
    maker.element();
    if (e >= side) maker.edge(e - side, e);
    if (e % side > 0) maker.edge(e - 1, e);
  }
  return std::move(maker).freeze();
}

/// `steps` rows of `width`; each element needs the three nearest ones of the row before.
inline graph::Graph stencil(std::uint32_t width, std::uint32_t steps, std::uint64_t seed,
                            Spread spread = Spread::exponential) {
  ShapeMaker maker(seed, spread);
  for (std::uint32_t e = 0; e < width * steps; ++e) {
    maker.element();
    if (e < width) continue;
    const std::uint32_t above = e - width, x = e % width;
    maker.edge(above, e);
    if (x > 0) maker.edge(above - 1, e);
    if (x + 1 < width) maker.edge(above + 1, e);
  }
  return std::move(maker).freeze();
}

/// Binary, from 2^depth leaves to one root; leaves first, level by level.
inline graph::Graph in_tree(std::uint32_t depth, std::uint64_t seed, Spread spread = Spread::exponential) {
  ShapeMaker maker(seed, spread);
  std::vector<std::uint32_t> level;
  for (std::uint32_t i = 0; i < 1u << depth; ++i) level.push_back(maker.element());
  while (level.size() > 1) {
    std::vector<std::uint32_t> next;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      const std::uint32_t e = maker.element();
      maker.edge(level[i], e), maker.edge(level[i + 1], e);
      next.push_back(e);
    }
    level = std::move(next);
  }
  return std::move(maker).freeze();
}

/// `count` chains of `length`, numbered step by step.
inline graph::Graph chains(std::uint32_t count, std::uint32_t length, std::uint64_t seed,
                           Spread spread = Spread::exponential) {
  ShapeMaker maker(seed, spread);
  for (std::uint32_t e = 0; e < count * length; ++e) {
    maker.element();
    if (e >= count) maker.edge(e - count, e);
  }
  return std::move(maker).freeze();
}

/// `count` times a fork, `width` elements that need it, and a join.
inline graph::Graph fork_joins(std::uint32_t count, std::uint32_t width, std::uint64_t seed,
                               Spread spread = Spread::exponential) {
  ShapeMaker maker(seed, spread);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t fork = maker.element();
    for (std::uint32_t k = 0; k < width; ++k) maker.edge(fork, maker.element());
    const std::uint32_t join = maker.element();
    for (std::uint32_t k = 1; k <= width; ++k) maker.edge(fork + k, join);
  }
  return std::move(maker).freeze();
}

}  // namespace fugle::testing
