#include "plan/pool_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/random.hpp"
#include "plan/bound_model.hpp"
#include "plan/lower_bound.hpp"

namespace fugle::plan {
namespace {

constexpr std::size_t kPopulation = 40;

struct Individual {
  std::vector<std::uint32_t> list;  ///< each task after what it needs
  double makespan_s = std::numeric_limits<double>::infinity();
};

class Evolution {
 public:
  Evolution(const Pool& pool, const PoolSearchOptions& options)
      : pool_(pool),
        backward_pool_(reversed(pool)),
        options_(options),
        random_(options.seed),
        parallel_(pool_),
        parallel_back_(backward_pool_),
        serial_(pool_),
        serial_back_(backward_pool_) {
    result_.best.makespan_s = result_.list_makespan_s = std::numeric_limits<double>::infinity();
    result_.bound_s = lower_bound(pool).seconds;
    std::vector<std::uint32_t> order = topological_order(pool.needs, pool.successors);
    std::reverse(order.begin(), order.end());
    tails_ = longest_paths(pool.successors, pool.durations, order);
    for (std::uint32_t t = 0; t < tails_.size(); ++t) tails_[t] += pool.durations[t];
  }

  PoolSearchResult run(std::span<const std::vector<std::uint32_t>> starts) && {
    for (const auto& start : starts) {
      if (is_done()) break;
      population_.push_back(improved(start, false));
    }
    do {
      fill();
      raise_bound();
      evolve();
      restart();
    } while (!is_done());
    return std::move(result_);
  }

 private:
  bool is_done() const {
    return result_.steps >= options_.max_steps ||
           result_.best.makespan_s <= std::max(options_.stop_at_s, result_.bound_s) * (1 + 1e-9);
  }

  /// The serial scheme takes about half as long again, and more where several resources are counted.
  void count_steps(bool waits) {
    const std::uint64_t num_tasks = pool_.num_tasks();
    result_.steps += waits ? num_tasks * (5 + pool_.num_resources()) / 4 : num_tasks;
  }

  void forward(const std::vector<std::uint32_t>& list, bool waits) {
    count_steps(waits);
    if (waits) {
      serial_.run(list, made_);
    } else {
      run_list_ = list;
      put_priorities_first(run_list_);
      parallel_.run(run_list_, made_);
      if (made_.makespan_s < result_.list_makespan_s) {
        result_.list_makespan_s = made_.makespan_s;
        result_.list = run_list_;
      }
    }
    if (made_.makespan_s < result_.best.makespan_s) result_.best = made_;
  }

  // Forward, backward, forward; the list of the better of the two forward schedules.
  Individual improved(const std::vector<std::uint32_t>& list, bool is_feasible) {
    Individual best;
    const bool waits = options_.may_wait && random_.chance(kWaiting);
    forward(list, waits && is_feasible);
    for (int round = 0;; ++round) {
      if (made_.makespan_s < best.makespan_s) best = {made_.by_start, made_.makespan_s};
      if (round == 1 || is_done()) return best;
      list_.assign(made_.by_end.rbegin(), made_.by_end.rend());
      if (waits) {
        serial_back_.run(list_, back_);
      } else {
        parallel_back_.run(list_, back_);
      }
      count_steps(waits);
      forward({back_.by_end.rbegin(), back_.by_end.rend()}, waits);
    }
  }

  void put_priorities_first(std::vector<std::uint32_t>& list) const {
    if (options_.priorities.empty()) return;
    std::stable_sort(list.begin(), list.end(), [this](std::uint32_t a, std::uint32_t b) {
      return options_.priorities[a] > options_.priorities[b];
    });
  }

  // Longest tail first, with noise that grows from individual to individual.
  std::vector<std::uint32_t> sampled(double noise) {
    std::vector<std::pair<double, std::uint32_t>> keys;
    for (std::uint32_t t = 0; t < tails_.size(); ++t)
      keys.emplace_back(-tails_[t] * (1 + noise * random_.uniform()), t);
    std::sort(keys.begin(), keys.end());
    std::vector<std::uint32_t> list;
    for (const auto& key : keys) list.push_back(key.second);
    return list;
  }

  void fill() {
    for (std::size_t i = 0; population_.size() < kPopulation && !is_done(); ++i) {
      population_.push_back(improved(sampled(static_cast<double>(i) / kPopulation), false));
    }
    std::sort(population_.begin(), population_.end(), is_better);
  }

