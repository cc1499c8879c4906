#include "plan/schedule_generation.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace fugle::plan {
namespace {

void clear(Timetable& out, std::uint32_t num_tasks) {
  out.starts.resize(num_tasks);
  out.by_start.clear();
  out.by_end.clear();
  out.makespan_s = 0;
}

}  // namespace

ParallelScheme::ParallelScheme(const Pool& pool)
    : pool_(pool),
      smallest_demand_(pool.num_resources(), std::numeric_limits<std::int64_t>::max()),
      position_(pool.num_tasks()),
      missing_(pool.num_tasks()) {
  for (std::uint32_t task = 0; task < pool.num_tasks(); ++task) {
    const std::int64_t* demand = pool.demand(task);
    const bool asks = std::any_of(demand, demand + pool.num_resources(), [](std::int64_t d) { return d != 0; });
    passes_.push_back(!asks && pool.durations[task] <= 0);
    if (passes_.back()) continue;
    for (std::size_t r = 0; r < pool.num_resources(); ++r) {
      smallest_demand_[r] = std::min(smallest_demand_[r], demand[r]);
    }
  }
}

void ParallelScheme::run(std::span<const std::uint32_t> list, Timetable& out) {
  const std::uint32_t num_tasks = pool_.num_tasks();
  clear(out, num_tasks);
  free_ = pool_.capacities;
  running_.clear();
  ready_.reset(num_tasks);
  for (std::uint32_t position = 0; position < num_tasks; ++position) {
    const std::uint32_t task = list[position];
    position_[task] = position;
    missing_[task] = pool_.needs.offsets[task + 1] - pool_.needs.offsets[task];
    if (missing_[task] == 0) released_.push_back(task);
  }
  double now = 0;
  make_ready(now, out);
  start_what_fits(list, now, out);
  while (!running_.empty()) {
    now = running_.front().first;
    retire(now, out);
    make_ready(now, out);
    start_what_fits(list, now, out);
  }
  out.makespan_s = now;
}

void ParallelScheme::retire(double now, Timetable& out) {
  while (!running_.empty() && running_.front().first == now) {
    const std::uint32_t task = running_.front().second;
    std::pop_heap(running_.begin(), running_.end(), std::greater<>());
    running_.pop_back();
    out.by_end.push_back(task);
    const std::int64_t* demand = pool_.demand(task);
    for (std::size_t r = 0; r < free_.size(); ++r) free_[r] += demand[r];
    release_successors(task);
  }
}

void ParallelScheme::release_successors(std::uint32_t task) {
  for (const std::uint32_t successor : pool_.successors[task]) {
    if (--missing_[successor] == 0) released_.push_back(successor);
  }
}

// What asks for nothing and takes no time passes at once and releases what is behind it.
void ParallelScheme::make_ready(double now, Timetable& out) {
  while (!released_.empty()) {
    const std::uint32_t task = released_.back();
    released_.pop_back();
    if (!passes_[task]) {
      ready_.insert(position_[task]);
      continue;
    }
    out.starts[task] = now;
    out.by_start.push_back(task);
    out.by_end.push_back(task);
    release_successors(task);
  }
}

void ParallelScheme::start_what_fits(std::span<const std::uint32_t> list, double now, Timetable& out) {
  for (std::uint32_t p = ready_.first_from(0); p != PositionSet::kNone; p = ready_.first_from(p + 1)) {
    const std::uint32_t task = list[p];
    if (!take(task)) {
      if (is_full()) return;
      continue;
    }
    ready_.erase(p);
    out.starts[task] = now;
    out.by_start.push_back(task);
    running_.emplace_back(now + pool_.durations[task], task);
    std::push_heap(running_.begin(), running_.end(), std::greater<>());
  }
}

bool ParallelScheme::take(std::uint32_t task) {
  const std::int64_t* demand = pool_.demand(task);
  for (std::size_t r = 0; r < free_.size(); ++r) {
    if (demand[r] > free_[r]) return false;
  }
  for (std::size_t r = 0; r < free_.size(); ++r) free_[r] -= demand[r];
  return true;
}

bool ParallelScheme::is_full() const {
  for (std::size_t r = 0; r < free_.size(); ++r) {
    if (free_[r] < smallest_demand_[r]) return true;
  }
  return false;
}

SerialScheme::SerialScheme(const Pool& pool) : pool_(pool), ends_(pool.num_tasks()) {}

void SerialScheme::run(std::span<const std::uint32_t> list, Timetable& out) {
  clear(out, pool_.num_tasks());
  times_.assign(1, 0.0);
  free_ = pool_.capacities;
  for (const std::uint32_t task : list) {
    double earliest = 0;
    for (const std::uint32_t need : pool_.needs[task]) earliest = std::max(earliest, ends_[need]);
    out.starts[task] = place(task, earliest);
    ends_[task] = out.starts[task] + pool_.durations[task];
    out.makespan_s = std::max(out.makespan_s, ends_[task]);
  }
  sort_by_time(list, out);
}

double SerialScheme::place(std::uint32_t task, double earliest) {
  const double duration = pool_.durations[task];
  if (duration <= 0) return earliest;
  const std::int64_t* demand = pool_.demand(task);
  const auto after = std::upper_bound(times_.begin(), times_.end(), earliest);
  std::size_t first = static_cast<std::size_t>(after - times_.begin()) - 1;
  double start = earliest;
  for (std::size_t step = first; step < times_.size() && times_[step] < start + duration; ++step) {
    if (fits(step, demand)) continue;
    first = step + 1;
    start = times_[first];
  }
  first = split(start, first);
  const std::size_t last = split(start + duration, first);
  for (std::size_t step = first; step < last; ++step) {
    for (std::size_t r = 0; r < pool_.num_resources(); ++r) free_[step * pool_.num_resources() + r] -= demand[r];
  }
  return start;
}

bool SerialScheme::fits(std::size_t step, const std::int64_t* demand) const {
  const std::int64_t* free = free_.data() + step * pool_.num_resources();
  for (std::size_t r = 0; r < pool_.num_resources(); ++r) {
    if (demand[r] > free[r]) return false;
  }
  return true;
}

// The step that begins at `time`, made if there is none; not before the step `hint`, which begins at or before it.
std::size_t SerialScheme::split(double time, std::size_t hint) {
  std::size_t step = hint;
  while (step + 1 < times_.size() && times_[step + 1] <= time) ++step;
  if (times_[step] == time) return step;
  const auto width = static_cast<std::ptrdiff_t>(pool_.num_resources());
  times_.insert(times_.begin() + static_cast<std::ptrdiff_t>(step) + 1, time);
  const auto at = static_cast<std::ptrdiff_t>(step) * width;
  row_.assign(free_.begin() + at, free_.begin() + at + width);
  free_.insert(free_.begin() + at + width, row_.begin(), row_.end());
  return step + 1;
}

void SerialScheme::sort_by_time(std::span<const std::uint32_t> list, Timetable& out) {
  const auto sort_into = [this, list](const std::vector<double>& times, std::vector<std::uint32_t>& order) {
    keys_.clear();
    for (std::uint32_t position = 0; position < list.size(); ++position) {
      keys_.emplace_back(times[list[position]], position);
    }
    std::sort(keys_.begin(), keys_.end());
    for (const auto& [time, position] : keys_) order.push_back(list[position]);
  };
  sort_into(out.starts, out.by_start);
  sort_into(ends_, out.by_end);
}

}  // namespace fugle::plan
