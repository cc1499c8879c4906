// The part of the Server that ends programs: reaping, limits of time and memory, groups. What follows an end is in
// server_follow_up.cpp.
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "executor/found.hpp"
#include "executor/spawner/binding.hpp"
#include "executor/spawner/clock.hpp"
#include "executor/spawner/descendants.hpp"
#include "executor/spawner/remove_tree.hpp"
#include "executor/spawner/server.hpp"

namespace fugle::spawner {
namespace {

namespace wire = executor::wire;

constexpr std::int64_t kMemoryPeriod = 200'000'000;
constexpr std::int64_t kLookGrowth = 8;  // each look at a binding after as many times the time of the one before
constexpr std::int64_t kLookRound = 50'000'000;
constexpr std::int64_t kSecondLook = 100'000'000;
constexpr std::int64_t kSecondLookAtRanks = 2'000'000'000;  // they all begin like that, one after another
constexpr int kEndLimitMs = 10'000;
constexpr std::uint64_t kBlockBytes = 512;  // getrusage(2)

/// Of ranks and threads that share out their CPUs a part is what one of them has, and not odd.
void note_binding(Attempt& attempt, const BitSet& found) {
  const bool is_part = attempt.is_shared_out && attempt.bound_to.contains(found);
  attempt.ran_on = is_part || found == attempt.bound_to ? BitSet() : found;
}

std::uint64_t microseconds_of(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
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
    Slot* const slot = slot_of(info.si_pid);
    if (!is_attempt) {
      if (slot != nullptr) note_death_of(*slot);
      helpers_.erase(info.si_pid);
      continue;
    }
    Attempt& attempt = *found->second;
    if (attempt.first_process_ended) {
      continue_after(attempt, wait_status);
      continue;
    }
    note_end(attempt, wait_status, usage);
    if (slot != nullptr) note_death_of(*slot);
    if (attempt.phase == Phase::terminating)
      ++num_lingering_;
    else
      follow_up(attempt);
  }
  if (num_lingering_ > 0) finish_empty_groups();
}

void Server::note_end(Attempt& attempt, int wait_status, const rusage& usage) {
  attempt.first_process_ended = true;
  attempt.ended = now();
  attempt.wait_status = wait_status;
  const Child& child = attempt.call.slot != nullptr ? attempt.call.slot->child : attempt.child;
  attempt.step = child.step();
  attempt.error = child.error();
  attempt.bind_error = child.bind_error();
  attempt.cpu_ms = (microseconds_of(usage.ru_utime) + microseconds_of(usage.ru_stime)) / 1000;
  attempt.maxrss_kb = std::max(static_cast<std::uint64_t>(usage.ru_maxrss), attempt.peak_bytes / 1024);
  attempt.read_bytes = static_cast<std::uint64_t>(usage.ru_inblock) * kBlockBytes;
  attempt.written_bytes = static_cast<std::uint64_t>(usage.ru_oublock) * kBlockBytes;
  if (!attempt.call.slot_key.empty()) note_end_of_call(attempt, wait_status, usage);
  if (attempt.group != nullptr) check_group_of(attempt);
  attempt.oom_killed = attempt.oom_kills > 0 || was_oom_killed(attempt);
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
  const auto strays = strays_of_attempts();
  for (auto& [pid, attempt] : attempts_) {
    if (attempt->memory_limit == 0 || attempt->phase != Phase::running) continue;
    if (attempt->group != nullptr && attempt->child.group_error() == 0) {
      check_group_of(*attempt);
      if (attempt->oom_kills > 0) end_for_memory(*attempt, 0);
      continue;
    }
    std::vector<pid_t> roots = {pid};
    if (const auto its = strays.find(attempt.get()); its != strays.end())
      roots.insert(roots.end(), its->second.begin(), its->second.end());
    const std::uint64_t bytes = memory_in_use(roots, attempt->memory_limit);
    attempt->peak_bytes = std::max(attempt->peak_bytes, bytes);
    if (bytes > attempt->memory_limit) end_for_memory(*attempt, bytes);
  }
}

void Server::check_group_of(Attempt& attempt) {
  attempt.oom_kills = attempt.group->oom_kills();
  if (attempt.oom_kills > 0) attempt.memory_bytes = std::max(attempt.memory_limit, attempt.group->peak_bytes());
}

/// What it started outside its group ends with it, see follow_up.
void Server::end_for_memory(Attempt& attempt, std::uint64_t bytes) {
  attempt.memory_bytes = std::max(attempt.memory_bytes, bytes);
  attempt.phase = Phase::killed;
  set_deadline(attempt, 0);
  ::kill(-attempt.pid, SIGKILL);
}

/// While they run. A later look knows better, unless an earlier one saw it where it must not be. Who is elsewhere must
/// be so twice: programs that look at the machine's topology (hwloc does, in MPI_Init) visit all its CPUs for a moment.
void Server::look_at_bindings() {
  const std::int64_t time = now();
  std::int64_t next = 0;
  for (auto& [pid, attempt] : attempts_) {
    if (attempt->bound_to.is_empty() || attempt->first_process_ended) continue;
    if (attempt->look_at <= time) {
      const FoundBinding found = find_binding(pid);
      if (attempt->bound_to.contains(found.cpus) && found.is_shared_out) attempt->is_shared_out = true;
      const bool is_elsewhere = !attempt->bound_to.contains(found.cpus);
      if (is_elsewhere && !attempt->is_suspected) {
        attempt->look_at = time + (attempt->has_ranks ? kSecondLookAtRanks : kSecondLook);
      } else {
        if (attempt->bound_to.contains(attempt->ran_on)) note_binding(*attempt, found.cpus);
        attempt->look_period *= kLookGrowth;
        attempt->look_at = time + attempt->look_period;
      }
      attempt->is_suspected = is_elsewhere;
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
    if (attempt->phase == Phase::terminating && attempt->first_process_ended && is_group_gone(pid))
      empty.push_back(attempt.get());
  for (Attempt* attempt : empty) follow_up(*attempt);
}

void Server::expire_deadlines() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now()) {
    Attempt& attempt = *deadlines_.begin()->second;
    if (attempt.phase == Phase::running) {
      attempt.timed_out = true;
      terminate(attempt, SIGTERM);
      continue;
    }
    ::kill(-attempt.pid, SIGKILL);
    if (attempt.phase == Phase::cleaning || attempt.phase == Phase::removing) {
      attempt.cleanup_timed_out = true;
      set_deadline(attempt, 0);
    } else if (attempt.first_process_ended) {
      follow_up(attempt);
    } else {
      attempt.phase = Phase::killed;
      set_deadline(attempt, 0);
    }
  }
}

void Server::terminate(Attempt& attempt, int signal) {
  attempt.phase = Phase::terminating;
  set_deadline(attempt, now() + attempt.grace);
  if (attempt.grace <= 0 || signal == 0) return;  // without a grace the deadline is now, and kills
  ::kill(-attempt.pid, signal);
  ::kill(-attempt.pid, SIGCONT);  // a stopped process would not notice
}

/// 0: none.
void Server::set_deadline(Attempt& attempt, std::int64_t deadline) {
  if (attempt.deadline != 0) deadlines_.erase({attempt.deadline, &attempt});
  attempt.deadline = deadline;
  if (deadline != 0) deadlines_.emplace(deadline, &attempt);
}

/// Writes the log first: who reads of an end may look for its output.
void Server::tell_metrics(Attempt& attempt) {
  if (attempt.metrics == nullptr) return;
  attempt.metrics->finish();
  wire::FrameWriter frame(rank_.outgoing(), wire::Kind::found);
  executor::put_found(frame.put(attempt.key), attempt.metrics->found());
}

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
    tell_metrics(*attempt);
    if (attempt->is_quiet)
      wire::FrameWriter(rank_.outgoing(), wire::Kind::said).put(attempt->key).put_bytes(attempt->said);
    wire::EndedFields fields;
    fields.key = attempt->key;
    fields.start_ns = attempt->started + unix_offset_;
    fields.end_ns = attempt->ended + unix_offset_;
    fields.dropped_bytes = attempt->dropped_bytes;
    fields.cut_bytes = attempt->output_limit.dropped_bytes();
    fields.memory_bytes = attempt->memory_bytes;
    fields.cpu_ms = attempt->cpu_ms;
    fields.read_bytes = attempt->read_bytes;
    fields.written_bytes = attempt->written_bytes;
    fields.maxrss_kb = attempt->maxrss_kb;
    fields.wait_status = attempt->wait_status;
    fields.step = attempt->step;
    fields.error = attempt->error;
    fields.bind_error = attempt->bind_error;
    fields.cleanup_status = attempt->cleanup_status;
    fields.cleanup = attempt->cleanup_result;
    fields.timed_out = attempt->timed_out;
    fields.stopped = attempt->stopped;
    fields.oom_killed = attempt->oom_killed;
    fields.oom_in_group = attempt->oom_kills > 0;
    fields.scratch_stayed = attempt->scratch_stayed;
    fields.is_call = !attempt->call.slot_key.empty();
    fields.call_end = attempt->call.returned.end;
    fields.call_exit = attempt->call.returned.exit;
    wire::FrameWriter(rank_.outgoing(), wire::Kind::ended)
        .put(fields)
        .put_numbers(attempt->ran_on.numbers())
        .put_bytes(attempt->call.reason)
        .put_bytes(attempt->call.result);
    tell_at_ = 0;
  }
  finished_.clear();
}

void Server::release_programs() {
  std::erase_if(starting_, [](Attempt* attempt) {
    if (!attempt->child.is_free()) return false;
    attempt->child.release_program();
    if (attempt->cleanup.argv.empty()) attempt->texts = {};
    return true;
  });
}

/// Cleanups do not run: nobody is left who would be told, and another life may want the place at once.
void Server::end_everything() {
  for (auto& [pid, attempt] : attempts_)
    if (attempt->phase != Phase::terminating || !attempt->first_process_ended || !is_group_gone(pid))
      ::kill(-pid, SIGKILL);
  for (auto& [pid, attempt] : attempts_) {
    read_what_is_left(*attempt);
    if (log_) keep_what_was_held(*attempt);
    if (log_) say(*attempt, attempt->output_limit.take_rest());
  }
  if (log_) log_->flush();
  kill_all_descendants(kEndLimitMs);
  for (const auto& [pid, attempt] : attempts_)
    if (!attempt->scratch.empty()) (void)remove_tree(attempt->scratch);
  for (const std::string& folder : rank_folders_) (void)remove_tree(folder);
}

}  // namespace fugle::spawner
