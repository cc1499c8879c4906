// `fugle status` as text and as JSON. Plain data in, text out: the data come from live.h5 or from a replay.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/run_condition.hpp"
#include "scheduler/ports.hpp"
#include "scheduler/service_phase.hpp"

namespace fugle::report {

struct RunningRow {
  std::string element;
  std::uint16_t attempt = 1;
  WorkerId worker;
  std::string node;
  Duration elapsed{0};
  scheduler::ServicePhase service = scheduler::ServicePhase::none;
};

struct HeldRow {
  std::string element;
  std::string who;
};

/// A Slurm job of the run, as Slurm says.
struct JobRow {
  std::string job;
  std::string state;  ///< empty: Slurm does not say
  std::string reason;
  std::string nodes;          ///< "n[1-4]"; empty: none yet
  std::optional<Time> start;  ///< or when it is expected to
  std::optional<Time> end;    ///< of its time limit
};

/// The head holds its run, but has written nothing for longer than it ever should.
struct Silence {
  std::string host;
  int pid = 0;
  Duration since{0};
};
/// A living head writes once a second; a slow file system and other clocks get their share.
inline constexpr Duration kLongestPause = std::chrono::seconds(30);

struct RunStatus {
  std::string run;
  std::string workflow;
  RunCondition condition = RunCondition::running;
  std::string reason;       ///< of the end; empty: none known
  bool in_finally = false;  ///< only the tasks of `finally` are left to run
  std::optional<Silence> silence;
  CountsView counts;
  Time started{};       ///< of the run's first life
  Duration elapsed{0};  ///< since then, to its end or to now
  std::optional<Duration> eta;
  std::vector<scheduler::WorkerInfo> workers;
  std::vector<WorkerId> silent;      ///< those that hold elements and have said nothing for long
  std::vector<JobRow> jobs;          ///< that the run waits for, or was last in
  std::vector<std::string> drained;  ///< why, for each node that gets no more work
  std::vector<HeldRow> held;         ///< possibly cut
  std::vector<RunningRow> running;   ///< oldest first, possibly cut
  std::vector<std::string> failed;   ///< oldest first, possibly cut
  std::vector<std::string> late;     ///< of those that run
  bool is_run_late = false;          ///< it goes on after its deadline
};

/// What is left at the rate seen so far in this life; nullopt before anything ended.
[[nodiscard]] std::optional<Duration> eta_by_rate(const CountsView& counts, std::uint64_t num_ended, Duration elapsed);

[[nodiscard]] std::string status_text(const RunStatus& status);
[[nodiscard]] std::string status_json(const RunStatus& status);

}  // namespace fugle::report
