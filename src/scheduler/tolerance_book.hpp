// Failures that may be tolerated. A task with `tolerate` counts as OK with as many FAILED elements as that allows,
// which is known only when all of its elements have ended, or when one too many has failed. Until then a failure is
// *deferred*: nobody who needs the element is told. Part of RunState; knows nothing of edges. Tasks of one name are one
// task of the workflow, whose elements ask for different things: they have one tally. What stands for elements that are
// not known yet (kind expansion) is none of them.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.hpp"

namespace fugle::scheduler {

class ToleranceBook {
 public:
  /// Nothing has ended.
  explicit ToleranceBook(const graph::Graph& graph);
  /// The graph has these tasks and elements besides: none of them has ended.
  void grow(const graph::Graph& graph, std::uint32_t first_task, std::uint32_t first_element);

  [[nodiscard]] bool is_tolerant(TaskId task) const { return !tallies_.empty() && tally(task).is_given; }
  /// FAILED, and its task has ended with few enough of them.
  [[nodiscard]] bool is_tolerated(ElementId e) const { return !tallies_.empty() && is_tolerated_[e.value()]; }
  /// Of a FAILED element: nobody knows yet whether it is tolerated.
  [[nodiscard]] bool is_deferred(ElementId failed, TaskId task) const {
    return is_tolerant(task) && !tally(task).is_beyond && !is_tolerated_[failed.value()];
  }
  [[nodiscard]] std::uint64_t num_tolerated() const { return num_tolerated_; }
  /// Tasks of which more have failed than is tolerated.
  [[nodiscard]] std::vector<TaskId> tasks_beyond() const;

  /// An element of the task became final, or is not any more.
  void count_ended(TaskId task, int change);
  void count_failed(TaskId task, int change);
  struct Decision {
    std::vector<ElementId> answering;  ///< tell those that need these now
    bool is_beyond = false;            ///< just now: more have failed than are tolerated
  };
  /// An element of a tolerant task has ended, and was counted.
  [[nodiscard]] Decision decide(ElementId ended, TaskId task, bool has_failed);
  /// What failed and is not tolerated will be tried again.
  void forget_failures();

 private:
  struct Tally {
    bool is_given = false;
    std::uint32_t total = 0;  ///< elements
    std::uint32_t limit = 0;  ///< failures tolerated
    std::uint32_t left = 0;   ///< elements that are not final
    std::uint32_t failed = 0;
    bool is_beyond = false;
    std::vector<ElementId> deferred;
  };
  [[nodiscard]] const Tally& tally(TaskId task) const { return tallies_[first_of_name_[task.value()]]; }
  [[nodiscard]] Tally& tally(TaskId task) { return tallies_[first_of_name_[task.value()]]; }

  std::vector<Tally> tallies_;                ///< [first task of its name]; empty when no task has `tolerate`
  std::vector<std::uint32_t> first_of_name_;  ///< [task], likewise
  std::unordered_map<std::string, std::uint32_t> by_name_;
  std::vector<bool> is_tolerated_;  ///< [element], likewise
  std::uint64_t num_tolerated_ = 0;
};

}  // namespace fugle::scheduler
