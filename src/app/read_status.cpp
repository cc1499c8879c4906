#include "app/read_status.hpp"

#include <algorithm>

#include "app/notices.hpp"
#include "app/stored_run.hpp"
#include "app/sweep.hpp"
#include "store/journal_follower.hpp"
#include "store/live_file.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {

using report::RunCondition;
using report::RunStatus;

namespace {

RunStatus status_of(const RunFacts& facts) {
  RunStatus status;
  status.run = facts.run;
  status.workflow = facts.workflow;
  status.started = facts.created;
  return status;
}

std::string node_of(const RunStatus& status, WorkerId worker) {
  const auto found = std::find_if(status.workers.begin(), status.workers.end(),
                                  [&](const scheduler::WorkerInfo& info) { return info.worker == worker; });
  return found == status.workers.end() ? "" : found->node;
}

void add_workers(const store::LiveSummary& live, RunStatus& status) {
  for (const store::LiveWorker& worker : live.workers) {
    scheduler::WorkerInfo info;
    info.worker = worker.worker;
    info.node = worker.node;
    info.cores = worker.cores;
    info.cores_in_use = worker.cores_in_use;
    info.num_ended = worker.num_ended;
    info.alive = worker.condition != store::WorkerCondition::lost;
    info.drained = worker.condition == store::WorkerCondition::drained;
    if (worker.condition == store::WorkerCondition::silent) status.silent.push_back(worker.worker);
    status.workers.push_back(info);
  }
}

/// Read in one go. Those that came while the run went on are in the journal.
std::vector<std::string> ids_of(const std::string& run_dir, const std::vector<ElementId>& elements) {
  std::vector<std::string> ids = store::read_element_ids(run_dir, elements);
  if (std::ranges::none_of(ids, &std::string::empty)) return ids;
  const StoredRun run(run_dir);
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i].empty() && elements[i].value() < run.graph().num_elements()) ids[i] = run.graph().id(elements[i]);
  return ids;
}

/// Running and failed elements by name.
void add_elements(const std::string& run_dir, const store::LiveSummary& live, Time now, RunStatus& status) {
  std::vector<ElementId> elements;
  for (const store::LiveRunning& row : live.running) elements.push_back(row.element);
  elements.insert(elements.end(), live.failed.begin(), live.failed.end());
  std::vector<std::string> ids = ids_of(run_dir, elements);
  for (std::size_t i = 0; i < live.running.size(); ++i) {
    const store::LiveRunning& row = live.running[i];
    status.running.push_back(
        {ids[i], row.attempt, row.worker, node_of(status, row.worker), now - row.start, row.service});
  }
  status.failed.assign(ids.begin() + static_cast<std::ptrdiff_t>(live.running.size()), ids.end());
}

/// Who held what and why nodes are drained is in the journal alone: read where there is something to tell.
void add_wishes(const std::string& run_dir, RunStatus& status) {
  const bool has_drained = std::ranges::any_of(status.workers, &scheduler::WorkerInfo::drained);
  if (status.counts.held == 0 && !has_drained) return;
  report::Lives lives;
  store::JournalFollower follower(run_dir);
  for (const scheduler::Event& event : follower.poll()) lives.add(event);
  status.drained.assign(lives.drained_nodes().begin(), lives.drained_nodes().end());
  std::vector<ElementId> elements;
  for (const auto& [element, who] : lives.holders()) elements.push_back(element);
  std::vector<std::string> ids = store::read_element_ids(run_dir, elements);
  for (std::size_t i = 0; i < elements.size(); ++i)
    status.held.push_back({std::move(ids[i]), *lives.holder_of(elements[i])});
}

RunStatus status_from_live(const std::string& run_dir, const store::LiveSummary& live, Time now) {
  RunStatus status = status_of(read_run_facts(run_dir));
  status.counts = report::view_of(live.counts, live.num_ignored, live.num_tolerated);
  add_workers(live, status);
  add_elements(run_dir, live, now, status);
  add_wishes(run_dir, status);
  status.in_finally = live.in_finally;
  status.elapsed = (live.ended ? live.heartbeat : now) - status.started;
  if (live.ended) {
    status.condition = report::condition_at_end(status.counts, 0);
    return status;
  }
  if (const auto holder = store::find_lock_holder(run_dir); holder && now - live.heartbeat > report::kLongestPause)
    status.silence = {holder->host, holder->pid, now - live.heartbeat};
  std::uint64_t num_ended = 0;
  for (const store::LiveWorker& worker : live.workers) num_ended += worker.num_ended;
  status.eta = report::eta_by_rate(status.counts, num_ended, now - live.life_started);
  return status;
}

