// fugle job [sbatch options] SCRIPT: for a task that has to be a Slurm job of its own. Submits it, waits for it, ends
// as it ends. All that wait in one run ask Slurm together (job_board.hpp). Ended by a signal it cancels its job.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "app/command_table.hpp"
#include "app/job_board.hpp"
#include "app/job_submission.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

/// Together below the usual grace of 30 s: who is told to end has to get its scancel out.
constexpr Duration kLongestQuestion = std::chrono::seconds(15);
constexpr Duration kLongestCancel = std::chrono::seconds(10);
constexpr Duration kLongestSleep = std::chrono::seconds(2);  ///< until a look at what others have asked
constexpr Duration kShortestSleep = std::chrono::milliseconds(200);

constexpr char kHelp[] =
    "usage: fugle job [sbatch options] SCRIPT [arguments]\n\n"
    "Submits a Slurm job, waits until it has ended, and ends with its exit code: for tasks that have to be jobs of\n"
    "their own. All is given to sbatch as it stands; a script may also come by --wrap or standard input. The job gets\n"
    "nothing of the job around us. SIGTERM (fugle cancel, timeout) cancels it.\n\n"
    "exit codes: of the job; 128 + N after signal N; 124 TIMEOUT; 137 OUT_OF_MEMORY; 143 CANCELLED; 75 a lost node or\n"
    "preemption; 3 when sbatch refuses, or nobody knows how the job ended.\n";

/// From here on these signals are only taken by sleep(): none is lost between submission and waiting.
class ScopedSignals {
 public:
  ScopedSignals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
    ::sigprocmask(SIG_BLOCK, &set_, nullptr);
  }
  /// The signal that came, or 0 after `longest`.
  [[nodiscard]] int sleep(Duration longest) const {
    const timespec time{longest.count() / 1'000'000'000, longest.count() % 1'000'000'000};
    const int signal = ::sigtimedwait(&set_, nullptr, &time);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t set_;
};

void say(const std::string& text) {
  fmt::print(stderr, "fugle: {}\n", printable(text));
  std::fflush(stderr);
}

/// Those of one run wait together; typed by hand, one waits alone, in a folder that is removed.
class BoardFolder {
 public:
  BoardFolder() {
    const char* run = std::getenv("FUGLE_RUN_DIR");
    if (run != nullptr && std::filesystem::is_directory(run)) {
      path_ = std::string(run) + "/child_jobs";
      return;
    }
    std::string name = (std::filesystem::temp_directory_path() / "fugle-job-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw EnvironmentError(fmt::format("cannot make {}; set TMPDIR", name));
    path_ = name;
    is_own_ = true;
  }
  ~BoardFolder() {
    std::error_code ignored;
    if (is_own_) std::filesystem::remove_all(path_, ignored);
  }
  BoardFolder(const BoardFolder&) = delete;
  BoardFolder& operator=(const BoardFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool is_own_ = false;
};

JobName submit(const Args& args) {
  const Submission done = run_sbatch(args);
  if (done.exit_code == 127)
    throw EnvironmentError("there is no sbatch here (not in PATH); run this where Slurm's commands are");
  const auto job = parse_job_name(done.output);
  if (done.exit_code == 0 && job) return *job;
  if (!done.output.empty()) fmt::print("{}", done.output);
  if (done.exit_code == 0) throw EnvironmentError("sbatch named no job (is there an option like --test-only?)");
  throw EnvironmentError(
      fmt::format("no job was submitted (sbatch ended with {}, its message is above)", done.exit_code));
}

void cancel(const JobName& job) {
  std::vector<std::string> argv{"scancel", job.id};
  if (!job.cluster.empty()) argv.push_back("--clusters=" + job.cluster);
  const slurm::Answer answer = slurm::run_command(argv, kLongestCancel);
  if (!answer.is_good())
    say(fmt::format("job {} may go on ({} failed: {}); cancel it by hand: scancel {}", job.id, argv[0],
                    answer.complaint.substr(0, answer.complaint.find('\n')), job.id));
}

/// The worst of an array's elements: the one that a waiting command ends with.
struct Ending {
  JobVerdict verdict;
  std::string job;
  std::string output;
};
std::optional<Ending> ending_of(const std::vector<JobNews>& news) {
  std::optional<Ending> worst;
  for (const JobNews& row : news) {
    if (finality_of(row.state) == Finality::goes_on) return std::nullopt;
    Ending ending{verdict_on(row), row.job, row.output};
    if (!worst || ending.verdict.exit_code > worst->verdict.exit_code) worst = std::move(ending);
  }
  return worst;
}

bool is_sure(const std::vector<JobNews>& news) {
  return std::ranges::all_of(news, [](const JobNews& row) { return finality_of(row.state) == Finality::over; });
}

class Waiting {
 public:
  Waiting(JobName job, const std::string& folder)
      : job_(std::move(job)), board_(folder, [](const std::vector<std::string>& argv) {
          return slurm::run_command(argv, kLongestQuestion);
        }) {
    board_.enter(job_, now());
  }
  ~Waiting() { board_.leave(job_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  int until_the_end(const ScopedSignals& signals) {
    for (;;) {
      if (const int signal = signals.sleep(Duration{0})) return give_up(signal);
      const JobBoard::View view = board_.look(job_, now());
      tell_place(view.news);
      if (const auto ending = ending_of(view.news); ending && is_believed(view)) return end(*ending);
      if (view.is_lost) {
        say(
            fmt::format("nobody knows how job {} ended (Slurm has forgotten it, and there is no accounting); look at "
                        "its output",
                        job_.id));
        return static_cast<int>(ExitCode::environment);
      }
      const Duration rest = std::clamp<Duration>(view.next_question - now(), kShortestSleep, kLongestSleep);
      if (const int signal = signals.sleep(rest)) return give_up(signal);
    }
  }

  int give_up(int signal) {
    say(fmt::format("cancels job {} (signal {})", job_.id, signal));
    cancel(job_);
    return 128 + signal;
  }

 private:
  /// A lost node may only mean that the job is about to be queued again: the next question tells.
  bool is_believed(const JobBoard::View& view) {
    if (is_sure(view.news)) return true;
    if (!doubted_since_) doubted_since_ = view.question;
    return view.question > *doubted_since_;
  }

  void tell_place(const std::vector<JobNews>& news) {
    if (is_place_told_ || news.empty() || news.front().output.empty()) return;
    say(fmt::format("the output of job {} goes to {}", job_.id, news.front().output));
    is_place_told_ = true;
  }

  int end(const Ending& ending) const {
    say(fmt::format("job {} {}", ending.job, ending.verdict.text));
    return ending.verdict.exit_code;
  }

  JobName job_;
  JobBoard board_;
  std::optional<std::uint64_t> doubted_since_;
  bool is_place_told_ = false;
};

}  // namespace

int job_verb(const Args& args) {
  if (args.empty() && ::isatty(STDIN_FILENO) == 1) throw UsageError("no SCRIPT; 'fugle job --help' says more");
  if (!args.empty() && (args[0] == "--help" || args[0] == "-h")) {
    fmt::print("{}", kHelp);
    return 0;
  }
  const ScopedSignals signals;
  const BoardFolder folder;
  leave_surroundings();
  const JobName job = submit(args);
  say(fmt::format("job {}{}", job.id, job.cluster.empty() ? "" : " on " + job.cluster));
  return Waiting(job, folder.path()).until_the_end(signals);
}

}  // namespace fugle::app
