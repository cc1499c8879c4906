// The head's picture of its workers: what each offers, which elements it holds, how much of it those want.
// A held element is one granted and not yet ended or returned. Among the held ones, those READY or RUNNING are *active*
// and take resources; those that wait for others do not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "scheduler/ports.hpp"
#include "scheduler/room_index.hpp"

namespace fugle::scheduler {

class WorkerTable {
 public:
  struct Entry {
    WorkerInfo info;
    plan::Slot active{0, 0, 0};      ///< what active elements want; may exceed what it offers
    plan::Slot background{0, 0, 0};  ///< of that, what services want: nobody knows when it will be free
    std::set<std::uint32_t> queued;  ///< positions of active elements not known to have started
    std::uint32_t node = 0;          ///< number of its node
    std::vector<ElementId> held;     ///< in no order; kept by LeaseBook
    std::unordered_set<TaskId> knows_task;
    Time last_end = kNever;     ///< nothing may end there after this: its allocation ends before ours
    bool is_guest = false;      ///< of another allocation, came after the start
    bool is_dismissed = false;  ///< its allocation ends: it was told to leave, which says nothing about its node
    bool has_answered = false;  ///< said what it has
    bool is_lost = false;
    bool is_kept_free = false;  ///< for something large
    bool is_revoking = false;
    bool is_suspect = false;  ///< what failed on its node last may be the node's fault
    bool said_goodbye = false;

    [[nodiscard]] plan::Slot capacity() const { return {info.cores, info.mem_bytes, info.gpus}; }
  };

  explicit WorkerTable(std::uint32_t num_ranks);

  /// Ids up to this number exist; new ones are guests, which count once they have joined.
  void grow(std::uint32_t num_ranks);
  /// A worker said what it has. On a drained node it is drained too.
  void join(WorkerId worker, const Hello& hello);
  /// It died; it holds nothing any more. Returns what it held.
  std::vector<ElementId> lose(WorkerId worker);
  void say_goodbye(WorkerId worker);
  void keep_free(WorkerId worker, bool is_kept);
  void set_revoking(WorkerId worker, bool is_revoking);
  /// It gets no more work; what it holds is not touched.
  void drain(WorkerId worker);
  /// The same, for a guest that has to leave.
  void dismiss(WorkerId worker);
  /// Nothing may end there after this.
  void set_last_end(WorkerId worker, Time last_end);
  /// Whether some worker's allocation ends before ours.
  [[nodiscard]] bool has_ends() const { return !ends_.empty(); }
  void set_suspect(std::uint32_t node, bool is_suspect);
  [[nodiscard]] bool is_drained(std::uint32_t node) const { return at(nodes_[node].front()).info.drained; }
  [[nodiscard]] const std::vector<WorkerId>& on_node(std::uint32_t node) const { return nodes_[node]; }
  /// Whether a worker that is neither lost nor drained is on another node.
  [[nodiscard]] bool has_good_node_besides(std::uint32_t node) const;

  void activate(WorkerId worker, const graph::Request& request, std::uint32_t position);
  void deactivate(WorkerId worker, const graph::Request& request, std::uint32_t position);
  /// The same for an element that another worker holds: this one is a member of its party.
  void occupy(WorkerId worker, const graph::Request& request);
  void vacate(WorkerId worker, const graph::Request& request);
  /// An active element is a service, or was one.
  void add_background(WorkerId worker, const graph::Request& request);
  void remove_background(WorkerId worker, const graph::Request& request);
  /// Whether there is room for it once all has ended that runs there but services.
  [[nodiscard]] bool fits_beside_services(WorkerId worker, const graph::Request& request) const;
  /// An active element is known to run.
  void mark_started(WorkerId worker, std::uint32_t position);
  /// Positions have changed. Both orders: [element] position.
  void reorder(std::span<const std::uint32_t> before, std::span<const std::uint32_t> after);