/// When anything last happened in a run that nobody holds.
Time last_sign_of_life(const StoredRun& run) {
  Time last = run.facts().created;
  for (const scheduler::Event& event : run.events()) last = std::max({last, event.start, event.end});
  return last;
}

void add_elements(const StoredRun& run, Time now, RunStatus& status) {
  for (const auto& attempt : run.workers().running())
    status.running.push_back({std::string(run.graph().id(attempt.element)), attempt.attempt, attempt.worker,
                              node_of(status, attempt.worker), now - attempt.start,
                              scheduler::service_phase(run.state(), attempt.element)});
  for (std::uint32_t i = 0; i < run.graph().num_elements(); ++i)
    if (run.state().state(ElementId(i)) == scheduler::State::failed && !run.graph().is_gate(ElementId(i)))
      status.failed.emplace_back(run.graph().id(ElementId(i)));
}

RunStatus status_from_journal(const std::string& run_dir, Time now) {
  const StoredRun run(run_dir);
  RunStatus status = status_of(run.facts());
  status.condition = run.condition();
  status.counts = report::view_of(run.state());
  const auto workers = run.workers().workers();
  status.workers.assign(workers.begin(), workers.end());
  add_elements(run, now, status);
  const auto lives = run.lives().lives();
  if (!lives.empty()) status.reason = lives.back().reason;
  status.in_finally = run.state().has_finally_begun();
  status.drained.assign(run.lives().drained_nodes().begin(), run.lives().drained_nodes().end());
  for (const auto& [element, who] : run.lives().holders())
    if (run.state().state(element) == scheduler::State::held)
      status.held.push_back({std::string(run.graph().id(element)), who});
  const bool is_running = status.condition == RunCondition::running;
  status.elapsed = (is_running ? now : last_sign_of_life(run)) - status.started;
  if (is_running) return status;
  status.counts = report::interrupt(status.counts);
  status.running.clear();
  for (auto& worker : status.workers) worker.cores_in_use = 0;
  return status;
}

}  // namespace

namespace {

/// Of what runs now.
void add_lateness(const std::string& run_dir, RunStatus& status) {
  const Told told = read_told(run_dir);
  status.is_run_late = told.is_run_late;
  std::vector<ElementId> elements;
  for (const std::uint32_t element : told.late) elements.emplace_back(element);
  if (elements.empty()) return;
  for (std::string& id : store::read_element_ids(run_dir, elements))
    if (std::ranges::any_of(status.running, [&](const report::RunningRow& row) { return row.element == id; }))
      status.late.push_back(std::move(id));
}

RunStatus status_by_elements(const std::string& run_dir, Time now) {
  const bool is_held = store::find_lock_holder(run_dir).has_value();
  const auto live = store::read_live(run_dir);
  if (!live) return status_from_journal(run_dir, now);
  const bool has_all_ended = report::view_of(live->counts, live->num_ignored, live->num_tolerated).num_left() == 0;
  // Why an unfinished run ended is in the journal alone, and so is what a head did last that died.
  const bool is_believed = live->ended ? has_all_ended : is_held;
  return is_believed ? status_from_live(run_dir, *live, now) : status_from_journal(run_dir, now);
}

}  // namespace

RunStatus read_status(const std::string& run_dir, Time now) {
  RunStatus status = status_by_elements(run_dir, now);
  if (status.condition == RunCondition::running) add_lateness(run_dir, status);
  if (status.condition != RunCondition::ok || read_run_facts(run_dir).table.references.empty()) return status;
  Verdict verdict = verdict_on(StoredRun(run_dir));
  status.condition = verdict.condition;
  if (!verdict.reason.empty()) status.reason = std::move(verdict.reason);
  return status;
}

}  // namespace fugle::app
