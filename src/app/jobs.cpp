#include "app/jobs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "app/find_run.hpp"
#include "base/error.hpp"
#include "base/file_rights.hpp"
#include "base/regular_file.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace {

using Json = nlohmann::ordered_json;
using Kind = RunJob::Kind;

constexpr const char* kFile = "jobs.jsonl";
constexpr std::size_t kLongestFile = 16 << 20;  ///< bytes
constexpr Duration kFarFromLife = std::chrono::minutes(1);
constexpr std::array kKinds{Kind::submitted, Kind::started,  Kind::requeued,
                            Kind::chained,   Kind::campaign, Kind::cancelled};

std::optional<RunJob> parse_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("job") || !json["job"].is_string()) return std::nullopt;
  if (!json.contains("kind") || !json["kind"].is_string()) return std::nullopt;
  const std::string kind = json["kind"];
  const auto known = std::ranges::find_if(kKinds, [&](Kind k) { return kind == name_of(k); });
  if (known == kKinds.end()) return std::nullopt;
  const auto text = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string();
  };
  RunJob job{text("job"), text("cluster"), *known, {}, text("after")};
  if (!looks_like_job_id(job.job)) return std::nullopt;
  if (json.contains("at_ns") && json["at_ns"].is_number_integer()) job.at = from_ns(json["at_ns"].get<std::int64_t>());
  return job;
}

}  // namespace

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::submitted: return "submitted";
    case Kind::started: return "started";
    case Kind::requeued: return "requeued";
    case Kind::chained: return "chained";
    case Kind::campaign: return "campaign";
    case Kind::cancelled: return "cancelled";
  }
  return "unknown";
}

void append_job(const std::string& run_dir, const RunJob& job) {
  const std::string path = fmt::format("{}/{}", run_dir, kFile);
  const Json json = {
      {"job", job.job},         {"cluster", job.cluster}, {"kind", name_of(job.kind)}, {"at", format_time(job.at)},
      {"at_ns", to_ns(job.at)}, {"after", job.after}};
  const std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, kPrivateFile);
  if (fd >= 0) share_like_directory(fd, path);
  const bool is_written = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const bool is_kept = is_written && ::fsync(fd) == 0;
  const int problem = errno;
  if (fd >= 0) ::close(fd);
  if (!is_kept)
    throw EnvironmentError(fmt::format("cannot note job {} in {} ({}); free some space, or make it writable", job.job,
                                       path, std::strerror(problem)));
}

std::vector<RunJob> read_jobs(const std::string& run_dir) {
  std::vector<RunJob> jobs;
  const RegularFile file = open_regular(fmt::format("{}/{}", run_dir, kFile));
  const auto text = file.is_open() ? read_all(file, kLongestFile) : std::nullopt;
  if (!text) return jobs;
  for (const std::string_view line : split(*text, '\n'))
    if (auto job = parse_line(line)) jobs.push_back(std::move(*job));
  return jobs;
}

std::vector<std::string> waiting_jobs(const std::vector<RunJob>& jobs) {
  std::vector<std::string> waiting;
  const auto was_started = [&](const std::string& id) {
    return std::ranges::any_of(jobs, [&](const RunJob& job) { return job.kind == Kind::started && job.job == id; });
  };
  for (const RunJob& job : jobs) {
    // The first start of a new job may be noted before whoever submitted it gets to write its own line; after a
    // requeue the same id starts again, and both lines are of one writer after the other.
    const bool is_asked_for =
        job.kind == Kind::requeued ||
        ((job.kind == Kind::submitted || job.kind == Kind::chained || job.kind == Kind::campaign) &&
         !was_started(job.job));
    const bool is_over = job.kind == Kind::started || job.kind == Kind::cancelled;
    if (is_asked_for || is_over) std::erase(waiting, job.job);
    if (is_asked_for) waiting.push_back(job.job);
  }
  return waiting;
}

std::string job_of_life(const std::vector<RunJob>& jobs, Time life_started) {
  const RunJob* nearest = nullptr;
  const auto distance = [&](const RunJob& job) {
    return job.at < life_started ? life_started - job.at : job.at - life_started;
  };
  for (const RunJob& job : jobs) {
    if (job.kind != Kind::started || distance(job) > kFarFromLife) continue;
    if (nearest == nullptr || distance(job) < distance(*nearest)) nearest = &job;
  }
  return nearest == nullptr ? std::string() : nearest->job;
}

std::vector<std::string> ids_of(const std::vector<RunJob>& jobs) {
  std::vector<std::string> ids;
  for (const RunJob& job : jobs)
    if (std::ranges::find(ids, job.job) == ids.end()) ids.push_back(job.job);
  return ids;
}

bool looks_like_job_id(const std::string& word) {
  const bool is_plain = !word.empty() && word.front() >= '0' && word.front() <= '9' && word.size() <= 32;
  return is_plain && word.find_first_not_of("0123456789_+") == std::string::npos;
}

std::optional<std::string> find_run_of_job(const std::string& runs_dir, const std::string& job) {
  for (const std::string& run : list_runs(runs_dir)) {
    const auto jobs = read_jobs(run);
    if (std::ranges::any_of(jobs, [&](const RunJob& known) { return known.job == job; })) return run;
  }
  return std::nullopt;
}

}  // namespace fugle::app
