// The part of the Server for calls of functions in standing processes (slot.hpp).
#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "executor/spawner/binding.hpp"
#include "executor/spawner/clock.hpp"
#include "executor/spawner/descendants.hpp"
#include "executor/spawner/server.hpp"

namespace fugle::spawner {
namespace {

namespace wire = executor::wire;

constexpr std::int64_t kRetireLimit = 10'000'000'000;
constexpr std::int64_t kKillAgain = 1'000'000'000;
constexpr std::uint64_t kBlockBytes = 512;  // getrusage(2)
constexpr int kMostPieces = 4;              // at once: others speak too

/// More do not run at once, as a rule.
std::size_t most_slots() {
  static const std::size_t num_cpus = std::max<std::size_t>(affinity_of(0).numbers().size(), 1);
  return num_cpus;
}

std::uint64_t since(std::uint64_t before, std::uint64_t now) { return now > before ? now - before : 0; }

}  // namespace

/// Returns the errno, or 0.
int Server::start_call(Attempt& attempt, Child::Program program) {
  int error = 0;
  Slot* slot = find_idle_slot(attempt.call.slot_key);
  if (slot == nullptr) slot = make_slot(attempt, std::move(program), error);
  if (slot == nullptr) return error;
  read_output(*slot);  // of no call
  slot->attempt = &attempt;
  attempt.call.slot = slot;
  attempt.pid = slot->pid;
  attempt.output = slot->output;
  attempt.number = slot->number;
  slot->channel.outgoing() += attempt.call.call;
  send_call(*slot);
  return 0;
}

Slot* Server::find_idle_slot(const std::string& key) const {
  for (const auto& slot : slots_) {
    if (slot->attempt != nullptr || slot->kill_at != 0 || slot->key != key) continue;
    char byte = 0;
    if (::recv(slot->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) return slot.get();
  }
  return nullptr;  // one that has just died will be reaped
}

/// Its process starts unbound, and is bound anew by each call. Null: `error` is the errno.
Slot* Server::make_slot(Attempt& attempt, Child::Program program, int& error) {
  if (slots_.size() >= most_slots()) {
    const auto is_earlier = [](const auto& a, const auto& b) {
      const auto order = [](const Slot& slot) {
        return std::pair(slot.attempt != nullptr || slot.kill_at != 0, slot.idle_since);
      };
      return order(*a) < order(*b);
    };
    const auto oldest = std::min_element(slots_.begin(), slots_.end(), is_earlier);
    if ((*oldest)->attempt == nullptr && (*oldest)->kill_at == 0) retire(**oldest);
  }
  int sockets[2];
  int pipe[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    error = errno;
    return nullptr;
  }
  if (::pipe2(pipe, O_CLOEXEC) != 0) {
    error = errno;
    for (const int fd : sockets) ::close(fd);
    return nullptr;
  }
  auto slot = std::make_unique<Slot>(sockets[0]);
  slot->key = attempt.call.slot_key;
  slot->number = attempt.number;
  slot->output = pipe[0];
  program.mark = mark_of(attempt.number);
  program.cpus = {};
  program.numa_nodes = {};
  slot->pid = slot->child.start(std::move(program), sockets[1], pipe[1], pipe[1]);
  ::close(sockets[1]);
  ::close(pipe[1]);
  if (slot->pid < 0) {
    error = -slot->pid;
    ::close(sockets[0]);
    ::close(pipe[0]);
    return nullptr;
  }
  ::fcntl(slot->output, F_SETFL, O_NONBLOCK);
  watch(EPOLL_CTL_ADD, slot->output, EPOLLIN, slot.get());
  watch(EPOLL_CTL_ADD, slot->socket, EPOLLIN, slot.get());
  return slots_.emplace_back(std::move(slot)).get();
}

Slot* Server::slot_of(const void* what) const {
  for (const auto& slot : slots_)
    if (slot.get() == what) return slot.get();
  return nullptr;
}
Slot* Server::slot_of(pid_t pid) const {
  for (const auto& slot : slots_)
    if (slot->pid == pid) return slot.get();
  return nullptr;
}

/// It has spoken, in one way or the other.
void Server::serve(Slot& slot) {
  read_output(slot);
  if (slot.socket < 0) return;
  const bool is_there = slot.channel.receive();
  while (const auto frame = slot.channel.frames().next()) {
    if (frame->kind == wire::Kind::returned)
      take_return(slot, frame->body);
    else
      ::kill(-slot.pid, SIGKILL);
  }
  slot.channel.frames().shrink();
  if (slot.socket < 0) return;
  if (is_there)
    send_call(slot);
  else
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, slot.socket, nullptr);  // it is dying: reap() sees how
}

void Server::read_output(Slot& slot) {
  for (int i = 0; i < kMostPieces; ++i) {
    char* const space = log_->space();
    const ssize_t n = ::read(slot.output, space, LogWriter::kPieceBytes);
    if (n == 0) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, slot.output, nullptr);  // the function has closed it
    if (n <= 0) return;
    if (slot.attempt != nullptr) take_output(*slot.attempt, space, static_cast<std::size_t>(n));
  }
}

