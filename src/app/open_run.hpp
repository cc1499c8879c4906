// What the head of a run holds while it lives: the lock, the graph, the state replayed so far, the journal, and those
// who listen. Made anew for `run`, from the run directory for `resume`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/load_workflow.hpp"
#include "app/run_directory.hpp"
#include "app/run_plan.hpp"
#include "scheduler/engine.hpp"
#include "store/file_store.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {

class OpenRun {
 public:
  /// A new run of what was loaded: directory, run.json, plan, journal. Throws EnvironmentError.
  static std::unique_ptr<OpenRun> create(const std::string& runs_dir, RunFacts facts, graph::Graph graph);
  /// The next life of an earlier one. nullptr: everything is done, nothing would start. Throws ConflictError when a
  /// living head still holds it after five seconds, EnvironmentError when its files are damaged.
  static std::unique_ptr<OpenRun> reopen(const std::string& run_dir);

  [[nodiscard]] const RunFacts& facts() const { return facts_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const graph::Graph& graph() const { return graph_; }
  [[nodiscard]] const scheduler::RunState& state() const { return *state_; }

  /// Of what has ended OK in earlier lives.
  [[nodiscard]] const plan::DurationHistory& durations_so_far() const { return durations_so_far_; }

  /// For the Engine of rank 0; valid while this object lives.
  [[nodiscard]] scheduler::HeadOptions head_options(RunPlan plan);
  /// After the Engine is done: closes the journal, writes snapshot.h5.
  void close();

 private:
  OpenRun(std::string directory, RunFacts facts, graph::Graph graph);
  void start_life(const store::Recovered& recovered);

  std::string directory_;
  RunFacts facts_;
  graph::Graph graph_;
  plan::DurationHistory durations_so_far_;
  std::unique_ptr<store::RunLock> lock_;
  std::unique_ptr<scheduler::RunState> state_;
  std::unique_ptr<store::FileStore> store_;
  std::vector<std::unique_ptr<scheduler::Observer>> observers_;
};

}  // namespace fugle::app
