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
#include "app/secrets.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/language.hpp"
#include "store/file_store.hpp"
#include "store/metrics_file.hpp"
#include "store/run_lock.hpp"

namespace fugle::app {

class OpenRun {
 public:
  /// A new run of what was loaded: directory, run.json, plan, journal. Throws EnvironmentError.
  static std::unique_ptr<OpenRun> create(const std::string& runs_dir, RunFacts facts, graph::Graph graph,
                                         const KeptWorkflow& kept);
  /// The next life of an earlier one. nullptr: everything is done, nothing would start. Throws ConflictError when a
  /// living head still holds it after five seconds, EnvironmentError when its files are damaged.
  /// A damaged journal is repaired first where that is wanted. `secrets_file`: another one than the run had; empty: no
  /// other. Throws UsageError where a secret of the run is not set.
  enum class Damage : std::uint8_t { refused, repaired };
  static std::unique_ptr<OpenRun> reopen(const std::string& run_dir, Damage damage = Damage::refused,
                                         const std::string& secrets_file = {});

  [[nodiscard]] const RunFacts& facts() const { return facts_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const Secrets& secrets() const { return secrets_; }
  [[nodiscard]] const graph::Graph& graph() const { return graph_; }
  [[nodiscard]] const scheduler::RunState& state() const { return *state_; }

  /// Elements that have reached a final state.
  [[nodiscard]] std::uint64_t num_ended() const;
  /// Who holds the run's lock now if not we do: the lock file was removed, or its file system keeps no locks.
  [[nodiscard]] std::optional<store::LockHolder> other_holder() const;
  /// Of what has ended OK in earlier lives.
  [[nodiscard]] const plan::DurationHistory& durations_so_far() const { return durations_so_far_; }

  /// For the Engine of rank 0; valid while this object lives.
  [[nodiscard]] scheduler::HeadOptions head_options(RunPlan plan);
  /// After the Engine is done: closes the journal, writes snapshot.h5.
  void close();

 private:
  OpenRun(std::string directory, RunFacts facts, graph::Graph graph);
  void start_life(const store::Recovered& recovered);
  void open_store(const store::Recovered& recovered);
  void keep_metrics(const store::Recovered& recovered);

  std::string directory_;
  RunFacts facts_;
  Secrets secrets_;
  graph::Graph graph_;
  plan::DurationHistory durations_so_far_;
  std::unique_ptr<store::RunLock> lock_;
  std::unique_ptr<scheduler::RunState> state_;
  std::unique_ptr<scheduler::Language> language_;  ///< null: all is known
  std::unique_ptr<scheduler::Store> store_;
  std::vector<std::unique_ptr<scheduler::Observer>> observers_;
  const store::MetricsFile* metrics_ = nullptr;  ///< one of them; null: no task has metrics
};

}  // namespace fugle::app
