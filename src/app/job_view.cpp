#include "app/job_view.hpp"

#include <algorithm>
#include <array>

#include "slurm/host_list.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr std::array<std::string_view, 9> kAlive{"PENDING",  "RUNNING", "SUSPENDED", "CONFIGURING", "COMPLETING",
                                                 "REQUEUED", "STOPPED", "RESIZING",  "REQUEUE_HOLD"};

const slurm::JobRecord* find(const std::vector<slurm::JobRecord>& records, const std::string& id) {
  const auto found = std::ranges::find(records, id, &slurm::JobRecord::id);
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

std::vector<slurm::JobRecord> ask_about_jobs(const std::vector<std::string>& ids) {
  if (ids.empty()) return {};
  return slurm::parse_job_records(slurm::run_command(slurm::command_for_jobs(ids), kPatience).output);
}

bool is_on_its_way(const std::vector<slurm::JobRecord>& records, const std::string& id) {
  const slurm::JobRecord* record = find(records, id);
  return record != nullptr && std::ranges::find(kAlive, record->state) != kAlive.end();
}

std::vector<std::string> jobs_worth_asking(const std::vector<RunJob>& jobs) {
  std::vector<std::string> ids = waiting_jobs(jobs);
  const auto last =
      std::find_if(jobs.rbegin(), jobs.rend(), [](const RunJob& job) { return job.kind == RunJob::Kind::started; });
  if (last != jobs.rend() && std::ranges::find(ids, last->job) == ids.end()) ids.insert(ids.begin(), last->job);
  return ids;
}

std::vector<report::JobRow> job_rows(const std::vector<RunJob>& jobs, const std::vector<slurm::JobRecord>& records) {
  std::vector<report::JobRow> rows;
  for (const std::string& id : jobs_worth_asking(jobs)) {
    report::JobRow row;
    row.job = id;
    if (const slurm::JobRecord* record = find(records, id)) {
      row.state = record->state;
      row.reason = record->state == "PENDING" && record->reason != "None" ? record->reason : "";
      row.nodes = slurm::compress_host_list(record->nodes);
      row.start = record->start;
      row.end = record->end;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace fugle::app
