#include "scheduler/worker_table.hpp"

#include "base/assert.hpp"
#include "plan/slot.hpp"

namespace fugle::scheduler {
namespace {

bool is_able(const WorkerTable::Entry& entry, const graph::Request& request) {
  return entry.info.alive && request.cores <= entry.info.cores && request.mem_bytes <= entry.info.mem_bytes;
}

/// Free cores; negative where a backlog waits.
std::int64_t free_cores(const WorkerTable::Entry& entry) {
  return std::int64_t{entry.info.cores} - std::int64_t{entry.active_cores};
}

/// As the worker itself counts it (Worker::request_of).
std::uint64_t memory_of(const graph::Request& request, const WorkerTable::Entry& entry) {
  return plan::memory_on({entry.info.cores, entry.info.mem_bytes}, request);
}

bool has_room(const WorkerTable::Entry& entry, const graph::Request& request, std::uint32_t backlog_per_core) {
  const std::uint64_t factor = 1 + std::uint64_t{backlog_per_core};
  return entry.active_cores + request.cores <= entry.info.cores * factor &&
         entry.active_mem + memory_of(request, entry) <= entry.info.mem_bytes * factor;
}

}  // namespace

WorkerTable::WorkerTable(std::uint32_t num_ranks, std::uint32_t num_tasks)
    : entries_(num_ranks), num_tasks_(num_tasks) {
  for (std::uint32_t r = 0; r < num_ranks; ++r) {
    entries_[r].info.worker = WorkerId(r);
    entries_[r].info.alive = false;
  }
}

void WorkerTable::join(WorkerId worker, const Hello& hello) {
  Entry& entry = at(worker);
  FUGLE_EXPECT(!entry.info.alive);
  entry.info.node = hello.node;
  entry.info.cores = hello.cores;
  entry.info.mem_bytes = hello.mem_bytes;
  entry.info.alive = true;
  entry.knows_task.assign(num_tasks_, false);
}

std::vector<ElementId> WorkerTable::lose(WorkerId worker) {
  Entry& entry = at(worker);
  std::vector<ElementId> held(entry.held.begin(), entry.held.end());
  entry.info.alive = false;
  entry.info.cores_in_use = 0;
  entry.active_cores = 0;
  entry.active_mem = 0;
  entry.queued.clear();
  entry.held.clear();
  return held;
}

bool WorkerTable::is_alive(WorkerId worker) const { return entries_[worker.value()].info.alive; }

void WorkerTable::activate(WorkerId worker, const graph::Request& request) {
  Entry& entry = at(worker);
  entry.active_cores += request.cores;
  entry.active_mem += memory_of(request, entry);
}

void WorkerTable::deactivate(WorkerId worker, const graph::Request& request) {
  Entry& entry = at(worker);
  FUGLE_EXPECT(entry.active_cores >= request.cores);
  entry.active_cores -= request.cores;
  entry.active_mem -= memory_of(request, entry);
}

std::optional<WorkerId> WorkerTable::find_free(const graph::Request& request, std::uint32_t backlog_per_core,
                                               const std::set<WorkerId>& reserved) const {
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (!is_able(entry, request) || !has_room(entry, request, backlog_per_core)) continue;
    if (reserved.contains(entry.info.worker)) continue;
    if (best == nullptr || free_cores(entry) > free_cores(*best)) best = &entry;
  }
  return best == nullptr ? std::nullopt : std::optional(best->info.worker);
}

std::optional<WorkerId> WorkerTable::find_able(const graph::Request& request,
                                               const std::set<WorkerId>& reserved) const {
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (!is_able(entry, request) || reserved.contains(entry.info.worker)) continue;
    if (best == nullptr || free_cores(entry) > free_cores(*best)) best = &entry;
  }
  return best == nullptr ? std::nullopt : std::optional(best->info.worker);
}

std::uint32_t WorkerTable::num_alive() const {
  std::uint32_t alive = 0;
  for (const Entry& entry : entries_) alive += entry.info.alive ? 1 : 0;
  return alive;
}

std::uint32_t WorkerTable::total_cores() const {
  std::uint32_t cores = 0;
  for (const Entry& entry : entries_) cores += entry.info.alive ? entry.info.cores : 0;
  return cores;
}

}  // namespace fugle::scheduler
