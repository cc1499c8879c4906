// The half of the Server that ends things: reaping, time limits, groups, strays.
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "executor/spawner/binding.hpp"
#include "executor/spawner/clock.hpp"
#include "executor/spawner/descendants.hpp"
#include "executor/spawner/server.hpp"

namespace fugle::spawner {
namespace {

namespace wire = executor::wire;

constexpr std::int64_t kMemoryPeriod = 200'000'000;
constexpr std::int64_t kSweepDelay = 50'000'000;
constexpr std::int64_t kLookGrowth = 8;  // each look at a binding after as many times the time of the one before
constexpr std::int64_t kLookRound = 50'000'000;
constexpr int kEndLimitMs = 10'000;

/// Of ranks and threads that share out their CPUs a part is what one of them has, and not odd.
void note_binding(Attempt& attempt, const BitSet& found) {
  const bool is_part = attempt.is_shared_out && attempt.bound_to.contains(found);
  attempt.ran_on = is_part || found == attempt.bound_to ? BitSet() : found;
}

std::uint32_t milliseconds_of(const timeval& time) {
  return static_cast<std::uint32_t>(time.tv_sec * 1000 + time.tv_usec / 1000);
}

bool is_group_gone(pid_t group) { return ::kill(-group, 0) != 0 && errno == ESRCH; }

}  // namespace

void Server::reap() {
  signalfd_siginfo ignored;
  while (::read(child_signal_, &ignored, sizeof ignored) > 0) {
  }
  child_ended_ = false;
  for (;;) {
    // Looked at first and reaped last: while the dead process is there, its pid can only mean its own group.
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
    const auto found = attempts_.find(info.si_pid);
    const bool is_attempt = found != attempts_.end();
    if (is_attempt && found->second->phase != Phase::terminating) ::kill(-info.si_pid, SIGKILL);
    if (is_attempt) look_at_end(*found->second);
    int wait_status = 0;
    rusage usage{};
    ::wait4(info.si_pid, &wait_status, 0, &usage);
    if (!is_attempt) continue;
    Attempt& attempt = *found->second;
    note_end(attempt, wait_status, usage);
    if (attempt.phase == Phase::terminating)
      ++num_lingering_;
    else
      finish(attempt);
  }
  if (num_lingering_ > 0) finish_empty_groups();
}

void Server::note_end(Attempt& attempt, int wait_status, const rusage& usage) {
  attempt.first_process_ended = true;
  attempt.ended = now();
  attempt.wait_status = wait_status;
  attempt.cpu_ms = milliseconds_of(usage.ru_utime) + milliseconds_of(usage.ru_stime);
  attempt.maxrss_kb = static_cast<std::uint32_t>(usage.ru_maxrss);
  attempt.oom_killed = was_oom_killed(attempt);
  if (attempt.memory_limit > 0) --num_limited_;
}

/// The kernel says that it killed, not whom. It was this attempt if its end looks like that (137 is what a shell makes
/// of it), or if nothing else of ours ran all the while.
bool Server::was_oom_killed(const Attempt& attempt) const {
  if (attempt.phase != Phase::running || oom_kills_.count() <= attempt.oom_kills_before) return false;
  const int status = attempt.wait_status;
  const bool looks_killed = WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 128 + SIGKILL;
  return looks_killed || (attempt.started_alone && attempt.number == num_started_);
}

void Server::check_memory() {
  check_memory_at_ = now() + kMemoryPeriod;
  for (auto& [pid, attempt] : attempts_) {
    if (attempt->memory_limit == 0 || attempt->phase != Phase::running) continue;
    const std::uint64_t bytes = memory_in_use(pid, attempt->memory_limit);
    if (bytes <= attempt->memory_limit) continue;
    attempt->memory_bytes = bytes;
    attempt->phase = Phase::killed;
    set_deadline(*attempt, 0);
    ::kill(-pid, SIGKILL);
  }
}

/// While they run. A later look knows better, unless an earlier one saw it where it must not be.
void Server::look_at_bindings() {
  const std::int64_t time = now();
  std::int64_t next = 0;
  for (auto& [pid, attempt] : attempts_) {
    if (attempt->bound_to.is_empty() || attempt->first_process_ended) continue;
    if (attempt->look_at <= time) {
      const FoundBinding found = find_binding(pid);
      if (attempt->bound_to.contains(found.cpus) && found.is_shared_out) attempt->is_shared_out = true;
      if (attempt->bound_to.contains(attempt->ran_on)) note_binding(*attempt, found.cpus);
      attempt->look_period *= kLookGrowth;
      attempt->look_at = time + attempt->look_period;
    }
    next = next == 0 ? attempt->look_at : std::min(next, attempt->look_at);
  }
  look_at_bindings_at_ = next == 0 ? 0 : std::max(next, time + kLookRound);
}

/// Its first process is dead and not reaped: what it was bound to last can still be read.
void Server::look_at_end(Attempt& attempt) const {
  if (!attempt.bound_to.is_empty() && attempt.ran_on.is_empty()) note_binding(attempt, affinity_of(attempt.pid));
}

void Server::finish_empty_groups() {
  std::vector<Attempt*> empty;
  for (auto& [pid, attempt] : attempts_)
    if (attempt->first_process_ended && is_group_gone(pid)) empty.push_back(attempt.get());
  for (Attempt* attempt : empty) finish(*attempt);
}

void Server::expire_deadlines() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now()) {
    Attempt& attempt = *deadlines_.begin()->second;
    if (attempt.phase == Phase::running) {
      attempt.timed_out = true;
      terminate(attempt);
      continue;
    }
    ::kill(-attempt.pid, SIGKILL);
    if (attempt.first_process_ended) {
      finish(attempt);
    } else {
      attempt.phase = Phase::killed;
      set_deadline(attempt, 0);
    }
  }
}

