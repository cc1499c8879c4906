#include "slurm/job_record.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/host_list.hpp"

namespace fugle::slurm {
namespace {

/// Seconds since 1970; "Unknown", "None", "N/A": nothing.
std::optional<Time> parse_time(std::string_view text) {
  constexpr std::int64_t kLastSecond = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
  const auto seconds = parse_number<std::int64_t>(text);
  if (!seconds || *seconds <= 0 || *seconds > kLastSecond) return std::nullopt;
  return Time{} + std::chrono::seconds(*seconds);
}

std::string unless_none(std::string_view text) {
  return text == "(null)" || text == "None" ? std::string() : std::string(text);
}

std::vector<std::string> parse_nodes(std::string_view text) {
  try {
    return expand_host_list(unless_none(text));
  } catch (const UsageError&) {
    return {};
  }
}

void read_field(std::string_view key, std::string_view value, JobRecord& record) {
  if (key == "JobState") record.state = value;
  if (key == "Reason") record.reason = unless_none(value);
  if (key == "Requeue") record.may_requeue = value != "0";
  if (key == "Restarts") record.restarts = parse_number<std::uint32_t>(value).value_or(0);
  if (key == "StartTime") record.start = parse_time(value);
  if (key == "EndTime") record.end = parse_time(value);
  if (key == "NodeList") record.nodes = parse_nodes(value);
}

std::string_view without_blanks(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(' ') - first + 1);
}

/// Lines whose values hold no blanks, by the key they begin with; others hold what users wrote (names, paths).
bool is_plain(std::string_view line) {
  for (const std::string_view beginning : {"JobState=", "Requeue=", "StartTime=", "NodeList="})
    if (line.starts_with(beginning)) return true;
  return false;
}

void read_line(std::string_view line, JobRecord& record) {
  constexpr std::string_view kComment = "Comment=";
  if (line.starts_with(kComment)) record.comment = unless_none(line.substr(kComment.size()));
  if (!is_plain(line)) return;
  for (const std::string_view word : split(line, ' '))
    if (const std::size_t equals = word.find('='); equals != std::string_view::npos)
      read_field(word.substr(0, equals), word.substr(equals + 1), record);
}

}  // namespace

std::vector<std::string> command_for_jobs(const std::vector<std::string>& ids) {
  if (ids.size() == 1) return {"env", "SLURM_TIME_FORMAT=%s", "scontrol", "show", "job", ids.front()};
  // Before 23.11 `scontrol show job` takes one id only.
  std::vector<std::string> command{
      "env", "SLURM_TIME_FORMAT=%s", "sh", "-c", R"(for job; do scontrol show job "$job"; done)", "sh"};
  command.insert(command.end(), ids.begin(), ids.end());
  return command;
}

std::vector<JobRecord> parse_job_records(std::string_view output) {
  constexpr std::string_view kFirst = "JobId=";
  std::vector<JobRecord> records;
  for (const std::string_view line : split(output, '\n')) {
    if (line.starts_with(kFirst)) {
      JobRecord record;
      record.id = line.substr(kFirst.size(), line.find(' ') - kFirst.size());
      records.push_back(std::move(record));
    } else if (!records.empty()) {
      read_line(without_blanks(line), records.back());
    }
  }
  std::erase_if(records, [](const JobRecord& record) { return record.id.empty() || record.state.empty(); });
  return records;
}

}  // namespace fugle::slurm
