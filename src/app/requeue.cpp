#include "app/requeue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/job_record.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

using namespace std::chrono_literals;

constexpr Duration kAnswerTakes = 30s;
constexpr int kMostTries = 3;

std::string name_of_run(const NextJobWish& wish) { return std::filesystem::path(wish.run_dir).filename().string(); }

void say(const std::string& text) { fmt::print(stderr, "fugle: {}\n", text); }

std::string first_line(const slurm::Answer& answer) {
  const std::string& text = answer.complaint.empty() ? answer.output : answer.complaint;
  return text.empty() ? fmt::format("exit code {}", answer.exit_code) : text.substr(0, text.find('\n'));
}

/// The controller may be away for a moment, and this is the last that the job does.
slurm::Answer run_patiently(const std::vector<std::string>& argv, const RunCommand& run) {
  slurm::Answer answer;
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    answer = run(argv, kAnswerTakes);
    const bool may_pass = answer.exit_code == 124 || answer.complaint.find("ontact slurm") != std::string::npos;
    if (answer.is_good() || !may_pass) break;
  }
  return answer;
}

std::optional<slurm::JobRecord> ask_about_job(const NextJobWish& wish, const RunCommand& run) {
  const slurm::Answer answer = run_patiently(slurm::command_for_jobs({wish.job.id}), run);
  for (slurm::JobRecord& record : slurm::parse_job_records(answer.output))
    if (record.id == wish.job.id) return std::move(record);
  return std::nullopt;
}

/// A requeue whose answer came too late is refused when it is asked for again.
bool was_requeued_after_all(const NextJobWish& wish, const RunCommand& run) {
  const auto record = ask_about_job(wish, run);
  return record && record->restarts > wish.job.restart_count;
}

/// The note first: after the command this process may not live long.
bool requeue(const NextJobWish& wish, const RunCommand& run, Time now, std::string& why_not) {
  const auto record = ask_about_job(wish, run);  // where there is none it will say so itself
  if (record && !record->may_requeue) {
    why_not = "the job was submitted with --no-requeue, or the cluster requeues none";
    return false;
  }
  if (!wish.next.bad_nodes.empty())
    (void)run({"scontrol", "update", "JobId=" + wish.job.id, "ExcNodeList=" + wish.next.bad_nodes}, kAnswerTakes);
  append_job(wish.run_dir, {wish.job.id, wish.job.cluster, RunJob::Kind::requeued, now, {}});
  say(fmt::format("job {} is requeued; the run goes on in it", wish.job.id));
  const slurm::Answer answer = run_patiently({"scontrol", "requeue", wish.job.id}, run);
  if (answer.is_good() || was_requeued_after_all(wish, run)) return true;
  append_job(wish.run_dir, {wish.job.id, wish.job.cluster, RunJob::Kind::cancelled, now, {}});
  why_not = first_line(answer);
  return false;
}

bool chain(const NextJobWish& wish, const RunCommand& run, Time now, std::string& why_not) {
  const std::string script = wish.run_dir + "/job.sh";
  if (!std::filesystem::exists(script)) {
    why_not = "the script of this job is not ours to submit again (fugle submit makes one)";
    return false;
  }
  std::vector<std::string> command{"sbatch", "--parsable", "--dependency=afterany:" + wish.job.id};
  if (!wish.next.bad_nodes.empty()) command.push_back("--exclude=" + wish.next.bad_nodes);
  command.push_back(script);
  const slurm::Answer answer = run_patiently(command, run);
  const std::string id = answer.output.substr(0, answer.output.find_first_of(";\n"));
  if (!answer.is_good() || !looks_like_job_id(id)) {
    why_not = first_line(answer);
    return false;
  }
  append_job(wish.run_dir, {id, wish.job.cluster, RunJob::Kind::chained, now, wish.job.id});
  say(fmt::format("the run goes on in job {}, after job {}", id, wish.job.id));
  return true;
}

}  // namespace

void add_requeue_option(po::options_description& options) {
  options.add_options()("requeue", po::value<std::string>()->value_name("auto|chain|never"),
                        "in a Slurm job that ends before the run: requeue the job, or submit a next one with the same "
                        "script (chain); auto takes what Slurm allows; limits.max_requeues bounds it (default never)");
}

Requeue requeue_from(const Arguments& arguments) {
  if (!arguments.has("requeue")) return Requeue::never;
  const auto& word = arguments.get<std::string>("requeue");
  if (word == "never") return Requeue::never;
  if (word == "auto") return Requeue::automatic;
  if (word == "chain") return Requeue::chain;
  throw UsageError(fmt::format("--requeue {} is not known; try auto, chain or never", word));
}

std::uint32_t num_requeues(const std::vector<RunJob>& jobs, const slurm::Job& job) {
  const auto asked = std::ranges::count_if(jobs, [](const RunJob& entry) {
    return entry.kind == RunJob::Kind::requeued || entry.kind == RunJob::Kind::chained;
  });
  return std::max(static_cast<std::uint32_t>(asked), job.restart_count);
}

bool go_on_in_another_job(const NextJobWish& wish, const RunCommand& run, Time now) {
  if (wish.how == Requeue::never) return false;
  const std::string advice = fmt::format("fugle resume {} goes on", name_of_run(wish));
  if (!wish.next.made_progress) {
    say(fmt::format(
        "no other job is asked for (in this one nothing ended and no checkpoint was written, so in the next "
        "it would be the same); give it more time, or shorter tasks, or `restart`; {}",
        advice));
    return false;
  }
  if (const std::uint32_t used = num_requeues(read_jobs(wish.run_dir), wish.job); used >= wish.max_requeues) {
    say(fmt::format("no other job is asked for (the run went through {} further jobs, limits.max_requeues is {}); {}",
                    used, wish.max_requeues, advice));
    return false;
  }
  try {
    std::string why_not;
    if (wish.how == Requeue::automatic && requeue(wish, run, now, why_not)) return true;
    if (!why_not.empty())
      say(fmt::format("job {} is not requeued ({}); a next one is submitted", wish.job.id, why_not));
    if (chain(wish, run, now, why_not)) return true;
    say(fmt::format("no other job could be asked for ({}); submit one yourself: {}", why_not, advice));
  } catch (const Error& error) {
    say(fmt::format("no other job is asked for: {}; {}", error.what(), advice));
  }
  return false;
}

void note_life_in_job(const std::string& run_dir, const slurm::Job& job, Time now) {
  try {
    append_job(run_dir, {job.id, job.cluster, RunJob::Kind::started, now, {}});
  } catch (const Error& error) {
    say(error.what());
  }
}

}  // namespace fugle::app
