// The waiting part of after_run.hpp: looks at the other runs, asks Slurm whether they go on, and decides what becomes
// of ours.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "app/after_run.hpp"
#include "app/job_news.hpp"
#include "app/job_submission.hpp"
#include "app/jobs.hpp"
#include "app/read_status.hpp"
#include "app/run_directory.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/job.hpp"
#include "slurm/run_command.hpp"
#include "store/file_store.hpp"
#include "store/journal_reader.hpp"
#include "store/run_lock.hpp"
#include "workflow/triggers_reader.hpp"

namespace fugle::app {
namespace {

using scheduler::Event;
using scheduler::EventKind;
using std::chrono::seconds;

constexpr Duration kLongestAnswer = seconds(20);
/// Files of another node's run may be some seconds old, and a job is some seconds in ending.
constexpr Duration kSecondLook = seconds(10);
constexpr Duration kLongestDoubt = std::chrono::minutes(10);  ///< of an allocation that waits for squeue
constexpr std::size_t kMostJobs = 100;                        ///< that do nothing but wait

/// What the looks at all other runs come to.
struct Finding {
  AfterVerdict verdict = AfterVerdict::go;
  std::string why;
  std::vector<std::string> jobs;  ///< of those that go on
};

/// nothing: squeue does not say.
std::optional<std::vector<std::string>> alive_of(const std::vector<std::string>& jobs) {
  std::vector<std::string> ids;
  for (const std::string& job : jobs) ids.push_back(job.substr(0, job.find('_')));
  const slurm::Answer answer = slurm::run_command(squeue_command(ids, ""), kLongestAnswer);
  if (!answer.is_good() && answer.complaint.find("Invalid job id") == std::string::npos) return std::nullopt;
  std::vector<std::string> alive;
  for (const JobNews& row : parse_squeue(answer.output))
    if (finality_of(row.state) != Finality::over && row.state != "COMPLETING") alive.push_back(row.job);
  return alive;
}

Finding look_at(const AfterRun& after) {
  Finding finding;
  try {
    OtherRun other;
    const std::vector<std::string> jobs = ids_of(read_jobs(after.run_dir));
    other.had_jobs = !jobs.empty();
    if (other.had_jobs) other.alive = alive_of(jobs);
    other.condition = read_status(after.run_dir, now()).condition;  // after the question: what ended meanwhile is seen
    finding.verdict = judge(other, after.wanted);
    const char* state = report::name_of(other.condition);
    if (finding.verdict == AfterVerdict::never)
      finding.why = fmt::format("{} ended {}, wanted {}", after.run, state, workflow::name_of(after.wanted));
    else
      finding.why = fmt::format("{} is {}", after.run, state);
    if (other.alive) finding.jobs = *other.alive;
  } catch (const Error& problem) {
    finding.verdict = AfterVerdict::never;
    finding.why = fmt::format("{} can not be read ({})", after.run, problem.what());
  }
  return finding;
}

/// One that never will is enough; else all are waited for.
Finding look_at_all(const std::vector<AfterRun>& after) {
  Finding sum;
  for (const AfterRun& other : after) {
    const Finding one = look_at(other);
    if (one.verdict == AfterVerdict::never) return one;
    if (one.verdict == AfterVerdict::go) continue;
    if (sum.verdict != AfterVerdict::unknown) sum.verdict = one.verdict;
    sum.why += (sum.why.empty() ? "" : ", ") + one.why;
    sum.jobs.insert(sum.jobs.end(), one.jobs.begin(), one.jobs.end());
  }
  return sum;
}

Finding look_twice(const std::vector<AfterRun>& after) {
  const Finding first = look_at_all(after);
  if (first.verdict != AfterVerdict::never) return first;
  std::this_thread::sleep_for(kSecondLook);
  return look_at_all(after);
}

/// A life that begins and ends, with the reason; no element is touched.
void record_not_run(const std::string& run_dir, const std::string& reason) {
  const store::RunLock lock(run_dir);
  const store::Recovered recovered = store::read_journal(run_dir);
  store::JournalOptions options;
  if (recovered.num_segments > 0) options.capacity = recovered.capacity;
  store::FileStore journal(run_dir, recovered, options);
  Event started = scheduler::event_of(EventKind::run_started, now());
  started.exit = static_cast<std::int32_t>(std::ranges::count(recovered.events, EventKind::run_started, &Event::kind));
  started.text = fmt::format("{} {} {}", host_name(), ::getpid(), user_name());
  Event ended = scheduler::event_of(EventKind::run_ended, now());
  ended.exit = static_cast<int>(ExitCode::failed);
  ended.text = reason;
  const std::vector<Event> events{started, ended};
  journal.append(events);
  journal.flush();
  if (const auto fault = journal.fault()) throw EnvironmentError(*fault);
  ::unlink((run_dir + "/live.h5").c_str());  // says nothing of this life; readers then read the journal
}

int leave_not_run(const std::string& run_dir, const std::optional<slurm::Job>& job, const std::string& why) {
  const std::string reason = "not run: " + why;
  record_not_run(run_dir, reason);
  if (job) append_job(run_dir, {job->id, {}, RunJob::Kind::started, now(), {}});
  fmt::print(stderr,
             "fugle: {}\nnext: fugle resume {}, once what it waits for has ended as wanted; or run it whatever "
             "that did: rm {}/after.json first\n",
             reason, std::filesystem::path(run_dir).filename().string(), quote_for_shell(run_dir));
  return static_cast<int>(ExitCode::failed);
}

/// The next job of our run, which looks again.
int leave_for_later(const std::string& run_dir, const slurm::Job& job, const Finding& finding) {
  const std::string run = std::filesystem::path(run_dir).filename().string();
  const auto stay = [&](const std::string& problem) {
    fmt::print(stderr, "fugle: {}; no other job was submitted ({})\nnext: fugle resume {}\n", finding.why, problem,
               run);
    return static_cast<int>(ExitCode::incomplete);
  };
  if (ids_of(read_jobs(run_dir)).size() >= kMostJobs) return stay(fmt::format("{} jobs have waited", kMostJobs));
  leave_surroundings();
  const std::string when = finding.jobs.empty()
                               ? "--begin=now+600"  // it runs outside of Slurm, or is about to get its next job
                               : "--dependency=afterany:" + join(finding.jobs, ":");
  const slurm::Answer answer =
      slurm::run_command({"sbatch", "--parsable", when, run_dir + "/job.sh"}, std::chrono::minutes(1));
  const auto next = parse_job_name(answer.output);
  if (!answer.is_good() || !next) return stay("sbatch: " + answer.complaint.substr(0, answer.complaint.find('\n')));
  append_job(run_dir, {next->id, next->cluster, RunJob::Kind::submitted, now(), job.id});
  append_job(run_dir, {job.id, {}, RunJob::Kind::cancelled, now(), {}});  // no life will begin in this one
  fmt::print(stderr, "fugle: {}: job {} waits on\n", finding.why, next->id);
  return static_cast<int>(ExitCode::incomplete);
}

/// Sleeps between looks, longer and longer: what is waited for takes minutes or days.
Finding wait_here(const std::vector<AfterRun>& after) {
  Duration pause = seconds(1);
  std::string told;
  for (;;) {
    Finding finding = look_at_all(after);
    if (finding.verdict == AfterVerdict::never) finding = look_twice(after);
    if (finding.verdict == AfterVerdict::go || finding.verdict == AfterVerdict::never) return finding;
    if (finding.why != told) fmt::print(stderr, "fugle: waits: {}\n", finding.why);
    told = finding.why;
    std::this_thread::sleep_for(pause);
    pause = std::min<Duration>(pause * 2, seconds(30));
  }
}

Finding look_in_job(const std::vector<AfterRun>& after) {
  const Time begin = now();
  Finding finding = look_twice(after);
  while (finding.verdict == AfterVerdict::unknown && now() - begin < kLongestDoubt) {
    std::this_thread::sleep_for(seconds(30));
    finding = look_twice(after);
  }
  return finding;
}

}  // namespace

std::optional<int> wait_for_other_runs(const std::string& run_dir) {
  const std::vector<AfterRun> after = read_after_runs(run_dir);
  if (after.empty()) return std::nullopt;
  const auto job = slurm::job_around_us();
  const Finding finding = job ? look_in_job(after) : wait_here(after);
  if (finding.verdict == AfterVerdict::never) return leave_not_run(run_dir, job, finding.why);
  if (finding.verdict != AfterVerdict::go) return leave_for_later(run_dir, *job, finding);
  std::error_code ignored;  // else the next life looks again, at runs that have ended
  std::filesystem::rename(run_dir + "/after.json", run_dir + "/after.met.json", ignored);
  return std::nullopt;
}

std::optional<int> wait_for_other_runs(const std::vector<AfterRun>& after) {
  if (after.empty()) return std::nullopt;
  const Finding finding = wait_here(after);
  if (finding.verdict == AfterVerdict::go) return std::nullopt;
  fmt::print(stderr, "fugle: not run: {}\n", finding.why);
  return static_cast<int>(ExitCode::failed);
}

}  // namespace fugle::app
