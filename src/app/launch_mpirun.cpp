#include "app/launch_mpirun.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "app/own_children.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

using std::chrono::steady_clock;
using transport::Descriptor;

constexpr const char* kSocketVariable = "FUGLE_FRONT_END";
// After a death mpirun may not end, though all ranks have left: then it is told to, and then made to.
constexpr std::chrono::seconds kPatienceAfterReport{10};
constexpr std::chrono::seconds kPatienceAfterLeave{3};
constexpr std::chrono::seconds kPatienceAfterLoss{30};  // workers end their tasks first
constexpr std::chrono::seconds kPatienceAfterTerm{5};
constexpr int kLookAtRanks = 100;                 // ms, until all ranks are there
constexpr std::chrono::seconds kForkingTakes{2};  // mpirun has started all ranks of this node so long after rank 0 came
constexpr std::chrono::seconds kStartTakes{180};  // on many nodes, where nobody sees that a rank died in MPI_Init
constexpr std::array kForwarded{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

std::string find_mpirun() {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path == nullptr ? "" : path, ':')) {
    const std::string candidate = fmt::format("{}/mpirun", folder.empty() ? "." : folder);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw EnvironmentError(
      "cannot start several ranks (mpirun of Open MPI is not in PATH); install the package openmpi-bin, or load your "
      "site's module (`module load openmpi`), or run with --local");
}

bool has_fast_network() {
  std::error_code error;
  const std::filesystem::directory_iterator devices("/sys/class/infiniband", error);
  return !error && devices != std::filesystem::directory_iterator();
}

/// Those that were not ignored when we were started (nohup, background jobs of a script).
sigset_t forwarded_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kForwarded) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  return set;
}

/// In the child: becomes mpirun. Its stdin is empty, as rank 0 reads the user's directly.
[[noreturn]] void become_mpirun(const std::vector<std::string>& command, const sigset_t& mask, pid_t parent) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  const Descriptor nothing(::open("/dev/null", O_RDONLY));
  ::dup2(nothing.get(), STDIN_FILENO);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(127);
}

bool is_rank_0() {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK"}) {
    if (const char* rank = std::getenv(name)) return std::string_view(rank) == "0";
  }
  return false;
}

void prepare_environment(const std::string& door) {
  ::setenv(kSocketVariable, door.c_str(), 1);
  if (::geteuid() == 0) {
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    ::setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
  }
}

}  // namespace

