// What rank 0 does because its run lives in a Slurm job: it notes the life in jobs.jsonl, follows the end of the job,
// keeps `finally` for the last job, and at the end sees to it that another job goes on. Made before MPI_Init.
#pragma once

#include <memory>
#include <optional>

#include "app/allocation_watch.hpp"
#include "app/front_end.hpp"
#include "app/open_run.hpp"
#include "app/requeue.hpp"
#include "slurm/errands.hpp"
#include "slurm/job.hpp"

namespace fugle::app {

/// Whether there is a Slurm job around this process.
[[nodiscard]] bool is_in_slurm_job();
/// By what the launcher says, before MPI_Init; true where there is none.
[[nodiscard]] bool is_rank_0();

/// How a life ended.
struct LifeResult {
  int exit_code = 0;
  bool is_out_of_time = false;  ///< something did not start, or was stopped, because the allocation ends
  bool was_stopped = false;     ///< by a person, or by who speaks for one
  std::vector<std::string> drained_nodes;
};

class LifeInJob {
 public:
  /// nullptr outside of Slurm jobs. Forks.
  [[nodiscard]] static std::unique_ptr<LifeInJob> of_this_process(Requeue requeue);

  /// Asks for the end of the job, and puts it into `head`, where an earlier one may be that a person has given.
  void begin(const OpenRun& run, scheduler::HeadOptions& head, bool has_walltime, Time now);
  [[nodiscard]] AllocationWatch* watch() { return watch_ ? &*watch_ : nullptr; }
  /// The run has a head in another job, and this one helps it.
  void begin_as_guest(const std::string& run_dir, Time now) const;
  [[nodiscard]] slurm::Errands& errands() { return errands_; }
  [[nodiscard]] const slurm::Job& job() const { return job_; }
  /// Readable when the watch has something to hear.
  [[nodiscard]] int fd() const { return errands_.fd(); }
  /// Decides whether the run wants another job; while the run is open.
  void end(const OpenRun& run, const LifeResult& result, Time now);
  /// It does.
  [[nodiscard]] bool wants_next_job() const { return wish_.has_value(); }
  /// The run is closed: the front-end is told to ask for the other job, or it is asked for here.
  void leave(FrontEndLink& front_end);

 private:
  LifeInJob(slurm::Job job, Requeue requeue) : job_(std::move(job)), requeue_(requeue) {}

  slurm::Job job_;
  Requeue requeue_;
  slurm::Errands errands_;
  std::optional<AllocationWatch> watch_;
  Time began_{};
  std::uint64_t num_ended_before_ = 0;
  std::optional<NextJobWish> wish_;
};

/// Elements ended since `num_ended_before`, or a task of the run wrote a checkpoint since `began`.
[[nodiscard]] bool has_made_progress(const OpenRun& run, std::uint64_t num_ended_before, Time began);

}  // namespace fugle::app
