#include "app/front_end.hpp"

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

#include "app/life_in_job.hpp"
#include "app/own_children.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "transport/mpi_transport.hpp"

namespace fugle::app {
namespace {

using std::chrono::steady_clock;

// After a death the launcher may not end, though all ranks have left: then it is told to, and then made to.
constexpr std::chrono::seconds kPatienceAfterReport{10};
constexpr std::chrono::seconds kPatienceAfterLeave{3};
constexpr std::chrono::seconds kPatienceAfterLoss{30};  // workers end their tasks first
constexpr std::chrono::seconds kPatienceAfterTerm{5};
constexpr int kLookAtRanks = 100;  // ms, until all ranks are there
constexpr std::chrono::seconds kForkingTakes{
    2};  // the launcher has started all ranks of this node so long after rank 0 came
// A step waits for nodes that Slurm has not cleaned up yet; a new controller starts none for a minute.
constexpr std::chrono::seconds kLongestWaitForNodes{240};
constexpr std::chrono::seconds kMeetingTakes{90};  // of ranks in MPI_Init once rank 0 is there: a PMIx that hangs
constexpr std::chrono::seconds kStartTakes{180};   // on many nodes, where nobody sees that a rank died in MPI_Init
constexpr std::array kForwarded{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

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

/// In the child. Its stdin is empty where rank 0 reads the user's directly.
[[noreturn]] void become_launcher(const std::vector<char*>& words, const std::vector<char*>& environment,
                                  const sigset_t& mask, pid_t parent, bool has_stdin) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  const int nothing = has_stdin ? -1 : ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execve(words[0], words.data(), environment.data());
  ::_exit(127);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

/// One launch from its start to its end.
class FrontEnd::Life {
 public:
  Life(FrontEnd& front_end, const Launch& launch, FrontEndSocket& door, NotesOfFrontEnd* notes)
      : front_end_(front_end), launch_(launch), door_(door), notes_(notes) {
    const pid_t parent = ::getpid();
    const std::vector<char*> words = pointers_to(launch.command), environment = pointers_to(launch.environment);
    launcher_ = ::fork();
    if (launcher_ == 0) become_launcher(words, environment, front_end_.mask_before_, parent, notes_ != nullptr);
    if (launcher_ < 0) {
      throw EnvironmentError(fmt::format("cannot start {} (fork: {}); look at the limits of processes and memory",
                                         launch.name, std::strerror(errno)));
    }
    launcher_fd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, launcher_, 0)));
    if (!launch.has_ranks_as_children) start_deadline_ = steady_clock::now() + kLongestWaitForNodes;
  }

  LifeEnd run() {
    while (!has_ended_ || guest_) {
      std::array<pollfd, 3> events{{{front_end_.signals_.get(), POLLIN, 0},
                                    {has_ended_ ? -1 : launcher_fd_.get(), POLLIN, 0},
                                    {guest_ ? guest_->socket.get() : door_.fd(), POLLIN, 0}}};
      const int num_ready = ::poll(events.data(), events.size(), milliseconds_left());
      if (notes_ != nullptr) read_notes();
      const bool is_lost = is_starting_ && has_lost_a_rank();
      if (is_lost) is_starting_ = false;
      if (is_lost || (num_ready == 0 && is_overdue())) lose_patience();
      if (num_ready <= 0) continue;
      // The report first: the end of mpirun may be there too.
      if (events[2].revents != 0) guest_ ? hear_guest() : admit();
      if (events[0].revents != 0) forward_signals();
      if (events[1].revents != 0) reap();
    }
    if (notes_ != nullptr) read_notes();
    if (!end_.exit_code && was_told_to_end_ && launch_.sweep) launch_.sweep();
    return end_;
  }

 private:
  void admit() {
    guest_ = door_.admit();
    if (!guest_) return;
    note_that_rank_0_came();
  }

  void note_that_rank_0_came() {
    rank_0_came_ = true;
    came_at_ = steady_clock::now();
    for (const int signal : std::exchange(front_end_.pending_, {})) tell_rank_0(signal);
  }

  void tell_rank_0(int signal) {
    if (guest_)
      ::kill(guest_->pid, signal);
    else if (notes_ != nullptr)
      notes_->send_signal(signal);
  }

