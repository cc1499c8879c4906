#include "scheduler/worker_table.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "plan/party.hpp"
#include "plan/slot.hpp"

namespace fugle::scheduler {
namespace {

plan::Slot left_of(const plan::Slot& capacity, const plan::Slot& taken) {
  return {capacity.cores - std::min(capacity.cores, taken.cores),
          capacity.mem_bytes - std::min(capacity.mem_bytes, taken.mem_bytes),
          capacity.gpus - std::min(capacity.gpus, taken.gpus)};
}

}  // namespace

WorkerTable::WorkerTable(std::uint32_t num_ranks)
    : entries_(num_ranks), room_(num_ranks), num_unanswered_(num_ranks), num_present_(num_ranks) {
  for (std::uint32_t r = 0; r < num_ranks; ++r) {
    entries_[r].info.worker = WorkerId(r);
    entries_[r].info.alive = false;
  }
}

void WorkerTable::grow(std::uint32_t num_ranks) {
  for (std::uint32_t r = this->num_ranks(); r < num_ranks; ++r) {
    Entry& entry = entries_.emplace_back();
    entry.info.worker = WorkerId(r);
    entry.info.alive = false;
    entry.is_guest = true;
  }
  room_.grow(this->num_ranks());
}

void WorkerTable::join(WorkerId worker, const Hello& hello) {
  Entry& entry = at(worker);
  FUGLE_EXPECT(!entry.has_answered && !entry.is_lost);
  entry.has_answered = true;
  if (entry.is_guest)
    ++num_present_;
  else
    note_answer();
  if (hello.cores == 0) return;
  entry.info.node = hello.node;
  entry.info.cores = hello.cores;
  entry.info.mem_bytes = hello.mem_bytes;
  entry.info.gpus = hello.gpus;
  entry.info.alive = true;
  entry.node = node_numbers_.try_emplace(hello.node, static_cast<std::uint32_t>(node_numbers_.size())).first->second;
  nodes_.resize(node_numbers_.size());
  nodes_[entry.node].push_back(worker);
  ++num_alive_;
  total_cores_ += hello.cores;
  if (entry.last_end != kNever) ends_.insert(worker);
  if (is_drained(entry.node)) drain(worker);
  roomier_.push_back(worker);
  update_node(entry.node);
}

std::vector<ElementId> WorkerTable::lose(WorkerId worker) {
  Entry& entry = at(worker);
  const bool has_come = entry.has_answered || !entry.is_guest;
  if (!entry.is_lost && !entry.said_goodbye && has_come) --num_present_;
  if (!entry.is_lost && !entry.has_answered && has_come) note_answer();
  entry.is_lost = true;
  if (!entry.info.alive) return {};
  --num_alive_;
  close(entry);
  ends_.erase(worker);
  entry.info.alive = false;
  entry.info.cores_in_use = 0;
  entry.active = {0, 0, 0};
  entry.background = {0, 0, 0};
  entry.queued.clear();
  for (const WorkerId beside : nodes_[entry.node])
    if (is_alive(beside)) roomier_.push_back(beside);
  update_node(entry.node);
  return std::move(entry.held);
}

/// Once all have, it is known who is alone.
void WorkerTable::note_answer() {
  if (--num_unanswered_ > 0 || !expects_whole_nodes_) return;
  for (const Entry& entry : entries_) {
    if (!entry.info.alive) continue;
    roomier_.push_back(entry.info.worker);
    update(entry.info.worker);
  }
}

void WorkerTable::say_goodbye(WorkerId worker) {
  Entry& entry = at(worker);
  if (!entry.is_lost && !entry.said_goodbye) --num_present_;
  entry.said_goodbye = true;
}

void WorkerTable::keep_free(WorkerId worker, bool is_kept) {
  if (at(worker).is_kept_free == is_kept) return;
  at(worker).is_kept_free = is_kept;
  num_kept_free_ += is_kept ? 1 : -1;
  if (!is_kept) roomier_.push_back(worker);
  update(worker);
}

void WorkerTable::set_revoking(WorkerId worker, bool is_revoking) {
  if (at(worker).is_revoking == is_revoking) return;
  at(worker).is_revoking = is_revoking;
  update(worker);
}

/// Its cores do not count any more. Before what says so is changed.
void WorkerTable::close(Entry& entry) {
  if (!entry.info.drained && !entry.is_dismissed) total_cores_ -= entry.info.cores;
}

void WorkerTable::drain(WorkerId worker) {
  Entry& entry = at(worker);
  if (!entry.info.alive || entry.info.drained) return;
  close(entry);
  entry.info.drained = true;
  update(worker);
}

void WorkerTable::dismiss(WorkerId worker) {
  Entry& entry = at(worker);
  if (!entry.info.alive || entry.is_dismissed) return;
  close(entry);
  entry.is_dismissed = true;
  update(worker);
}

void WorkerTable::set_last_end(WorkerId worker, Time last_end) {
  Entry& entry = at(worker);
  entry.last_end = last_end;
  if (!entry.info.alive) return;
  if (last_end == kNever)
    ends_.erase(worker);
  else
    ends_.insert(worker);
  roomier_.push_back(worker);
  update(worker);
}

void WorkerTable::set_suspect(std::uint32_t node, bool is_suspect) {
  for (const WorkerId worker : nodes_[node]) at(worker).is_suspect = is_suspect;
}

bool WorkerTable::has_good_node_besides(std::uint32_t node) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.info.alive && !entry.info.drained && !entry.is_dismissed && entry.node != node;
  });
}

