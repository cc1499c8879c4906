// How Slurm jobs are, as squeue, sacct and scontrol tell it, and what that means for who waits for one. Text in, facts
// out. What a command does not say is not known: silence never means that a job has failed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fugle::app {

/// The name sbatch --parsable gives: "1234", or "1234;cluster".
struct JobName {
  std::string id;
  std::string cluster;  ///< empty: the one that is asked by default
  auto operator<=>(const JobName&) const = default;
};

struct JobNews {
  std::string base;   ///< id that sbatch gave: of all elements of an array the same
  std::string job;    ///< own id
  std::string state;  ///< "COMPLETED"
  int exit_code = 0;
  int signal = 0;
  std::string output;  ///< file; empty: not told
};

/// --states=all: jobs that ended stay listed for MinJobAge (slurm.conf(5)).
[[nodiscard]] std::vector<std::string> squeue_command(const std::vector<std::string>& ids, const std::string& cluster);
[[nodiscard]] std::vector<JobNews> parse_squeue(std::string_view output);
[[nodiscard]] std::vector<std::string> sacct_command(const std::vector<std::string>& ids, const std::string& cluster);
[[nodiscard]] std::vector<JobNews> parse_sacct(std::string_view output);
[[nodiscard]] std::vector<std::string> scontrol_command(const std::string& id, const std::string& cluster);
[[nodiscard]] std::vector<JobNews> parse_scontrol(std::string_view output);

/// Whether the state is a last one. Of a node that failed, and of preemption, that is not sure at the first look: the
/// job may be queued again.
enum class Finality : std::uint8_t { goes_on, may_be_over, over };
[[nodiscard]] Finality finality_of(std::string_view state);

/// What a waiting command ends with.
struct JobVerdict {
  int exit_code = 0;
  std::string text;  ///< "COMPLETED", "FAILED with exit code 3", "TIMEOUT: it reached its time limit"
};
/// The job's exit code; 128 + N of a signal; else 124 TIMEOUT, DEADLINE; 137 OUT_OF_MEMORY; 143 CANCELLED; 75 (try
/// again, sysexits.h) where the job was lost through no fault of its own.
[[nodiscard]] JobVerdict verdict_on(const JobNews& news);

}  // namespace fugle::app
