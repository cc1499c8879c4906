// Workers that are not of the head's allocation: they come when their allocation starts and leave before it ends. What
// they run when they leave is no failure of theirs: it is READY again.
#include "scheduler/head.hpp"

namespace fugle::scheduler {

void Head::make_room_for(WorkerId worker) {
  if (worker.value() < workers_.num_ranks()) return;
  workers_.grow(worker.value() + 1);
  granter_.grow();
}

void Head::on_tenure(WorkerId from, const Tenure& tenure, Time now) {
  if (!workers_.at(from).is_guest) return;
  const Time last_end = tenure.end == kNever ? kNever : tenure.end - options_.reserve;
  std::erase_if(departures_, [&](const Departure& departure) { return std::get<WorkerId>(departure) == from; });
  std::erase_if(is_asked_there_, [&](const auto& asked) { return asked.first == from; });
  workers_.set_last_end(from, last_end);
  granter_.reconsider_what_was_put_aside();
  if (last_end == kNever) return;
  departures_.emplace(last_end, from, TaskId());
  for (std::uint32_t t = 0; t < graph_.num_tasks(); ++t) {
    const graph::RestartPolicy& restart = graph_.task(TaskId(t)).restart;
    if (restart.is_given && restart.signal != 0)
      departures_.emplace(tenure.end - restart.lead(options_.reserve), from, TaskId(t));
  }
  see_off(now);
}

Time Head::next_departure() const { return departures_.empty() ? kNever : std::get<Time>(*departures_.begin()); }

/// A worker that was told to leave ends what it runs and gives back the rest.
void Head::see_off(Time now) {
  while (next_departure() <= now) {
    const auto [when, worker, task] = departures_.extract(departures_.begin()).value();
    if (!workers_.is_alive(worker) || workers_.at(worker).is_dismissed) continue;
    if (task.is_valid()) {
      ask_for_checkpoints_of(worker, task);
      continue;
    }
    workers_.dismiss(worker);
    infos_are_old_ = true;
    if (phase_ != Phase::leaving) outbox_.send(worker, Shutdown{});
  }
}

void Head::ask_for_checkpoints_of(WorkerId worker, TaskId task) {
  is_asked_there_.emplace(worker, task);
  for (const RunningAttempt& attempt : running_.all())
    if (attempt.worker == worker && graph_.task_id_of(attempt.element) == task) ask_for_checkpoint(attempt);
}

}  // namespace fugle::scheduler
