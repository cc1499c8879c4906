#include "app/supervise.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <filesystem>

#include "app/front_end.hpp"
#include "app/job_submission.hpp"
#include "app/launch_mpirun.hpp"
#include "app/launch_srun.hpp"
#include "app/notices.hpp"
#include "app/restart_budget.hpp"
#include "app/stored_run.hpp"
#include "base/error.hpp"

namespace fugle::app {
namespace po = boost::program_options;
namespace {

constexpr std::uint32_t kDefaultRestarts = 3;

/// What each of the ranks is started with: all but those, which are the front-end's.
Args without_options_of_front_end(const Args& args) {
  Args kept;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    if (word == "-n" || word == "--ranks" || word == "--restart-lost" || word == "--launcher")
      ++i;
    else if (!word.starts_with("--ranks=") && !word.starts_with("--restart-lost=") &&
             !word.starts_with("--launcher=") && !(word.starts_with("-n") && word.size() > 2))
      kept.push_back(word);
  }
  return kept;
}

Args args_of_life(const Supervised& what, const std::string& run_dir) {
  Args args = without_options_of_front_end(what.args);
  args.insert(args.begin(), what.verb);
  // A restart must not begin the time anew.
  if (what.end_of_allocation != kNever)
    args.insert(args.end(), {"--ends-at", std::to_string(to_ns(what.end_of_allocation))});
  if (!run_dir.empty()) args.insert(args.end(), {"--continues", run_dir});
  return args;
}

void say(const std::string& text) {
  // The head may have died in the middle of its progress line.
  fmt::print(stderr, "{}fugle: {}\n", ::isatty(STDERR_FILENO) == 1 ? "\r\x1b[K" : "", text);
}

/// What has no journal can not go on.
std::uint32_t num_restarts(const Arguments& arguments) {
  if (!keeps_journal(arguments)) return 0;
  return arguments.has("restart-lost") ? arguments.get<std::uint32_t>("restart-lost") : kDefaultRestarts;
}

std::string name_of_run(const std::string& run_dir) {
  return run_dir.empty() ? "" : " " + std::filesystem::path(run_dir).filename().string();
}

std::string advice_for(const std::string& run_dir, const Arguments& arguments) {
  if (run_dir.empty()) return "see above, and try `fugle doctor`";
  if (!keeps_journal(arguments)) return "it kept no journal and can not go on: start it again with fugle run";
  return fmt::format("nothing that finished is lost: fugle resume{}", name_of_run(run_dir));
}

/// The head can not do it any more.
void tell_others(const std::string& run_dir, const std::string& why) {
  if (run_dir.empty()) return;
  try {
    tell_what_is_left(run_dir, why, now());
  } catch (const Error&) {
    // What the files do not say can not be told.
  }
}

int give_up(const LifeEnd& end, const std::string& run_dir, const std::string& why, const Arguments& arguments) {
  say(fmt::format("{}; {}", why, advice_for(run_dir, arguments)));
  tell_others(run_dir, why);
  const bool is_hopeless = run_dir.empty() || !end.wish.empty() || !keeps_journal(arguments);
  return static_cast<int>(is_hopeless ? ExitCode::environment : ExitCode::incomplete);
}

int stopped_by(int signal, const std::string& run_dir) {
  say(fmt::format("the head died while the run was being stopped; fugle resume{} goes on", name_of_run(run_dir)));
  return static_cast<int>(signal == SIGINT ? ExitCode::interrupted : ExitCode::incomplete);
}

/// Starts the ranks of each life by what works here.
class Starter {
 public:
  Starter(const Placement& placement, const Arguments& arguments, bool reads_stdin)
      : placement_(placement),
        launcher_(placement.launcher),
        may_change_(!arguments.has("launcher") || arguments.get<std::string>("launcher") == "auto"),
        reads_stdin_(reads_stdin),
        job_(slurm::job_around_us()) {}

  [[nodiscard]] Launch next() {
    const std::uint32_t num_nodes = job_ ? static_cast<std::uint32_t>(job_->nodes.size()) : 0;
    const bool is_one_per_node = num_nodes > 0 && placement_.mpi_ranks == num_nodes;
    if (launcher_ != Launcher::srun || !job_) return mpirun_launch(placement_.mpi_ranks);
    // Slurm may have taken lost nodes from the job since it began.
    const std::vector<std::string> nodes = num_lives_++ == 0 ? job_->nodes : living_nodes(*job_);
    const auto num_living = static_cast<std::uint32_t>(nodes.size());
    return srun_launch(*job_, nodes, is_one_per_node ? num_living : placement_.mpi_ranks, reads_stdin_);
  }

