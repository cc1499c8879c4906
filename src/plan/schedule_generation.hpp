// Schedules of a pool from lists of preference, the two classical ways (Kolisch, EJOR 90, 1996):
//  - parallel: time goes forward, and whenever something ends, what is ready starts in the order of the list where it
//    fits. Nothing that could start waits; this is what a run does (see plan/predict.hpp).
//  - serial: one task after the other, each at the earliest time at which it fits, also before tasks placed earlier.
//    It can reach an optimum that waits on purpose.
// Buffers are kept between calls: one object per thread, many schedules.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "plan/position_set.hpp"
#include "plan/search_pool.hpp"

namespace fugle::plan {

/// When each task runs, and the tasks in both orders of time.
struct Timetable {
  std::vector<double> starts;           ///< [task]
  std::vector<std::uint32_t> by_start;  ///< tasks, a need before what needs it
  std::vector<std::uint32_t> by_end;    ///< tasks, a need before what needs it
  double makespan_s = 0;
};

class ParallelScheme {
 public:
  /// Keeps a view of the pool.
  explicit ParallelScheme(const Pool& pool);

  /// `list`: any permutation of the tasks. Steps: one per task, more where several resources are counted.
  void run(std::span<const std::uint32_t> list, Timetable& out);

 private:
  void retire(double now, Timetable& out);
  void release_successors(std::uint32_t task);
  void make_ready(double now, Timetable& out);
  void start_what_fits(std::span<const std::uint32_t> list, double now, Timetable& out);
  [[nodiscard]] bool take(std::uint32_t task);
  [[nodiscard]] bool is_full() const;

  const Pool& pool_;
  std::vector<std::int64_t> smallest_demand_;              ///< [resource] over the tasks that do not pass at once
  std::vector<char> passes_;                               ///< [task] asks for nothing and takes no time
  std::vector<std::int64_t> free_;                         ///< [resource]
  std::vector<std::uint32_t> position_;                    ///< [task]
  std::vector<std::uint32_t> missing_;                     ///< [task] needs that have not ended
  std::vector<std::uint32_t> released_;                    ///< nothing missing, not yet ready
  std::vector<std::pair<double, std::uint32_t>> running_;  ///< a heap: end, task
  PositionSet ready_;
};

class SerialScheme {
 public:
  /// Keeps a view of the pool.
  explicit SerialScheme(const Pool& pool);

  /// `list`: each task after what it needs.
  void run(std::span<const std::uint32_t> list, Timetable& out);

 private:
  [[nodiscard]] double place(std::uint32_t task, double earliest);
  [[nodiscard]] std::size_t split(double time, std::size_t hint);
  [[nodiscard]] bool fits(std::size_t step, const std::int64_t* demand) const;
  void sort_by_time(std::span<const std::uint32_t> list, Timetable& out);

  const Pool& pool_;
  std::vector<double> times_;       ///< where what is free changes, ascending, from 0
  std::vector<std::int64_t> free_;  ///< [step x num_resources + resource] from times_[step] on
  std::vector<double> ends_;        ///< [task]
  std::vector<std::int64_t> row_;   ///< of free_, while it is split
  std::vector<std::pair<double, std::uint32_t>> keys_;
};

}  // namespace fugle::plan
