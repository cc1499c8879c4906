// The head's picture of its workers: what each offers, which elements it holds, how many of its cores those want.
// A held element is one granted and not yet ended or returned. Among the held ones, those READY or RUNNING are *active*
// and take cores; those that wait for others of their lease do not.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "scheduler/ports.hpp"

namespace fugle::scheduler {

class WorkerTable {
 public:
  struct Entry {
    WorkerInfo info;
    std::uint32_t active_cores = 0;
    std::uint64_t active_mem = 0;
    std::set<std::uint32_t> queued;  ///< positions of active elements not known to have started
    std::set<ElementId> held;
    std::vector<bool> knows_task;
    bool has_answered = false;  ///< said what it has
    bool is_lost = false;
    bool is_revoking = false;
    bool said_goodbye = false;
  };

  WorkerTable(std::uint32_t num_ranks, std::uint32_t num_tasks);

  /// A worker said what it has.
  void join(WorkerId worker, const Hello& hello);
  /// It died; it holds nothing any more. Returns what it held.
  std::vector<ElementId> lose(WorkerId worker);

  [[nodiscard]] Entry& at(WorkerId worker) { return entries_[worker.value()]; }
  [[nodiscard]] std::vector<Entry>& all() { return entries_; }
  [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
  [[nodiscard]] bool is_alive(WorkerId worker) const;

  void activate(WorkerId worker, const graph::Request& request);
  void deactivate(WorkerId worker, const graph::Request& request);

  /// The worker with most free cores that can take the request now, `backlog` cores beyond its own allowed; ties go to
  /// the lowest rank. Those in `reserved` are left out.
  [[nodiscard]] std::optional<WorkerId> find_free(const graph::Request& request, std::uint32_t backlog_per_core,
                                                  const std::set<WorkerId>& reserved) const;
  /// The worker that is nearest to having room for the request; none: it fits nowhere, ever.
  [[nodiscard]] std::optional<WorkerId> find_able(const graph::Request& request,
                                                  const std::set<WorkerId>& reserved) const;
  [[nodiscard]] std::uint32_t num_alive() const;
  [[nodiscard]] std::uint32_t total_cores() const;

 private:
  std::vector<Entry> entries_;
  std::uint32_t num_tasks_;
};

}  // namespace fugle::scheduler
