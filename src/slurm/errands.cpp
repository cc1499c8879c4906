#include "slurm/errands.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>

#include "base/codec.hpp"
#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "slurm/close_descriptors.hpp"

namespace fugle::slurm {
namespace {

/// A length of four bytes, then so many.
std::string framed(std::string body) {
  ByteWriter length;
  length.put(static_cast<std::uint32_t>(body.size()));
  return length.take() + body;
}

/// The first frame of `bytes`, taken away; nothing: it is not complete.
std::optional<std::string> take_frame(std::string& bytes) {
  if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
  const std::size_t size = ByteReader(bytes).get<std::uint32_t>();
  if (bytes.size() - sizeof(std::uint32_t) < size) return std::nullopt;
  std::string body = bytes.substr(sizeof(std::uint32_t), size);
  bytes.erase(0, sizeof(std::uint32_t) + size);
  return body;
}

std::string encode(const Answer& answer) {
  ByteWriter out;
  out.put(answer.ticket);
  out.put(answer.exit_code);
  out.put(answer.output);
  out.put(answer.complaint);
  return framed(out.take());
}

Answer decode_answer(std::string_view body) {
  ByteReader in(body);
  Answer answer;
  answer.ticket = in.get<std::uint64_t>();
  answer.exit_code = in.get<int>();
  answer.output = in.get<std::string>();
  answer.complaint = in.get<std::string>();
  return answer;
}

std::string encode_request(std::uint64_t ticket, const std::vector<std::string>& argv, Duration limit) {
  ByteWriter out;
  out.put(ticket);
  out.put(limit);
  out.put_all(argv, [&](const std::string& word) { out.put(word); });
  return framed(out.take());
}

/// Appends what there is to `bytes`. False: the other side is gone.
bool receive(int socket, std::string& bytes) {
  std::array<char, 16384> buffer;
  const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (count > 0) bytes.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

/// Sends what can be sent and takes it away from `bytes`. False: the other side is gone.
bool send(int socket, std::string& bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    bytes.erase(0, static_cast<std::size_t>(count));
  }
  return true;
}

/// Runs what one frame asks for and says how it went. False: the owner is gone.
bool run_errand(int owner, std::string_view body) {
  ByteReader in(body);
  const auto ticket = in.get<std::uint64_t>();
  const Duration limit = in.get_duration();
  const auto argv = in.get_all<std::string>([&] { return in.get<std::string>(); });
  std::optional<Answer> answer = run_command_for(owner, argv, limit);
  if (!answer) return false;
  answer->ticket = ticket;
  std::string bytes = encode(*answer);
  return send(owner, bytes);
}

/// The small process.
[[noreturn]] void serve(int socket) {
  constexpr int kOwner = 3;
  ::setsid();
  ::prctl(PR_SET_NAME, "fugle-errands");
  ::dup2(socket, kOwner);
  close_descriptors_from(kOwner + 1);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < kOwner; ++fd) ::dup2(nowhere, fd);
  if (nowhere > kOwner) ::close(nowhere);
  ::fcntl(kOwner, F_SETFD, FD_CLOEXEC);
  std::string incoming;
  while (receive(kOwner, incoming))
    while (const auto body = take_frame(incoming))
      if (!run_errand(kOwner, *body)) ::_exit(0);
  ::_exit(0);
}

[[noreturn]] void refuse(const char* what) {
  throw EnvironmentError(fmt::format("cannot make {} for Slurm's commands ({}); raise 'ulimit -n' or 'ulimit -u'", what,
                                     std::strerror(errno)));
}

/// All signals held back while it lives: the small process has none of our handlers to run.
class ScopedSignals {
 public:
  ScopedSignals() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~ScopedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  ScopedSignals(const ScopedSignals&) = delete;
  ScopedSignals& operator=(const ScopedSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

class Errands::Impl {
 public:
  Impl() : kept_bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), any_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!kept_bell_.is_open() || !any_.is_open()) refuse("an event queue");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) refuse("a socket");
    socket_ = Descriptor(ends[0]);
    const Descriptor other(ends[1]);
    {
      const ScopedSignals held_back;
      pid_ = ::fork();
      if (pid_ == 0) serve(other.get());
    }
    if (pid_ < 0) refuse("a process");
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    watch(socket_.get());
    watch(kept_bell_.get());
  }
  ~Impl() {
    socket_.close();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] int fd() const { return any_.get(); }
  [[nodiscard]] pid_t pid() const { return pid_; }

  std::uint64_t ask(const std::vector<std::string>& argv, Duration limit) {
    const std::uint64_t ticket = ++last_ticket_;
    asked_.push_back(ticket);
    outgoing_ += encode_request(ticket, argv, limit);
    exchange();
    return ticket;
  }
  std::optional<Answer> take() {
    exchange();
    if (kept_.empty()) return std::nullopt;
    Answer answer = std::move(kept_.front());
    kept_.pop_front();
    ring();
    return answer;
  }
  Answer wait_for(std::uint64_t ticket) {
    while (true) {
      exchange();
      const auto found = std::ranges::find(kept_, ticket, &Answer::ticket);
      if (found != kept_.end()) {
        Answer answer = std::move(*found);
        kept_.erase(found);
        ring();
        return answer;
      }
      pollfd fd{socket_.get(), static_cast<short>(outgoing_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
      ::poll(&fd, 1, -1);
    }
  }

 private:
  void watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    ::epoll_ctl(any_.get(), EPOLL_CTL_ADD, fd, &event);
  }
  /// Sends what waits to be sent and keeps what has come. What can not be sent yet waits behind a command that will
  /// answer: its answer brings us here again.
  void exchange() {
    if (socket_.is_open() && (!send(socket_.get(), outgoing_) || !receive(socket_.get(), incoming_))) socket_.close();
    while (const auto body = take_frame(incoming_)) keep(decode_answer(*body));
    if (!socket_.is_open())
      while (!asked_.empty()) keep({asked_.front(), 125, {}, "the process that runs commands was killed"});
    ring();
  }
  void keep(Answer answer) {
    std::erase(asked_, answer.ticket);
    kept_.push_back(std::move(answer));
  }
  /// fd() is readable while an answer is kept.
  void ring() const {
    std::uint64_t count = 1;
    [[maybe_unused]] const ssize_t done = kept_.empty() ? ::read(kept_bell_.get(), &count, sizeof count)
                                                        : ::write(kept_bell_.get(), &count, sizeof count);
  }

  Descriptor socket_, kept_bell_, any_;
  pid_t pid_ = -1;
  std::uint64_t last_ticket_ = 0;
  std::deque<std::uint64_t> asked_;
  std::deque<Answer> kept_;
  std::string outgoing_, incoming_;
};

Errands::Errands() : impl_(std::make_unique<Impl>()) {}
Errands::~Errands() = default;
int Errands::fd() const { return impl_->fd(); }
int Errands::pid() const { return impl_->pid(); }
std::uint64_t Errands::ask(const std::vector<std::string>& argv, Duration limit) { return impl_->ask(argv, limit); }
std::optional<Answer> Errands::take() { return impl_->take(); }
Answer Errands::run(const std::vector<std::string>& argv, Duration limit) {
  return impl_->wait_for(impl_->ask(argv, limit));
}

}  // namespace fugle::slurm