void WorkerTable::activate(WorkerId worker, const graph::Request& request, std::uint32_t position) {
  at(worker).queued.insert(position);
  add_active(worker, request);
}

void WorkerTable::deactivate(WorkerId worker, const graph::Request& request, std::uint32_t position) {
  at(worker).queued.erase(position);
  remove_active(worker, request);
}

void WorkerTable::occupy(WorkerId worker, const graph::Request& request) { add_active(worker, request); }

void WorkerTable::vacate(WorkerId worker, const graph::Request& request) { remove_active(worker, request); }

/// As the worker itself counts it (Worker::request_of).
void WorkerTable::add_active(WorkerId worker, const graph::Request& request) {
  Entry& entry = at(worker);
  const plan::Slot wanted = plan::taken_on(entry.capacity(), request);
  entry.active.cores += wanted.cores;
  entry.active.mem_bytes += wanted.mem_bytes;
  entry.active.gpus += wanted.gpus;
  update(worker);
}

void WorkerTable::remove_active(WorkerId worker, const graph::Request& request) {
  Entry& entry = at(worker);
  const plan::Slot wanted = plan::taken_on(entry.capacity(), request);
  FUGLE_EXPECT(entry.active.cores >= wanted.cores && entry.active.mem_bytes >= wanted.mem_bytes);
  entry.active.cores -= wanted.cores;
  entry.active.mem_bytes -= wanted.mem_bytes;
  entry.active.gpus -= wanted.gpus;
  roomier_.push_back(worker);
  update(worker);
}

void WorkerTable::add_background(WorkerId worker, const graph::Request& request) {
  Entry& entry = at(worker);
  const plan::Slot wanted = plan::taken_on(entry.capacity(), request);
  entry.background.cores += wanted.cores;
  entry.background.mem_bytes += wanted.mem_bytes;
  entry.background.gpus += wanted.gpus;
}

void WorkerTable::remove_background(WorkerId worker, const graph::Request& request) {
  Entry& entry = at(worker);
  const plan::Slot wanted = plan::taken_on(entry.capacity(), request);
  entry.background.cores -= wanted.cores;
  entry.background.mem_bytes -= wanted.mem_bytes;
  entry.background.gpus -= wanted.gpus;
}

bool WorkerTable::fits_beside_services(WorkerId worker, const graph::Request& request) const {
  const Entry& entry = at(worker);
  const plan::Slot wanted = plan::taken_on(entry.capacity(), request);
  return entry.background.cores + wanted.cores <= entry.info.cores &&
         entry.background.mem_bytes + wanted.mem_bytes <= entry.info.mem_bytes &&
         entry.background.gpus + wanted.gpus <= entry.info.gpus;
}

void WorkerTable::mark_started(WorkerId worker, std::uint32_t position) {
  if (at(worker).queued.erase(position) > 0) update(worker);
}

void WorkerTable::reorder(std::span<const std::uint32_t> before, std::span<const std::uint32_t> after) {
  for (Entry& entry : entries_) {
    std::set<std::uint32_t> queued;
    for (const ElementId e : entry.held)
      if (entry.queued.contains(before[e.value()])) queued.insert(after[e.value()]);
    entry.queued = std::move(queued);
  }
}

void WorkerTable::update_node(std::uint32_t node) {
  for (const WorkerId worker : nodes_[node]) update(worker);
}

