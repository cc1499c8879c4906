// Which worker a READY element goes to now: the same rules as plan/worker_choice.hpp, on the workers as they are.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "plan/plan.hpp"
#include "scheduler/attempt_lengths.hpp"
#include "scheduler/worker_table.hpp"

namespace fugle::scheduler {

class WorkerChooser {
 public:
  /// All of them outlive it.
  WorkerChooser(const graph::Graph& graph, const plan::Plan& plan, WorkerTable& workers, const AttemptLengths& lengths);

  /// The graph has grown.
  void grow();
  /// An element ended OK there in this life.
  void remember(ElementId element, WorkerId worker);
  enum class Backlog : std::uint8_t { may_wait, none };
  /// A worker with room: its home, near the named task, near its inputs, or where most is free; else, where attempts
  /// are short and it may wait there, one whose backlog is not deep yet. It must be there until then (see RoomIndex).
  /// Of an element that several run together all of them (see plan::PartyPicker), the leader first; that is near what
  /// decides for others. Empty: there is none.
  [[nodiscard]] std::vector<WorkerId> choose(ElementId e, Time until, Backlog backlog = Backlog::may_wait);
  /// It failed on the node of that worker, perhaps because of the node: another node comes first, and this one only
  /// when it is above suspicion or there is no other.
  void avoid(ElementId element, WorkerId worker) { avoided_[element] = worker; }
  /// Nothing is to be avoided any more; false when nothing was.
  bool forgive() { return !std::exchange(avoided_, {}).empty(); }
  /// Invalid: none.
  [[nodiscard]] WorkerId home_of(ElementId e) const;

 private:
  [[nodiscard]] std::optional<WorkerId> choose_one(ElementId e, Time until, Backlog backlog);
  [[nodiscard]] std::vector<WorkerId> choose_party(ElementId e, Time until);
  [[nodiscard]] std::vector<WorkerId> party_away_from(std::uint32_t node, ElementId e, Time until);
  [[nodiscard]] bool are_able_away_from(std::uint32_t node, ElementId e, Time until) const;
  [[nodiscard]] std::optional<WorkerId> away_from(std::uint32_t node, const graph::Request& request, Time until) const;
  [[nodiscard]] bool is_anyone_able_away_from(std::uint32_t node, const graph::Request& request, Time until) const;
  [[nodiscard]] std::optional<WorkerId> with_room(ElementId e, Time until);
  [[nodiscard]] std::optional<WorkerId> near_the_named_task(ElementId e, Time until) const;
  [[nodiscard]] std::optional<WorkerId> near_its_inputs(ElementId e, Time until) const;
  [[nodiscard]] std::optional<WorkerId> with_backlog_room(ElementId e, Time until) const;

  const graph::Graph& graph_;
  const plan::Plan& plan_;
  WorkerTable& workers_;
  const AttemptLengths& lengths_;
  std::vector<TaskId> near_;      ///< [task] the task that Task::near names; invalid: none
  std::vector<WorkerId> ran_on_;  ///< [element]
  std::map<ElementId, WorkerId> avoided_;
  std::vector<WorkerId> last_worker_;  ///< [task] of its latest OK attempt
};

}  // namespace fugle::scheduler