/// One mpirun from its start to its end.
class FrontEnd::Life {
 public:
  Life(FrontEnd& front_end, std::uint32_t num_ranks, const std::vector<std::string>& command, FrontEndSocket& door)
      : front_end_(front_end), num_ranks_(num_ranks), door_(door) {
    const pid_t parent = ::getpid();
    mpirun_ = ::fork();
    if (mpirun_ == 0) become_mpirun(command, front_end_.mask_before_, parent);
    if (mpirun_ < 0) {
      throw EnvironmentError(fmt::format("cannot start mpirun (fork: {}); look at the limits of processes and memory",
                                         std::strerror(errno)));
    }
    mpirun_fd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, mpirun_, 0)));
  }

  LifeEnd run() {
    while (!has_ended_ || guest_) {
      std::array<pollfd, 3> events{{{front_end_.signals_.get(), POLLIN, 0},
                                    {has_ended_ ? -1 : mpirun_fd_.get(), POLLIN, 0},
                                    {guest_ ? guest_->socket.get() : door_.fd(), POLLIN, 0}}};
      const int num_ready = ::poll(events.data(), events.size(), milliseconds_left());
      const bool is_lost = is_starting_ && has_lost_a_rank();
      if (is_lost) is_starting_ = false;
      if (is_lost || (num_ready == 0 && is_overdue())) lose_patience();
      if (num_ready <= 0) continue;
      // The report first: the end of mpirun may be there too.
      if (events[2].revents != 0) guest_ ? hear_guest() : admit();
      if (events[0].revents != 0) forward_signals();
      if (events[1].revents != 0) reap();
    }
    if (could_start_nothing_) {
      throw EnvironmentError(
          fmt::format("mpirun could not start the ranks (it ended with {}, see what it says above); try fewer with -n, "
                      "or --local",
                      mpirun_code_));
    }
    return end_;
  }

 private:
  void admit() {
    guest_ = door_.admit();
    if (!guest_) return;
    rank_0_came_ = true;
    came_at_ = steady_clock::now();
    for (const int signal : front_end_.pending_) ::kill(guest_->pid, signal);
    front_end_.pending_.clear();
  }

  void hear_guest() {
    const std::optional<RankReport> report = read_report(guest_->socket);
    const bool was_starting = std::exchange(is_starting_, false);
    if (report) return take(*report);
    guest_.reset();
    rank_0_has_left_ = true;
    if (was_starting) return lose_patience();
    wait_at_most(end_.exit_code ? kPatienceAfterLeave : kPatienceAfterLoss);
  }

  void take(const RankReport& report) {
    switch (report.kind) {
      case RankReport::Kind::ranks_are_there: break;
      case RankReport::Kind::run_is_open:
        end_.run_dir = report.text;
        end_.num_ended = report.number;
        break;
      case RankReport::Kind::progress: end_.num_ended = report.number; break;
      case RankReport::Kind::exit_code:
        end_.exit_code = static_cast<int>(report.number);
        wait_at_most(kPatienceAfterReport);
        break;
      case RankReport::Kind::wants_restart: end_.wish = report.text; break;
    }
  }

  /// In MPI_Init the others would wait for it for ever.
  bool has_lost_a_rank() {
    if (!guest_) return has_lost_a_child();
    const auto waited = steady_clock::now() - came_at_;
    return has_lost_a_child() || (waited > kForkingTakes && lacks_a_rank()) || waited > kStartTakes;
  }

  /// Whether a process that mpirun had started on this node is gone.
  bool has_lost_a_child() {
    std::set<pid_t> alive = children_of(mpirun_);
    const bool is_lost = !std::ranges::includes(alive, ranks_);
    ranks_ = std::move(alive);
    return is_lost;
  }

  /// A rank that died before we looked. Where mpirun has other children too, these start ranks elsewhere.
  [[nodiscard]] bool lacks_a_rank() const {
    const bool is_one_node = std::ranges::all_of(ranks_, runs_our_program);
    return is_one_node && ranks_.size() < num_ranks_;
  }

  void forward_signals() {
    while (const std::optional<int> signal = front_end_.next_signal()) {
      if (guest_) {
        ::kill(guest_->pid, *signal);
      } else if (!rank_0_has_left_ && front_end_.pending_.empty()) {
        front_end_.pending_.push_back(*signal);
      } else if (!has_ended_) {
        tell_to_end(SIGTERM);  // rank 0 does not come, or has gone, and the user does not want to wait
      }
    }
  }

  void lose_patience() {
    if (has_ended_) return guest_.reset();
    tell_to_end(was_told_to_end_ ? SIGKILL : SIGTERM);
    deadline_.reset();
    wait_at_most(kPatienceAfterTerm);
  }

  void tell_to_end(int signal) {
    ::kill(mpirun_, signal);
    was_told_to_end_ = true;
  }

  /// Rank 0 ends with mpirun, or 2 s after it when that was killed; a report may still be under way.
  void reap() {
    int status = 0;
    ::waitpid(mpirun_, &status, 0);
    has_ended_ = true;
    mpirun_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    const bool ended_by_itself = !was_told_to_end_ && WIFEXITED(status);
    could_start_nothing_ = ended_by_itself && !rank_0_came_ && ranks_.empty() && mpirun_code_ != 0;
    end_.is_rank_0_elsewhere = ended_by_itself && !rank_0_came_ && mpirun_code_ == 0;
    wait_at_most(kPatienceAfterTerm);
  }

  void wait_at_most(std::chrono::seconds patience) {
    const auto deadline = steady_clock::now() + patience;
    deadline_ = deadline_ ? std::min(*deadline_, deadline) : deadline;
  }
  [[nodiscard]] bool is_overdue() const { return deadline_ && *deadline_ <= steady_clock::now(); }
  [[nodiscard]] int milliseconds_left() const {
    if (!deadline_) return is_starting_ ? kLookAtRanks : -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }

  FrontEnd& front_end_;
  const std::uint32_t num_ranks_;
  FrontEndSocket& door_;
  pid_t mpirun_ = -1;
  Descriptor mpirun_fd_;
  std::optional<Guest> guest_;
  std::set<pid_t> ranks_;  ///< children of mpirun when last looked at
  LifeEnd end_;
  int mpirun_code_ = 0;
  std::optional<steady_clock::time_point> deadline_;
  steady_clock::time_point came_at_;  ///< rank 0
  bool is_starting_ = true;
  bool rank_0_came_ = false;
  bool rank_0_has_left_ = false;
  bool was_told_to_end_ = false;
  bool has_ended_ = false;
  bool could_start_nothing_ = false;
};

