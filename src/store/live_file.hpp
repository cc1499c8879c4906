// live.h5: state of each element, counts, workers and running attempts, a cache for `status` and dashboards, rebuilt at
// each life and never synced. In memory it is kept current by events; dirty 4 KiB pages are written a few times a
// second.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/ports.hpp"
#include "scheduler/service_phase.hpp"

namespace fugle::store {

class LiveFile final : public scheduler::Observer {
 public:
  LiveFile(const std::string& run_dir, const scheduler::RunState& run);
  ~LiveFile() override;
  void on_events(const scheduler::HeadView& view, std::span<const scheduler::Event> events,
                 const scheduler::Effects& effects) override;
  void on_tick(const scheduler::HeadView& view) override;
  void on_end(const scheduler::HeadView& view) override;

 private:
  void follow(const scheduler::RunState& run);

  class Impl;
  std::string run_dir_;
  std::unique_ptr<Impl> impl_;
};

/// The value is stored: never renumber.
enum class WorkerCondition : std::uint8_t { lost = 0, alive = 1, drained = 2, silent = 3 };
[[nodiscard]] WorkerCondition condition_of(const scheduler::WorkerInfo& worker, Time now);

struct LiveWorker {
  WorkerId worker;
  std::string node;
  std::uint32_t cores = 0;
  std::uint32_t cores_in_use = 0;
  std::uint64_t num_ended = 0;
  WorkerCondition condition = WorkerCondition::lost;
};
struct LiveRunning {
  ElementId element;
  WorkerId worker;
  std::uint16_t attempt = 0;
  Time start{};
  scheduler::ServicePhase service = scheduler::ServicePhase::none;
};
struct LiveSummary {
  scheduler::Counts counts{};
  std::uint64_t num_ignored = 0;
  std::uint64_t num_tolerated = 0;
  std::uint64_t total = 0;  ///< real elements
  Time heartbeat{};         ///< when it was last written
  Time life_started{};
  scheduler::Sequence durable = 0;
  bool ended = false;       ///< the head left in order
  bool in_finally = false;  ///< all else has ended, the tasks of `finally` run
  std::vector<LiveWorker> workers;
  std::vector<LiveRunning> running;  ///< at most 4096, oldest first
  std::vector<ElementId> failed;     ///< at most 1024, oldest first
};
/// At most 5 reads. nullopt: no live.h5 or not readable (rebuild from the journal instead).
[[nodiscard]] std::optional<LiveSummary> read_live(const std::string& run_dir);

}  // namespace fugle::store
