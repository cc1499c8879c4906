// What a run may not share with others of its runs directory: outputs, and the places of its group (`concurrency`).
//
// Whoever wants a place takes a number in <runs>/.groups/<hash of the group>/ and holds a lock on it as long as it
// lives: a RunLock, so that a process that died has no number any more, on whatever node it was. The `max` smallest
// numbers that are held may run. Numbers are given out under a lock of the folder, and so are larger than all held.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/access.hpp"
#include "graph/graph.hpp"
#include "store/run_lock.hpp"
#include "workflow/run_rules.hpp"

namespace fugle::app {

/// Held while a run looks at the others and makes itself known, so that no two do at once. null: it writes no files, or
/// the directory is another user's. Throws EnvironmentError.
[[nodiscard]] std::unique_ptr<store::RunLock> lock_beginnings(const std::string& runs_dir, const graph::Graph& graph);

/// Under lock_beginnings(): throws ConflictError naming run and path where a run that lives writes an output that
/// `graph` writes too. `run_dir`: of the run itself.
void refuse_shared_outputs(const std::string& runs_dir, const std::string& run_dir, const graph::Graph& graph);

/// Runs of that group which have a head, or wait for a Slurm job; newest first.
struct GroupMember {
  std::string run;
  std::string run_dir;
  bool is_running = false;
  std::vector<std::string> jobs;  ///< that wait
};
[[nodiscard]] std::vector<GroupMember> members_of(const std::string& runs_dir, const std::string& group);

/// A place in a group; given back with the object.
class Turn {
 public:
  /// Takes a number. Throws EnvironmentError.
  Turn(const std::string& runs_dir, const std::string& group, const Access& access);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  /// How many hold smaller numbers.
  [[nodiscard]] std::uint32_t num_before() const;

 private:
  std::string folder_;
  std::uint64_t number_ = 0;
  std::unique_ptr<store::RunLock> lock_;
};

struct TurnAnswer {
  std::unique_ptr<Turn> turn;    ///< null: there is no group, or `exit_code`
  std::optional<int> exit_code;  ///< to leave with: this run is skipped
};
/// For a process that starts a life of a run, before it does: waits, cancels others, or leaves, as `when_busy` says.
/// Throws ConflictError. `own_run`: id of the run, where there is one already.
[[nodiscard]] TurnAnswer take_turn(const std::optional<workflow::Concurrency>& concurrency, const std::string& runs_dir,
                                   const std::string& own_run = {}, const Access& access = {});

/// The same for a run that is submitted: the option of sbatch by which its job waits for the others; empty: none has
/// to. nullopt: it is skipped. Throws ConflictError.
[[nodiscard]] std::optional<std::string> queue_option(const std::optional<workflow::Concurrency>& concurrency,
                                                      const std::string& runs_dir);

}  // namespace fugle::app