  /// Once: a part of the effort is worth knowing that there is nothing more to find.
  void raise_bound() {
    if (is_done() || has_raised_bound_) return;
    has_raised_bound_ = true;
    const double num_tasks = pool_.num_tasks();
    const auto max_steps = static_cast<double>(options_.max_steps - result_.steps) * kBoundShare;
    if (num_tasks * num_tasks * num_tasks * static_cast<double>(pool_.num_resources()) > max_steps) return;
    const EnergeticResult raised =
        tightened(pool_, result_.bound_s, result_.best.makespan_s, static_cast<std::uint64_t>(max_steps));
    result_.steps += raised.steps;
    result_.bound_s = std::max(result_.bound_s, raised.bound_s);
  }

  static bool is_better(const Individual& a, const Individual& b) { return a.makespan_s < b.makespan_s; }

  void evolve() {
    int idle = 0;
    while (!is_done() && idle < kIdle) {
      const double before = result_.best.makespan_s;
      const std::size_t n = population_.size();
      for (std::size_t i = 0; i < n && !is_done(); ++i) {
        const std::size_t a = random_.below(n), b = random_.below(n);
        if (a == b) continue;
        std::vector<std::uint32_t> child = crossed(population_[a].list, population_[b].list);
        mutate(child);
        population_.push_back(improved(child, true));
      }
      drop_copies();
      population_.resize(std::min(population_.size(), n));
      idle = result_.best.makespan_s < before ? 0 : idle + 1;
    }
  }

  // Sorts; of individuals with one list the first stays.
  void drop_copies() {
    std::sort(population_.begin(), population_.end(), [](const Individual& a, const Individual& b) {
      return a.makespan_s != b.makespan_s ? a.makespan_s < b.makespan_s : a.list < b.list;
    });
    const auto is_copy = [](const Individual& a, const Individual& b) {
      return a.makespan_s == b.makespan_s && a.list == b.list;
    };
    population_.erase(std::unique(population_.begin(), population_.end(), is_copy), population_.end());
  }

  // A part of the father's order between two points of the mother's.
  std::vector<std::uint32_t> crossed(const std::vector<std::uint32_t>& mother,
                                     const std::vector<std::uint32_t>& father) {
    const std::size_t n = mother.size();
    std::size_t from = random_.below(n), to = random_.below(n);
    if (from > to) std::swap(from, to);
    std::vector<std::uint32_t> child(mother.begin(), mother.begin() + static_cast<std::ptrdiff_t>(from));
    taken_.assign(n, 0);
    for (const std::uint32_t t : child) taken_[t] = 1;
    for (std::size_t i = 0; i < n && child.size() < to; ++i) {
      if (taken_[father[i]] == 0) taken_[father[i]] = 1, child.push_back(father[i]);
    }
    for (const std::uint32_t t : mother) {
      if (taken_[t] == 0) child.push_back(t);
    }
    return child;
  }

  void mutate(std::vector<std::uint32_t>& list) {
    const double rate = std::clamp(kSwaps / static_cast<double>(list.size()), 0.05, 0.3);
    for (std::size_t i = 0; i + 1 < list.size(); ++i) {
      if (!random_.chance(rate)) continue;
      const auto needs = pool_.needs[list[i + 1]];
      if (std::find(needs.begin(), needs.end(), list[i]) == needs.end()) std::swap(list[i], list[i + 1]);
    }
  }

  void restart() { population_.clear(); }

  static constexpr double kBoundShare = 0.25;  // of the effort, and only where that is enough to get somewhere
  static constexpr double kWaiting = 0.7;      // of individuals that are made by the serial scheme
  static constexpr int kIdle = 60;             // generations without improvement before a new start
  static constexpr double kSwaps = 15;         // of neighbours in a list, on average per child
  const Pool& pool_;
  const Pool backward_pool_;
  PoolSearchOptions options_;
  Random random_;
  ParallelScheme parallel_, parallel_back_;
  SerialScheme serial_, serial_back_;
  std::vector<double> tails_;  ///< [task] longest path from its start
  std::vector<Individual> population_;
  bool has_raised_bound_ = false;
  std::vector<char> taken_;
  std::vector<std::uint32_t> list_, run_list_;
  Timetable made_, back_;
  PoolSearchResult result_;
};

}  // namespace

PoolSearchResult search_pool(const Pool& pool, std::span<const std::vector<std::uint32_t>> starts,
                             const PoolSearchOptions& options) {
  return Evolution(pool, options).run(starts);
}

}  // namespace fugle::plan
