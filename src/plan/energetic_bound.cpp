#include "plan/energetic_bound.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fugle::plan {
namespace {

constexpr double kMargin = 1e-9;     // relative: sums of the same numbers in another order
constexpr double kPrecision = 1e-4;  // relative, of T where there is no grid
constexpr std::uint64_t kLooksPerStep = 10;

void sort_uniquely(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Where each task must run if all is to end by T.
class Windows {
 public:
  Windows(const BoundModel& model, std::span<const std::uint32_t> order, std::span<const double> heads,
          std::span<const double> tails, double end)
      : model_(model),
        order_(order),
        margin_(kMargin * end),
        earliest_(heads.begin(), heads.end()),
        latest_end_(tails.size()) {
    for (std::size_t task = 0; task < tails.size(); ++task) latest_end_[task] = end - tails[task];
  }

  /// True: no schedule ends by T. False: nothing found, or `max_looks` used up.
  bool are_refuted(std::uint64_t max_looks, std::uint64_t& looks) {
    do {
      has_changed_ = false;
      if (!pass_on()) return true;
      for (const CountedResource& resource : model_.resources) {
        if (is_overfull(resource, max_looks, looks)) return true;
      }
    } while (has_changed_ && looks < max_looks);
    return false;
  }

 private:
  struct Task {
    std::uint32_t number;
    double duration, earliest_end, latest_start, demand;
  };

  /// Along the edges; false where a task has no room.
  bool pass_on() {
    for (const std::uint32_t task : order_) {
      for (const std::uint32_t need : model_.needs[task]) {
        earliest_[task] = std::max(earliest_[task], earliest_[need] + model_.durations[need]);
      }
    }
    for (std::size_t i = order_.size(); i-- > 0;) {
      const std::uint32_t task = order_[i];
      for (const std::uint32_t successor : model_.successors[task]) {
        latest_end_[task] = std::min(latest_end_[task], latest_end_[successor] - model_.durations[successor]);
      }
      if (earliest_[task] + model_.durations[task] > latest_end_[task] + margin_) return false;
    }
    return true;
  }

  bool is_overfull(const CountedResource& resource, std::uint64_t max_looks, std::uint64_t& looks) {
    tasks_.clear();
    std::vector<double> begins, ends;
    double largest_work = 0;
    for (const std::uint32_t task : order_) {
      const double duration = model_.durations[task];
      if (duration <= 0 || resource.demands[task] <= 0) continue;
      tasks_.push_back(
          {task, duration, earliest_[task] + duration, latest_end_[task] - duration, resource.demands[task]});
      begins.push_back(earliest_[task]);
      begins.push_back(tasks_.back().latest_start);
      ends.push_back(latest_end_[task]);
      ends.push_back(tasks_.back().earliest_end);
      largest_work = std::max(largest_work, duration * resource.demands[task]);
    }
    sort_uniquely(begins);
    sort_uniquely(ends);
    for (const double begin : begins) {
      for (const double end : ends) {
        if (end <= begin + margin_) continue;
        looks += tasks_.size();
        const double room = resource.capacity * (end - begin) - work_within(begin, end);
        if (room < -margin_ * resource.capacity) return true;
        if (room < largest_work) narrow(begin, end, room);
      }
      if (looks >= max_looks) return false;
    }
    return false;
  }

  static double if_early(const Task& task, double begin, double end) {
    return std::clamp(task.earliest_end - begin, 0.0, std::min(task.duration, end - begin));
  }
  static double if_late(const Task& task, double begin, double end) {
    return std::clamp(end - task.latest_start, 0.0, std::min(task.duration, end - begin));
  }

  /// What runs between begin and end however it is placed.
  double work_within(double begin, double end) const {
    double work = 0;
    for (const Task& task : tasks_) {
      work += task.demand * std::min(if_early(task, begin, end), if_late(task, begin, end));
    }
    return work;
  }

  /// A task for which there is no room if it runs early must run past `end` for the rest, and the other way round.
  void narrow(double begin, double end, double room) {
    for (const Task& task : tasks_) {
      const double early = if_early(task, begin, end), late = if_late(task, begin, end);
      const double most = room / task.demand + std::min(early, late);
      if (early > most + margin_ && end - most > earliest_[task.number] + margin_) {
        earliest_[task.number] = end - most;
        has_changed_ = true;
      }
      if (late > most + margin_ && begin + most < latest_end_[task.number] - margin_) {
        latest_end_[task.number] = begin + most;
        has_changed_ = true;
      }
    }
  }

  const BoundModel& model_;
  std::span<const std::uint32_t> order_;
  double margin_;
  std::vector<double> earliest_;    ///< [task] start
  std::vector<double> latest_end_;  ///< [task]
  std::vector<Task> tasks_;         ///< those that take something of the resource looked at
  bool has_changed_ = false;
};

}  // namespace

EnergeticResult energetic_bound(const BoundModel& model, std::span<const std::uint32_t> order,
                                std::span<const double> heads, std::span<const double> tails,
                                const EnergeticOptions& options) {
  const double grid = options.grid_s > 0 ? options.grid_s : options.upper_s * kPrecision;
  const std::uint64_t max_looks = options.max_steps * kLooksPerStep;
  std::uint64_t looks = 0;
  // In units of the grid above lower_s: `refuted` cannot be, `open` might.
  double refuted = -1;
  double open = std::round((options.upper_s - options.lower_s) / grid);
  while (open - refuted > 1 && looks < max_looks) {
    const double middle = refuted < 0 && open > 1 ? 0 : std::floor((refuted + open) / 2);
    Windows windows(model, order, heads, tails, options.lower_s + middle * grid);
    (windows.are_refuted(max_looks, looks) ? refuted : open) = middle;
  }
  const double steps_above = options.grid_s > 0 ? refuted + 1 : std::max(refuted, 0.0);
  return {options.lower_s + steps_above * grid, looks / kLooksPerStep};
}

}  // namespace fugle::plan
