// The part of the Server for what follows the end of an attempt's program: its strays are killed, its cleanup runs, its
// scratch directory is removed, and then it is finished. Each step may be missing.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "executor/spawner/clock.hpp"
#include "executor/spawner/descendants.hpp"
#include "executor/spawner/remove_tree.hpp"
#include "executor/spawner/server.hpp"

namespace fugle::spawner {
namespace {

namespace wire = executor::wire;

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSweepDelay = 50 * kMillisecond;
constexpr std::int64_t kHuntAgain = 1 * kMillisecond;
constexpr int kLongHuntMs = 2000;  // meanwhile the neighbours wait
/// A tree of ten million files goes in that time, a file system that hangs does not come back.
constexpr std::int64_t kRemovalLimit = 600'000 * kMillisecond;

std::string words_of_status(int status) {
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                             : "exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

/// All processes of its group are dead or dying, and its first one is reaped.
void Server::follow_up(Attempt& attempt) {
  read_what_is_left(attempt);
  keep_what_was_held(attempt);
  close_output(attempt);
  set_deadline(attempt, 0);
  std::erase(starting_, &attempt);
  if (attempt.phase == Phase::terminating) --num_lingering_;
  if (attempt.group != nullptr) attempt.group->kill_all();
  attempt.number = 0;
  sweep_strays();
  if (!start_cleanup(attempt) && !start_removal(attempt)) finish(attempt);
}

/// The first process of the cleanup or the removal has ended.
void Server::continue_after(Attempt& attempt, int wait_status) {
  const bool was_cleaning = attempt.phase == Phase::cleaning;
  read_what_is_left(attempt);
  keep_what_was_held(attempt);
  close_output(attempt);
  set_deadline(attempt, 0);
  std::erase(starting_, &attempt);
  attempt.number = 0;
  if (was_cleaning) {
    note_end_of_cleanup(attempt, wait_status);
    sweep_strays();
    if (start_removal(attempt)) return;
  } else {
    attempt.scratch_stayed = wait_status != 0;
  }
  finish(attempt);
}

/// Not after a program that never ran: there is nothing to clean up.
bool Server::start_cleanup(Attempt& attempt) {
  if (attempt.cleanup.argv.empty() || attempt.step != wire::Step::done) return false;
  std::int64_t until = now() + attempt.grace;
  if (attempt.cleanup_until != 0) until = std::min(until, attempt.cleanup_until);
  if (until <= now()) {
    attempt.cleanup_result = wire::Cleanup::no_time;
    say(attempt, "[fugle: cleanup not run: the grace was over]\n");
    return false;
  }
  attempt.phase = Phase::cleaning;
  const int error = start_follow_up(attempt, std::move(attempt.cleanup), until);
  if (error == 0) return true;
  attempt.cleanup_result = wire::Cleanup::failed;
  attempt.cleanup_status = error;
  return false;
}

void Server::note_end_of_cleanup(Attempt& attempt, int wait_status) {
  const bool was_started = attempt.child.step() == wire::Step::done;
  attempt.cleanup_result = wire::Cleanup::done;
  attempt.cleanup_status = was_started ? wait_status : attempt.child.error();
  if (!was_started) attempt.cleanup_result = wire::Cleanup::failed;
  if (std::exchange(attempt.cleanup_timed_out, false)) attempt.cleanup_result = wire::Cleanup::timed_out;
  if (wait_status != 0) say(attempt, "[fugle: cleanup failed: " + words_of_status(wait_status) + "]\n");
}

/// Mostly it is empty, and gone at once.
bool Server::start_removal(Attempt& attempt) {
  if (attempt.scratch.empty()) return false;
  if (::rmdir(attempt.scratch.c_str()) == 0 || errno == ENOENT) return false;
  attempt.phase = Phase::removing;
  Child::Program program{.workdir = "/", .argv = {kOwnProgram, kRemove, attempt.scratch.c_str()}};
  const int error = start_follow_up(attempt, std::move(program), now() + kRemovalLimit);
  attempt.scratch_stayed = error != 0;
  return error == 0;
}

/// The attempt gets another first process.
int Server::start_follow_up(Attempt& attempt, Child::Program program, std::int64_t deadline) {
  const pid_t before = attempt.pid;
  attempt.number = ++num_started_;
  if (const int error = start_process(attempt, std::move(program)); error != 0) return error;
  set_deadline(attempt, deadline);
  auto node = attempts_.extract(before);
  node.key() = attempt.pid;
  attempts_.insert(std::move(node));
  return 0;
}

/// Takes the attempt out of all tables; it is reported at the end of this round.
void Server::finish(Attempt& attempt) {
  if (log_) say(attempt, attempt.output_limit.take_rest());
  if (attempt.own_log_file >= 0) ::close(attempt.own_log_file);
  if (attempt.group != nullptr && !attempt.group->remove()) old_groups_.push_back(std::move(attempt.group));
  const auto found = attempts_.find(attempt.pid);
  finished_.push_back(std::move(found->second));
  attempts_.erase(found);
  if (sweep_at_ == 0) sweep_at_ = now() + kSweepDelay;
  launch_next_of(attempt);
}

/// Null when it runs no more, or the mark is none.
Attempt* Server::attempt_of_mark(std::uint32_t mark) const {
  for (const auto& [pid, attempt] : attempts_)
    if (mark != 0 && attempt->number != 0 && mark_of(attempt->number) == mark) return attempt.get();
  return nullptr;
}

/// Its attempt has ended. One that says in no way whose it is may belong to a running attempt, and is spared until none
/// runs.
bool Server::is_abandoned(pid_t stray) const {
  if (const std::uint32_t mark = mark_of_process(stray); mark != 0) return attempt_of_mark(mark) == nullptr;
  const std::uint64_t identity = identity_of(stray);
  if (identity == 0) return attempts_.empty();
  return std::none_of(attempts_.begin(), attempts_.end(),
                      [identity](const auto& entry) { return entry.second->identity == identity; });
}

std::vector<pid_t> Server::find_strays() const {
  std::vector<pid_t> strays = list_children();
  std::erase_if(strays, [this](pid_t pid) {
    return attempts_.contains(pid) || helpers_.contains(pid) || slot_of(pid) != nullptr;
  });
  return strays;
}

std::unordered_map<const Attempt*, std::vector<pid_t>> Server::strays_of_attempts() const {
  std::unordered_map<const Attempt*, std::vector<pid_t>> found;
  for (const pid_t stray : find_strays())
    if (const Attempt* const attempt = attempt_of_mark(mark_of_process(stray))) found[attempt].push_back(stray);
  return found;
}

/// Kills processes that left the group of an attempt that has ended.
void Server::sweep_strays() {
  sweep_at_ = 0;
  std::erase_if(old_groups_, [](const auto& group) { return group->remove(); });
  if (!old_groups_.empty()) sweep_at_ = now() + kSweepDelay;
  const auto find = [this] { return find_strays(); };
  const auto is_prey = [this](pid_t stray) { return is_abandoned(stray); };
  const std::vector<pid_t> strays = find();
  if (std::none_of(strays.begin(), strays.end(), is_prey)) {
    hunt_.kill_stopped();
    return;
  }
  if (hunt_.go_on(find, is_prey, hunt_limit_ms_)) {
    hunt_limit_ms_ = kShortHuntMs;
    sweep_at_ = now() + kSweepDelay;  // children of the killed become ours
  } else {
    hunt_limit_ms_ = std::min(2 * hunt_limit_ms_, kLongHuntMs);
    sweep_at_ = now() + kHuntAgain;
  }
}

}  // namespace fugle::spawner