  /// The ranks of the last life did not find each other, or were not started at all. False: nothing else can be tried.
  [[nodiscard]] bool try_otherwise(const LifeEnd& end) {
    if (launcher_ != Launcher::srun) return false;
    const std::string what = fmt::format("srun did not get the ranks going (it ended with {})", end.launcher_code);
    if (++num_failures_ < kMostStarts) {
      say(what + "; once more");
      return true;
    }
    if (!may_change_ || find_program("mpirun").empty()) return false;
    say(what + "; mpirun is tried instead");
    launcher_ = Launcher::mpirun;
    return true;
  }
  void note_start() { num_failures_ = 0; }
  [[nodiscard]] const char* launcher() const { return name_of(launcher_); }
  [[nodiscard]] const std::optional<slurm::Job>& job() const { return job_; }

 private:
  static constexpr int kMostStarts = 3;
  const Placement& placement_;
  Launcher launcher_;
  const bool may_change_;
  const bool reads_stdin_;
  std::optional<slurm::Job> job_;
  int num_lives_ = 0;
  int num_failures_ = 0;
};

/// The run is closed, and all ranks have left.
void ask_for_next_job(const LifeEnd& end, const Supervised& what, const slurm::Job& job) {
  const RunFacts facts = read_run_facts(end.run_dir);
  leave_surroundings();  // a next job is given our environment
  (void)go_on_in_another_job(
      {what.requeue, end.run_dir, job, facts.slurm.max_requeues, *end.next_job},
      [](const std::vector<std::string>& argv, Duration limit) { return slurm::run_command(argv, limit); }, now());
}

}  // namespace

void add_restart_option(po::options_description& options) {
  options.add_options()("restart-lost", po::value<std::uint32_t>()->value_name("K"),
                        "with -n: when the head or the spawner beside it dies, go on from the journal, up to K times "
                        "in a row without progress (default 3; 0: never)");
}

void add_journal_option(po::options_description& options) {
  options.add_options()("journal", po::value<std::string>()->value_name("on|off"),
                        "off: keep no record of what finished (to measure what it costs); the run can not be resumed");
}

bool keeps_journal(const Arguments& arguments) {
  if (!arguments.has("journal")) return true;
  const auto& word = arguments.get<std::string>("journal");
  if (word != "on" && word != "off") throw UsageError(fmt::format("--journal {} is not known; try on or off", word));
  return word == "on";
}

void add_hidden_life_options(po::options_description& hidden) {
  auto add = hidden.add_options();
  add("continues", po::value<std::string>());
  add("ends-at", po::value<std::int64_t>());
}

std::string continued_run(const Arguments& arguments) {
  return arguments.has("continues") ? arguments.get<std::string>("continues") : "";
}

int supervise(const Placement& placement, const Arguments& arguments, const Supervised& what) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  RestartBudget budget(num_restarts(arguments));
  Starter starter(placement, arguments, !what.may_start_twice);
  FrontEnd front_end;
  std::string run_dir = what.run_dir;
  while (true) {
    const LifeEnd end = front_end.run(starter.next(), program, args_of_life(what, run_dir), what.runs_dir);
    if (end.exit_code) {
      if (end.next_job && starter.job()) ask_for_next_job(end, what, *starter.job());
      return *end.exit_code;
    }
    if (end.is_unknown) {
      say("how the run ended is not known here (rank 0 was on another host, or ended before it said anything); see "
          "fugle status");
      return static_cast<int>(ExitCode::environment);
    }
    if (!end.run_dir.empty()) run_dir = end.run_dir;
    if (end.num_ended) budget.note_progress(*end.num_ended);
    if (const auto signal = front_end.stop_signal()) return stopped_by(*signal, run_dir);
    if (end.has_started) starter.note_start();
    if (!end.has_started && starter.try_otherwise(end)) continue;
    if (end.could_start_nothing)
      throw EnvironmentError(
          fmt::format("{} could not start the ranks (it ended with {}, see what it says above); try fewer with -n, or "
                      "--local",
                      starter.launcher(), end.launcher_code));
    const std::string why = !end.wish.empty() ? end.wish
                            : run_dir.empty() ? "the head died while starting"
                                              : "the head died";
    if (run_dir.empty() && !what.may_start_twice) return give_up(end, run_dir, why, arguments);
    const auto restart = budget.take();
    if (!restart && budget.most() == 0) return give_up(end, run_dir, why, arguments);
    if (!restart)
      return give_up(end, run_dir,
                     fmt::format("{}, for the {}. time in a row without progress", why, budget.most() + 1), arguments);
    say(fmt::format("{}; the run {}, restart {} of {}", why,
                    run_dir.empty() ? "starts again" : "goes on from its journal", *restart, budget.most()));
  }
}

}  // namespace fugle::app
