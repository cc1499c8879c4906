#include "scheduler/tolerance_book.hpp"

#include <utility>

namespace fugle::scheduler {

ToleranceBook::ToleranceBook(const graph::Graph& graph) { grow(graph, 0, 0); }

void ToleranceBook::grow(const graph::Graph& graph, std::uint32_t first_task, std::uint32_t first_element) {
  if (tallies_.empty()) {
    bool is_any = false;
    for (std::uint32_t t = first_task; t < graph.num_tasks(); ++t) is_any |= graph.task(TaskId(t)).tolerate.is_given();
    if (!is_any) return;
    first_task = 0;
    first_element = 0;  // of tasks that tolerate nothing nobody asks
  }
  tallies_.resize(graph.num_tasks());
  is_tolerated_.resize(graph.num_elements(), false);
  for (std::uint32_t t = first_task; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    const bool is_counted = task.kind != graph::TaskKind::expansion;
    first_of_name_.push_back(is_counted ? by_name_.emplace(task.name, t).first->second : t);
    tallies_[t].is_given = is_counted && task.tolerate.is_given();
  }
  for (std::uint32_t i = first_element; i < graph.num_elements(); ++i) {
    Tally& tally = this->tally(graph.task_id_of(ElementId(i)));
    ++tally.left;
    ++tally.total;
  }
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t)
    tallies_[t].limit = graph.task(TaskId(t)).tolerate.limit(tallies_[t].total);
}

std::vector<TaskId> ToleranceBook::tasks_beyond() const {
  std::vector<TaskId> beyond;
  for (std::uint32_t t = 0; t < tallies_.size(); ++t)
    if (tally(TaskId(t)).is_beyond) beyond.emplace_back(t);
  return beyond;
}

void ToleranceBook::count_ended(TaskId task, int change) {
  if (is_tolerant(task)) tally(task).left -= static_cast<std::uint32_t>(change);
}

void ToleranceBook::count_failed(TaskId task, int change) {
  if (is_tolerant(task)) tally(task).failed += static_cast<std::uint32_t>(change);
}

ToleranceBook::Decision ToleranceBook::decide(ElementId ended, TaskId task, bool has_failed) {
  Tally& tally = this->tally(task);
  Decision decision;
  if (has_failed && !tally.is_beyond)
    tally.deferred.push_back(ended);
  else
    decision.answering.push_back(ended);
  if (tally.is_beyond) return decision;
  decision.is_beyond = tally.is_beyond = tally.failed > tally.limit;
  if (!tally.is_beyond && tally.left > 0) return decision;
  if (!tally.is_beyond) {
    for (const ElementId e : tally.deferred) is_tolerated_[e.value()] = true;
    num_tolerated_ += tally.deferred.size();
  }
  decision.answering.insert(decision.answering.end(), tally.deferred.begin(), tally.deferred.end());
  tally.deferred.clear();
  return decision;
}

void ToleranceBook::forget_failures() {
  for (Tally& tally : tallies_) {
    tally.deferred.clear();
    tally.is_beyond = false;
  }
}

}  // namespace fugle::scheduler