/// What the socket takes; the rest when it takes more.
void Server::send_call(Slot& slot) {
  (void)slot.channel.flush();
  if (slot.channel.has_unsent() == slot.is_waiting_to_send) return;
  slot.is_waiting_to_send = !slot.is_waiting_to_send;
  watch(EPOLL_CTL_MOD, slot.socket, slot.is_waiting_to_send ? EPOLLIN | EPOLLOUT : EPOLLIN, &slot);
}

void Server::take_return(Slot& slot, std::string_view body) {
  wire::FrameReader fields(body);
  Attempt* const attempt = slot.attempt;
  const auto returned = fields.get<wire::ReturnedFields>();
  const std::string_view reason = fields.get_bytes();
  const std::string_view result = fields.get_bytes();
  if (attempt == nullptr || attempt->call.has_returned() || fields.failed()) {
    ::kill(-slot.pid, SIGKILL);  // something else writes into its socket
    return;
  }
  attempt->call.returned = returned;
  attempt->call.reason = reason;
  attempt->call.result = result;
  slot.child.release_program();
  if (attempt->phase != Phase::running || returned.has_children != 0) {
    attempt->phase = Phase::killed;
    set_deadline(*attempt, 0);
    ::kill(-slot.pid, SIGKILL);
    return;
  }
  note_end(*attempt, 0, {});
  leave_slot(*attempt);
  follow_up(*attempt);
}

/// Its figures are those of the process without the calls before. They are taken from what it said when it returned,
/// else from what the kernel says of the dead process.
void Server::note_end_of_call(Attempt& attempt, int wait_status, const rusage& usage) const {
  const wire::ReturnedFields before = attempt.call.slot != nullptr ? attempt.call.slot->used : wire::ReturnedFields{};
  wire::ReturnedFields& returned = attempt.call.returned;
  if (!attempt.call.has_returned()) {
    const auto in_us = [](const timeval& time) {
      return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
    };
    returned.cpu_us = in_us(usage.ru_utime) + in_us(usage.ru_stime);
    returned.read_blocks = static_cast<std::uint64_t>(usage.ru_inblock);
    returned.written_blocks = static_cast<std::uint64_t>(usage.ru_oublock);
    returned.maxrss_kb = static_cast<std::uint64_t>(usage.ru_maxrss);
  } else {
    attempt.bind_error = returned.bind_error;
  }
  attempt.wait_status = attempt.call.has_returned() ? 0 : wait_status;
  attempt.cpu_ms = since(before.cpu_us, returned.cpu_us) / 1000;
  attempt.read_bytes = since(before.read_blocks, returned.read_blocks) * kBlockBytes;
  attempt.written_bytes = since(before.written_blocks, returned.written_blocks) * kBlockBytes;
  attempt.maxrss_kb = std::max(returned.maxrss_kb, attempt.peak_bytes / 1024);
}

/// The process is free for the next call.
void Server::leave_slot(Attempt& attempt) {
  Slot& slot = *std::exchange(attempt.call.slot, nullptr);
  read_what_is_left(attempt);
  keep_what_was_held(attempt);
  attempt.output = -1;
  slot.attempt = nullptr;
  slot.idle_since = now();
  slot.used = attempt.call.returned;
  if (slots_are_retired_) retire(slot);
}

/// It is reaped. The attempt it worked for, if any, keeps the output.
void Server::note_death_of(Slot& slot) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, slot.output, nullptr);
  if (slot.attempt != nullptr) {
    slot.attempt->call.slot = nullptr;
    watch(EPOLL_CTL_ADD, slot.output, EPOLLIN, slot.attempt);
  } else {
    ::close(slot.output);
  }
  if (slot.socket >= 0) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, slot.socket, nullptr);
    ::close(slot.socket);
  }
  std::erase_if(slots_, [&slot](const auto& known) { return known.get() == &slot; });
}

/// An idle one finishes by itself when nobody can call it any more.
void Server::retire(Slot& slot) const {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, slot.socket, nullptr);
  ::close(std::exchange(slot.socket, -1));
  slot.kill_at = now() + kRetireLimit;
}

void Server::retire_slots() {
  slots_are_retired_ = true;
  for (const auto& slot : slots_)
    if (slot->attempt == nullptr && slot->kill_at == 0) retire(*slot);
}

void Server::kill_late_slots() {
  for (const auto& slot : slots_) {
    if (slot->kill_at == 0 || slot->kill_at > now()) continue;
    ::kill(-slot->pid, SIGKILL);
    slot->kill_at = now() + kKillAgain;
  }
}

/// The rank said that it would go, and is gone.
void Server::wait_for_retired_slots() {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, rank_.fd(), nullptr);
  const auto is_retired = [](const auto& slot) { return slot->kill_at != 0; };
  while (std::any_of(slots_.begin(), slots_.end(), is_retired)) {
    wait_for_events();
    if (child_ended_) reap();
    expire_deadlines();
    kill_late_slots();
  }
}

}  // namespace fugle::spawner