  void read_notes() {
    while (const auto report = notes_->take()) {
      if (!rank_0_came_) note_that_rank_0_came();
      is_starting_ = false;
      take(*report);
    }
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
      case RankReport::Kind::ranks_are_there: end_.has_started = true; break;
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
      case RankReport::Kind::wants_next_job: end_.next_job = NextJob{report.number != 0, report.text}; break;
    }
  }

  /// In MPI_Init the others would wait for it for ever.
  bool has_lost_a_rank() {
    const auto now = steady_clock::now();
    if (start_deadline_) return (rank_0_came_ && now - came_at_ > kMeetingTakes) || now > *start_deadline_;
    if (!guest_) return has_lost_a_child();
    const auto waited = now - came_at_;
    return has_lost_a_child() || (waited > kForkingTakes && lacks_a_rank()) || waited > kStartTakes;
  }

  /// Whether a process that the launcher had started on this node is gone.
  bool has_lost_a_child() {
    std::set<pid_t> alive = children_of(launcher_);
    const bool is_lost = !std::ranges::includes(alive, ranks_);
    ranks_ = std::move(alive);
    return is_lost;
  }

  /// A rank that died before we looked. Where the launcher has other children too, these start ranks elsewhere.
  [[nodiscard]] bool lacks_a_rank() const {
    const bool is_one_node = std::ranges::all_of(ranks_, runs_our_program);
    return is_one_node && ranks_.size() < launch_.num_ranks;
  }

  void forward_signals() {
    while (const std::optional<int> signal = front_end_.next_signal()) {
      if (guest_ || (notes_ != nullptr && rank_0_came_)) {
        tell_rank_0(*signal);
      } else if (!rank_0_has_left_ && front_end_.pending_.empty()) {
        front_end_.pending_.push_back(*signal);
      } else if (!has_ended_ && *signal != SIGUSR1 && *signal != SIGUSR2) {
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
    ::kill(launcher_, signal);
    was_told_to_end_ = true;
  }

  /// Rank 0 ends with the launcher, or 2 s after it when that was killed; a report may still be under way.
  void reap() {
    int status = 0;
    ::waitpid(launcher_, &status, 0);
    has_ended_ = true;
    end_.launcher_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const bool ended_by_itself = !was_told_to_end_ && WIFEXITED(status);
    if (ended_by_itself && !rank_0_came_ && ranks_.empty() && end_.launcher_code != 0) end_.could_start_nothing = true;
    end_.is_unknown = ended_by_itself && !rank_0_came_ && end_.launcher_code == 0;
    wait_at_most(kPatienceAfterTerm);
  }

  void wait_at_most(std::chrono::seconds patience) {
    const auto deadline = steady_clock::now() + patience;
    deadline_ = deadline_ ? std::min(*deadline_, deadline) : deadline;
  }
  [[nodiscard]] bool is_overdue() const { return deadline_ && *deadline_ <= steady_clock::now(); }
  [[nodiscard]] int milliseconds_left() const {
    if (!deadline_) return is_starting_ || notes_ != nullptr ? kLookAtRanks : -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(0, left.count()));
  }

  FrontEnd& front_end_;
  const Launch& launch_;
  FrontEndSocket& door_;
  NotesOfFrontEnd* const notes_;  ///< of a rank 0 on another host; else nullptr
  pid_t launcher_ = -1;
  Descriptor launcher_fd_;
  std::optional<Guest> guest_;
  std::set<pid_t> ranks_;  ///< children of the launcher when last looked at
  LifeEnd end_;
  std::optional<steady_clock::time_point> deadline_;
  std::optional<steady_clock::time_point> start_deadline_;  ///< where ranks can not be watched
  steady_clock::time_point came_at_;                        ///< rank 0
  bool is_starting_ = true;
  bool rank_0_came_ = false;
  bool rank_0_has_left_ = false;
  bool was_told_to_end_ = false;
  bool has_ended_ = false;
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

LifeEnd FrontEnd::run(const Launch& launch, const std::string& program, const std::vector<std::string>& arguments,
                      const std::string& notes_dir) {
  Launch whole = launch;
  whole.command.push_back(program);
  whole.command.insert(whole.command.end(), arguments.begin(), arguments.end());
  FrontEndSocket door;  // of this life only: nobody of an earlier one can come in
  std::optional<NotesOfFrontEnd> notes;
  if (!launch.is_rank_0_here) notes.emplace(notes_dir);
  set_variable(whole.environment, kFrontEndVariable, notes ? notes->name() : door.name());
  LifeEnd end = Life(*this, whole, door, notes ? &*notes : nullptr).run();
  end_own_children(earlier_children_);
  return end;
}

bool was_started_by_front_end() { return std::getenv(kFrontEndVariable) != nullptr; }

FrontEndLink::FrontEndLink() {
  const char* name = std::getenv(kFrontEndVariable);
  is_started_by_front_end_ = name != nullptr;
  if (name != nullptr && is_rank_0()) {
    if (name[0] == '/')
      notes_ = NotesOfRank0(name);
    else
      socket_ = join_front_end(name);
  }
  ::unsetenv(kFrontEndVariable);
}

void FrontEndLink::send(const RankReport& report, IfFull if_full) {
  if (socket_.is_open()) send_report(socket_, report, if_full);
  if (notes_.is_open()) notes_.add(report);
}

void FrontEndLink::report_start() { send({RankReport::Kind::ranks_are_there, 0, {}}); }

void FrontEndLink::report_run(const std::string& run_dir, std::uint64_t num_ended) {
  send({RankReport::Kind::run_is_open, num_ended, run_dir});
}

void FrontEndLink::report_progress(std::uint64_t num_ended) {
  send({RankReport::Kind::progress, num_ended, {}}, IfFull::drop);
}

void FrontEndLink::report(int exit_code) {
  send({RankReport::Kind::exit_code, static_cast<std::uint64_t>(exit_code), {}});
}

void FrontEndLink::ask_for_restart(const std::string& why) { send({RankReport::Kind::wants_restart, 0, why}); }

void FrontEndLink::ask_for_next_job(const NextJob& next) {
  send({RankReport::Kind::wants_next_job, next.made_progress ? 1U : 0U, next.bad_nodes});
}

}  // namespace fugle::app