FrontEnd::FrontEnd() : earlier_children_(children_of(::getpid())) {
  const sigset_t set = forwarded_signals();
  ::sigprocmask(SIG_BLOCK, &set, &mask_before_);
  signals_ = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

FrontEnd::~FrontEnd() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::optional<int> FrontEnd::next_signal() {
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  const int signal = static_cast<int>(info.ssi_signo);
  const bool is_stop = signal == SIGINT || signal == SIGTERM || signal == SIGHUP;
  if (is_stop && !stop_signal_) stop_signal_ = signal;
  return signal;
}

std::optional<int> FrontEnd::stop_signal() {
  while (const std::optional<int> signal = next_signal()) pending_.push_back(*signal);
  return stop_signal_;
}

LifeEnd FrontEnd::run(std::uint32_t num_ranks, const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = mpirun_command(find_mpirun(), num_ranks, has_fast_network());
  command.push_back(program);
  command.insert(command.end(), arguments.begin(), arguments.end());
  FrontEndSocket door;  // of this life only: nobody of an earlier one can come in
  prepare_environment(door.name());
  LifeEnd end = Life(*this, num_ranks, command, door).run();
  end_own_children(earlier_children_);
  return end;
}

std::vector<std::string> mpirun_command(const std::string& mpirun, std::uint32_t num_ranks, bool has_fast_network) {
  std::vector<std::string> command{mpirun,
                                   "--enable-recovery",  // the death of a rank is an event, not the end
                                   "--bind-to",
                                   "none",  // we bind the tasks ourselves
                                   "--map-by",
                                   "node",
                                   "--oversubscribe",
                                   "--mca",
                                   "mpi_yield_when_idle",
                                   "1",
                                   "--mca",
                                   "odls_base_sigkill_timeout",
                                   "0"};
  if (!has_fast_network) {
    // Skips the search for networks that are not there: 0.2 s of the start.
    for (const char* word : {"--mca", "pml", "ob1", "--mca", "btl", transport::kAllNetworks})
      command.emplace_back(word);
  }
  for (const char* word : {"-x", kSocketVariable, "-n"}) command.emplace_back(word);
  command.push_back(std::to_string(num_ranks));
  return command;
}

FrontEndLink::FrontEndLink() {
  const char* name = std::getenv(kSocketVariable);
  is_started_by_front_end_ = name != nullptr;
  if (name != nullptr && is_rank_0()) socket_ = join_front_end(name);
  ::unsetenv(kSocketVariable);
}

void FrontEndLink::report_start() {
  if (is_joined()) send_report(socket_, {RankReport::Kind::ranks_are_there, 0, {}});
}

void FrontEndLink::report_run(const std::string& run_dir, std::uint64_t num_ended) {
  if (is_joined()) send_report(socket_, {RankReport::Kind::run_is_open, num_ended, run_dir});
}

void FrontEndLink::report_progress(std::uint64_t num_ended) {
  if (is_joined()) send_report(socket_, {RankReport::Kind::progress, num_ended, {}}, IfFull::drop);
}

void FrontEndLink::report(int exit_code) {
  if (is_joined()) send_report(socket_, {RankReport::Kind::exit_code, static_cast<std::uint64_t>(exit_code), {}});
}

void FrontEndLink::ask_for_restart(const std::string& why) {
  if (is_joined()) send_report(socket_, {RankReport::Kind::wants_restart, 0, why});
}

}  // namespace fugle::app