/// A guest on a node where somebody is to have all for himself: one of our own, or the guest that came first.
bool WorkerTable::is_second(const Entry& entry) const {
  if (!expects_whole_nodes_ || !entry.is_guest) return false;
  const auto& beside = nodes_[entry.node];
  const auto first = std::find_if(beside.begin(), beside.end(), [&](WorkerId other) { return is_alive(other); });
  return (first != beside.end() && *first != entry.info.worker) ||
         std::any_of(beside.begin(), beside.end(),
                     [&](WorkerId other) { return is_alive(other) && !at(other).is_guest; });
}

bool WorkerTable::is_alone(WorkerId worker) const {
  if (!expects_whole_nodes_ || num_unanswered_ > 0) return false;
  const auto& beside = nodes_[at(worker).node];
  return std::all_of(beside.begin(), beside.end(),
                     [&](WorkerId other) { return other == worker || !is_alive(other) || is_second(at(other)); });
}

void WorkerTable::update(WorkerId worker) {
  const Entry& entry = at(worker);
  if (!entry.info.alive || entry.info.drained || entry.is_dismissed || entry.is_kept_free || is_second(entry))
    return room_.close(worker);
  RoomIndex::Room room;
  room.capacity = entry.capacity();
  room.free = left_of(room.capacity, entry.active);
  room.load = static_cast<float>(entry.active.cores) / static_cast<float>(room.capacity.cores);
  const bool has_surplus = !entry.is_revoking && entry.active.cores > room.capacity.cores && entry.queued.size() > 1;
  room.surplus = has_surplus ? entry.active.cores - room.capacity.cores : 0;
  room.last_end = entry.last_end;
  room.is_alone = is_alone(worker);
  room_.set(worker, room);
}

bool WorkerTable::has_backlog_room(WorkerId worker, const graph::Request& request, std::uint32_t backlog_per_core,
                                   Time until) const {
  const Entry& entry = at(worker);
  if (entry.is_kept_free || request.whole_node || !is_able(worker, request, until)) return false;
  if (!fits_beside_services(worker, request)) return false;
  const std::uint64_t factor = 1 + std::uint64_t{backlog_per_core};
  const plan::Slot wanted = plan::taken_on(entry.capacity(), request);
  return entry.active.cores + wanted.cores <= entry.info.cores * factor &&
         entry.active.mem_bytes + wanted.mem_bytes <= entry.info.mem_bytes * factor &&
         entry.active.gpus + wanted.gpus <= entry.info.gpus * factor;
}

bool WorkerTable::is_able(WorkerId worker, const graph::Request& request, Time until) const {
  const Entry& entry = at(worker);
  const WorkerInfo& info = entry.info;
  return info.alive && !info.drained && !entry.is_dismissed && !is_second(entry) && entry.last_end >= until &&
         request.cores <= info.cores && request.mem_bytes <= info.mem_bytes && request.gpus <= info.gpus &&
         (!request.whole_node || is_alone(worker));
}

bool WorkerTable::is_anyone_able(const graph::Request& request, Time until) const {
  return room_.least_loaded(request, until).has_value() ||
         std::any_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return is_able(entry.info.worker, request, until); });
}

bool WorkerTable::are_able(const graph::Request& request, const graph::Spread& spread, Time until) const {
  if (spread.workers == 1) return is_anyone_able(request, until);
  plan::PartyPicker picker(spread, plan::Gather::first);
  for (const Entry& entry : entries_)
    if (!entry.is_guest && is_able(entry.info.worker, request, until) && !picker.offer(entry.info.worker, entry.node))
      break;
  return !picker.take().empty();
}

std::vector<WorkerId> WorkerTable::not_kept_free(const graph::Request& request, bool is_party, Time until) const {
  std::vector<WorkerId> workers;
  for (const Entry& entry : entries_) {
    if (entry.is_kept_free || (is_party && entry.is_guest)) continue;
    const WorkerId worker = entry.info.worker;
    if (is_able(worker, request, until) && fits_beside_services(worker, request)) workers.push_back(worker);
  }
  return workers;
}

std::vector<WorkerId> WorkerTable::take_roomier() {
  std::sort(roomier_.begin(), roomier_.end());
  roomier_.erase(std::unique(roomier_.begin(), roomier_.end()), roomier_.end());
  return std::exchange(roomier_, {});
}

}  // namespace fugle::scheduler
