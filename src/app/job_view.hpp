// What Slurm says of the jobs of a run, for those who look at it. One bounded call; what it does not say is not known,
// and nothing of the run changes by it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/jobs.hpp"
#include "report/status_view.hpp"
#include "slurm/job_record.hpp"

namespace fugle::app {

/// Empty when nobody answers within some seconds, or there is no Slurm here.
[[nodiscard]] std::vector<slurm::JobRecord> ask_about_jobs(const std::vector<std::string>& ids);

/// Whether Slurm says that the job waits, runs or is suspended.
[[nodiscard]] bool is_on_its_way(const std::vector<slurm::JobRecord>& records, const std::string& id);

/// Jobs of a run that may still be there: those that wait by jobs.jsonl, and the last one in which a life began.
[[nodiscard]] std::vector<std::string> jobs_worth_asking(const std::vector<RunJob>& jobs);

/// Of those jobs, in the same order. Jobs that Slurm does not know (any more) have no state.
[[nodiscard]] std::vector<report::JobRow> job_rows(const std::vector<RunJob>& jobs,
                                                   const std::vector<slurm::JobRecord>& records);

}  // namespace fugle::app
