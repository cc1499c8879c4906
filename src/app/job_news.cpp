#include "app/job_news.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"

namespace fugle::app {
namespace {

constexpr int kTryAgain = 75;  ///< EX_TEMPFAIL
constexpr std::array<std::string_view, 7> kOver{"COMPLETED", "FAILED",        "CANCELLED", "TIMEOUT",
                                                "DEADLINE",  "OUT_OF_MEMORY", "REVOKED"};
constexpr std::array<std::string_view, 3> kMaybeOver{"NODE_FAIL", "PREEMPTED", "BOOT_FAIL"};

int number_in(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_id(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

/// "CANCELLED by 1000" and "CANCELLED+" are CANCELLED.
std::string state_word(std::string_view text) { return std::string(text.substr(0, text.find_first_of(" +"))); }

/// "3:0": exit code and signal.
void read_exit(std::string_view text, JobNews& news) {
  const std::size_t colon = text.find(':');
  news.exit_code = number_in(text.substr(0, colon));
  if (colon != std::string_view::npos) news.signal = number_in(text.substr(colon + 1));
}

std::string with_clusters(const std::string& cluster) { return "--clusters=" + cluster; }

/// The value of " Key=" in the one-line form; it ends at a blank.
std::string_view value_of(std::string_view line, std::string_view key) {
  const std::string mark = fmt::format(" {}=", key);
  const std::size_t found = line.starts_with(mark.substr(1)) ? 0 : line.find(mark);
  if (found == std::string_view::npos) return {};
  const std::size_t begin = found + mark.size() - (found == 0 && line.front() != ' ' ? 1 : 0);
  return line.substr(begin, line.find(' ', begin) - begin);
}

}  // namespace

// squeue pads and cuts its columns; the path is last and long.
constexpr std::size_t kIdWidth = 16, kStateWidth = 20, kExitWidth = 12, kPathWidth = 256;

std::vector<std::string> squeue_command(const std::vector<std::string>& ids, const std::string& cluster) {
  std::vector<std::string> argv{"squeue", "--noheader", "--states=all", "--jobs=" + join(ids, ","),
                                fmt::format("--Format=ArrayJobID:{0},JobID:{0},State:{1},exit_code:{2},STDOUT:{3}",
                                            kIdWidth, kStateWidth, kExitWidth, kPathWidth)};
  if (!cluster.empty()) argv.push_back(with_clusters(cluster));
  return argv;
}

std::vector<JobNews> parse_squeue(std::string_view output) {
  std::vector<JobNews> found;
  for (const std::string_view line : split(output, '\n')) {
    if (line.size() < 2 * kIdWidth + kStateWidth) continue;
    JobNews news;
    auto column = [rest = line](std::size_t width) mutable {
      const std::string_view text = trimmed(rest.substr(0, width));
      rest.remove_prefix(std::min(width, rest.size()));
      return text;
    };
    news.base = column(kIdWidth);
    news.job = column(kIdWidth);
    news.state = state_word(column(kStateWidth));
    const int status = number_in(column(kExitWidth));  // as of wait(2)
    news.exit_code = (status >> 8) & 0xff;
    news.signal = status & 0x7f;
    news.output = column(kPathWidth);
    if (is_id(news.base) && is_id(news.job) && !news.state.empty()) found.push_back(std::move(news));
  }
  return found;
}

std::vector<std::string> sacct_command(const std::vector<std::string>& ids, const std::string& cluster) {
  std::vector<std::string> argv{"sacct",
                                "--noheader",
                                "--parsable2",
                                "--allocations",
                                "--jobs=" + join(ids, ","),
                                "--format=JobID,JobIDRaw,State,ExitCode"};
  if (!cluster.empty()) argv.push_back(with_clusters(cluster));
  return argv;
}

std::vector<JobNews> parse_sacct(std::string_view output) {
  std::vector<JobNews> found;
  for (const std::string_view line : split(output, '\n')) {
    const auto fields = split(line, '|');
    if (fields.size() < 4) continue;
    JobNews news;
    news.base = fields[0].substr(0, fields[0].find_first_of("_+"));
    news.job = fields[1];
    news.state = state_word(fields[2]);
    read_exit(fields[3], news);
    if (is_id(news.base) && !news.state.empty()) found.push_back(std::move(news));
  }
  return found;
}

std::vector<std::string> scontrol_command(const std::string& id, const std::string& cluster) {
  std::vector<std::string> argv{"scontrol", "--oneliner", "show", "job", id};
  if (!cluster.empty()) argv.insert(argv.begin() + 1, with_clusters(cluster));
  return argv;
}

std::vector<JobNews> parse_scontrol(std::string_view output) {
  std::vector<JobNews> found;
  for (const std::string_view line : split(output, '\n')) {
    JobNews news;
    news.job = value_of(line, "JobId");
    news.base = value_of(line, "ArrayJobId");
    if (news.base.empty()) news.base = news.job;
    news.state = state_word(value_of(line, "JobState"));
    news.output = value_of(line, "StdOut");
    read_exit(value_of(line, "ExitCode"), news);
    if (is_id(news.base) && is_id(news.job) && !news.state.empty()) found.push_back(std::move(news));
  }
  return found;
}

Finality finality_of(std::string_view state) {
  if (std::ranges::find(kOver, state) != kOver.end()) return Finality::over;
  return std::ranges::find(kMaybeOver, state) != kMaybeOver.end() ? Finality::may_be_over : Finality::goes_on;
}

JobVerdict verdict_on(const JobNews& news) {
  if (news.state == "COMPLETED") return {0, news.state};
  if (news.state == "TIMEOUT") return {124, "TIMEOUT: it reached its time limit; give it more by --time"};
  if (news.state == "DEADLINE") return {124, "DEADLINE: it could not end before its deadline"};
  if (news.state == "OUT_OF_MEMORY") return {137, "OUT_OF_MEMORY: give it more by --mem"};
  if (news.state == "CANCELLED")
    return {143, "CANCELLED: by scancel, by an administrator, or since it could never start"};
  if (news.state == "FAILED" && news.signal > 0)
    return {128 + news.signal, fmt::format("FAILED by signal {}", news.signal)};
  if (news.state == "FAILED")
    return {news.exit_code > 0 ? news.exit_code : 1, fmt::format("FAILED with exit code {}", news.exit_code)};
  return {kTryAgain, news.state + ": the job was lost by no fault of its own; trying again may help"};
}

}  // namespace fugle::app