void Server::terminate(Attempt& attempt) {
  attempt.phase = Phase::terminating;
  set_deadline(attempt, now() + attempt.grace);
  if (attempt.grace <= 0) return;  // the deadline is now, and kills
  ::kill(-attempt.pid, SIGTERM);
  ::kill(-attempt.pid, SIGCONT);  // a stopped process would not notice
}

/// 0: none.
void Server::set_deadline(Attempt& attempt, std::int64_t deadline) {
  if (attempt.deadline != 0) deadlines_.erase({attempt.deadline, &attempt});
  attempt.deadline = deadline;
  if (deadline != 0) deadlines_.emplace(deadline, &attempt);
}

/// Takes the attempt out of all tables; it is reported at the end of this round.
void Server::finish(Attempt& attempt) {
  read_what_is_left(attempt);
  close_output(attempt);
  set_deadline(attempt, 0);
  std::erase(starting_, &attempt);
  if (attempt.phase == Phase::terminating) --num_lingering_;
  const auto found = attempts_.find(attempt.pid);
  finished_.push_back(std::move(found->second));
  attempts_.erase(found);
  if (sweep_at_ == 0) sweep_at_ = now() + kSweepDelay;
  launch_next_of(attempt);
}

/// Writes the log first: who reads of an end may look for its output.
void Server::report_finished() {
  if (!log_) return;
  log_->flush();
  for (const LogWriter::Drop& drop : log_->take_drops()) {
    const auto is_it = [&](const auto& attempt) { return attempt->key == drop.key; };
    for (auto& attempt : finished_)
      if (is_it(attempt)) attempt->dropped_bytes += drop.bytes;
    for (auto& [pid, attempt] : attempts_)
      if (is_it(attempt)) attempt->dropped_bytes += drop.bytes;
  }
  for (const auto& attempt : finished_) {
    wire::EndedFields fields;
    fields.key = attempt->key;
    fields.start_ns = attempt->started + unix_offset_;
    fields.end_ns = attempt->ended + unix_offset_;
    fields.dropped_bytes = attempt->dropped_bytes;
    fields.wait_status = attempt->wait_status;
    fields.step = attempt->child.step();
    fields.error = attempt->child.error();
    fields.cpu_ms = attempt->cpu_ms;
    fields.maxrss_kb = attempt->maxrss_kb;
    fields.timed_out = attempt->timed_out;
    fields.stopped = attempt->stopped;
    fields.memory_bytes = attempt->memory_bytes;
    fields.oom_killed = attempt->oom_killed;
    fields.bind_error = attempt->child.bind_error();
    wire::FrameWriter(rank_.outgoing(), wire::Kind::ended).put(fields).put_numbers(attempt->ran_on.numbers());
    tell_at_ = 0;
  }
  finished_.clear();
}

/// Kills processes that left the group of an attempt that has ended. A stray that does not say whose it is may belong
/// to a running attempt, and is spared until none runs.
void Server::sweep_strays() {
  sweep_at_ = 0;
  for (const pid_t pid : list_children()) {
    if (attempts_.contains(pid)) continue;
    const std::uint64_t identity = identity_of(pid);
    const auto is_its = [identity](const auto& entry) { return entry.second->identity == identity; };
    const bool may_be_needed =
        identity == 0 ? !attempts_.empty() : std::any_of(attempts_.begin(), attempts_.end(), is_its);
    if (may_be_needed) continue;
    ::kill(pid, SIGKILL);
    sweep_at_ = now() + kSweepDelay;  // its children become ours
  }
}

void Server::release_programs() {
  std::erase_if(starting_, [](Attempt* attempt) {
    if (!attempt->child.is_free()) return false;
    attempt->child.release_program();
    attempt->texts = {};
    return true;
  });
}

void Server::end_everything() {
  for (auto& [pid, attempt] : attempts_)
    if (!attempt->first_process_ended || !is_group_gone(pid)) ::kill(-pid, SIGKILL);
  for (auto& [pid, attempt] : attempts_) read_what_is_left(*attempt);
  if (log_) log_->flush();
  kill_all_descendants(kEndLimitMs);
}

}  // namespace fugle::spawner