  [[nodiscard]] const Entry& at(WorkerId worker) const { return entries_[worker.value()]; }
  [[nodiscard]] Entry& at(WorkerId worker) { return entries_[worker.value()]; }
  [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
  [[nodiscard]] bool is_alive(WorkerId worker) const { return at(worker).info.alive; }
  [[nodiscard]] const RoomIndex& room() const { return room_; }
  [[nodiscard]] std::optional<WorkerId> with_least_room(const graph::Request& request, Time until) {
    return room_.with_least_room(request, until);
  }
  /// See RoomIndex.
  template <class Take>
  void each_with_room(const graph::Request& request, Time until, Take take) {
    room_.each_with_room(request, until, take);
  }
  /// The workers on the same node, itself included.
  [[nodiscard]] const std::vector<WorkerId>& beside(WorkerId worker) const { return nodes_[at(worker).node]; }
  /// Whether `cores` more than its own may wait there, per core of its own.
  [[nodiscard]] bool has_backlog_room(WorkerId worker, const graph::Request& request, std::uint32_t backlog_per_core,
                                      Time until) const;
  /// Whether the worker, or any, could run it when nothing else did, and go on until then.
  [[nodiscard]] bool is_able(WorkerId worker, const graph::Request& request, Time until = RoomIndex::kAnyTime) const;
  [[nodiscard]] bool is_anyone_able(const graph::Request& request, Time until = RoomIndex::kAnyTime) const;
  /// The same of workers that are spread so; with more than one no guests count.
  [[nodiscard]] bool are_able(const graph::Request& request, const graph::Spread& spread,
                              Time until = RoomIndex::kAnyTime) const;
  /// Those that are able and not kept free; for a party no guests.
  [[nodiscard]] std::vector<WorkerId> not_kept_free(const graph::Request& request, bool is_party, Time until) const;
  /// Some elements want a node as a whole. They go to workers that are alone on their nodes, as far as elements go:
  /// from now on a guest gets no work while a worker of ours, or a guest that came before, is alive on its
  /// node. Nobody is known to be alone before all ranks of the start have said where they are.
  void expect_whole_nodes() { expects_whole_nodes_ = true; }
  [[nodiscard]] bool is_alone(WorkerId worker) const;

  [[nodiscard]] std::uint32_t num_kept_free() const { return num_kept_free_; }
  [[nodiscard]] std::uint32_t num_alive() const { return num_alive_; }
  [[nodiscard]] std::uint32_t num_ranks() const { return static_cast<std::uint32_t>(entries_.size()); }
  [[nodiscard]] std::uint32_t total_cores() const { return total_cores_; }
  /// Ranks that may still say what they have.
  [[nodiscard]] std::uint32_t num_unanswered() const { return num_unanswered_; }
  [[nodiscard]] bool have_all_left() const { return num_present_ == 0; }
  /// Workers whose room grew since the last call, ascending.
  [[nodiscard]] std::vector<WorkerId> take_roomier();

 private:
  void add_active(WorkerId worker, const graph::Request& request);
  void remove_active(WorkerId worker, const graph::Request& request);
  void update(WorkerId worker);
  void update_node(std::uint32_t node);
  void note_answer();
  [[nodiscard]] bool is_second(const Entry& entry) const;
  void close(Entry& entry);

  std::vector<Entry> entries_;
  RoomIndex room_;
  std::map<std::string, std::uint32_t> node_numbers_;
  std::vector<std::vector<WorkerId>> nodes_;  ///< [node]
  std::vector<WorkerId> roomier_;
  std::set<WorkerId> ends_;  ///< alive, and their allocations end before ours
  bool expects_whole_nodes_ = false;
  std::uint32_t num_alive_ = 0;
  std::uint32_t num_kept_free_ = 0;
  std::uint32_t total_cores_ = 0;
  std::uint32_t num_unanswered_;
  std::uint32_t num_present_;  ///< neither lost nor said goodbye
};

}  // namespace fugle::scheduler
