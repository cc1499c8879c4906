// fugle status [RUN]: counts, what runs, when it will end. --watch repeats it until the run ends.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "app/find_run.hpp"
#include "app/job_view.hpp"
#include "app/jobs.hpp"
#include "app/read_status.hpp"
#include "app/stored_run.hpp"
#include "base/printable.hpp"

namespace fugle::app {
namespace {

constexpr auto kRefresh = std::chrono::seconds(1);

void print(const report::RunStatus& status, bool json) {
  const std::string text = json ? report::status_json(status) : printable(report::status_text(status));
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

/// Asks Slurm at most once in 30 s.
class JobLook {
 public:
  void add_to(report::RunStatus& status, const std::string& run_dir, Time when) {
    const bool is_over = status.condition == report::RunCondition::ok ||
                         status.condition == report::RunCondition::failed ||
                         status.condition == report::RunCondition::cancelled;
    const auto jobs = is_over ? std::vector<RunJob>{} : read_jobs(run_dir);
    if (jobs.empty()) return;
    if (when >= next_) {
      records_ = ask_about_jobs(jobs_worth_asking(jobs));
      next_ = when + kBetweenQuestions;
    }
    status.jobs = job_rows(jobs, records_);
  }

 private:
  static constexpr Duration kBetweenQuestions = std::chrono::seconds(30);
  std::vector<slurm::JobRecord> records_;
  Time next_{};
};

bool is_alive(const report::RunStatus& status) {
  return status.condition == report::RunCondition::running || status.condition == report::RunCondition::queued;
}

void watch(const std::string& run_dir, bool json) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  JobLook look;
  for (;;) {
    report::RunStatus status = read_status(run_dir, now());
    look.add_to(status, run_dir, now());
    if (is_terminal && !json) fmt::print("\x1b[H\x1b[2J");
    print(status, json);
    if (!is_alive(status)) return;
    std::this_thread::sleep_for(kRefresh);
  }
}

void print_once(const std::string& run_dir, bool json) {
  report::RunStatus status = read_status(run_dir, now());
  JobLook().add_to(status, run_dir, now());
  print(status, json);
}

}  // namespace

int status_verb(const Args& args) {
  Usage usage("status", "[RUN]", "Counts, what runs, what failed and when the run will end, read from its files.", 0,
              1);
  auto add = usage.options.add_options();
  add("json", "as JSON");
  add("watch", "again each second until the run ends");
  add_runs_dir_option(usage.options);
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const std::string run_dir =
      find_run(runs_dir_from(*arguments), arguments->words.empty() ? "" : arguments->words.front());
  if (arguments->has("watch"))
    watch(run_dir, arguments->has("json"));
  else
    print_once(run_dir, arguments->has("json"));
  return 0;
}

}  // namespace fugle::app
