#include "app/life_in_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "app/stored_run.hpp"
#include "app/surroundings.hpp"
#include "app/walltime.hpp"
#include "base/error.hpp"
#include "executor/restart.hpp"
#include "slurm/host_list.hpp"

namespace fugle::app {
namespace {

/// Slurm knows them by its own names, which a host may call itself otherwise: those it would not know are left out.
std::string bad_nodes_of(const slurm::Job& job, const std::vector<std::string>& drained) {
  std::vector<std::string> known;
  for (const std::string& node : job.nodes)
    if (std::ranges::find(drained, node) != drained.end()) known.push_back(node);
  return slurm::compress_host_list(known);
}

}  // namespace

bool is_in_slurm_job() { return look_around().job.has_value(); }

bool is_rank_0() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"}) {
    if (const char* rank = std::getenv(name)) return std::string_view(rank) == "0";
  }
  return true;
}

bool has_made_progress(const OpenRun& run, std::uint64_t num_ended_before, Time began) {
  if (run.num_ended() > num_ended_before) return true;
  for (std::uint32_t i = 0; i < run.graph().num_elements(); ++i) {
    const ElementId e(i);
    const graph::Task& task = run.graph().task_of(e);
    if (!task.restart.is_given || run.state().attempt(e) == 0 || run.state().counts_as_ok(e)) continue;
    const graph::ElementText text = run.graph().text(e);
    if (executor::has_checkpoint_since(text, task.workdir.empty() ? text.workdir : task.workdir, began)) return true;
  }
  return false;
}

std::unique_ptr<LifeInJob> LifeInJob::of_this_process(Requeue requeue) {
  auto job = look_around().job;
  if (!job) return nullptr;
  return std::unique_ptr<LifeInJob>(new LifeInJob(std::move(*job), requeue));
}

void LifeInJob::begin(const OpenRun& run, scheduler::HeadOptions& head, bool has_walltime, Time now) {
  began_ = now;
  num_ended_before_ = run.num_ended();
  note_life_in_job(run.directory(), job_, now);
  const Time latest = has_walltime ? head.end_of_allocation : kNever;
  watch_.emplace(errands_, AllocationWatch::Wish{job_.id, latest, head.reserve, run.facts().slurm.signal_margin});
  const Time end = watch_->first_end(now);
  head.end_of_allocation = end == kNever ? head.end_of_allocation : end;
  if (const auto warning = warning_of_short_time({head.end_of_allocation, head.reserve}, now))
    fmt::print(stderr, "fugle: {}\n", *warning);
  head.skip_finally =
      requeue_ != Requeue::never && num_requeues(read_jobs(run.directory()), job_) < run.facts().slurm.max_requeues;
}

void LifeInJob::begin_as_guest(const std::string& run_dir, Time now) const { note_life_in_job(run_dir, job_, now); }

void LifeInJob::end(const OpenRun& run, const LifeResult& result, Time now) {
  const bool is_out_of_time = result.is_out_of_time || (watch_ && now >= watch_->end());
  if (requeue_ == Requeue::never || result.was_stopped || !is_out_of_time ||
      result.exit_code != static_cast<int>(ExitCode::incomplete))
    return;
  wish_ = NextJobWish{requeue_,
                      run.directory(),
                      job_,
                      run.facts().slurm.max_requeues,
                      {has_made_progress(run, num_ended_before_, began_), bad_nodes_of(job_, result.drained_nodes)}};
}

void LifeInJob::leave(FrontEndLink& front_end) {
  const auto wish = std::exchange(wish_, {});
  if (!wish) return;
  if (front_end.is_joined()) return front_end.ask_for_next_job(wish->next);
  (void)go_on_in_another_job(
      *wish, [this](const std::vector<std::string>& argv, Duration limit) { return errands_.run(argv, limit); }, now());
}

}  // namespace fugle::app
