#include "slurm/run_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/descriptor.hpp"
#include "slurm/close_descriptors.hpp"

namespace fugle::slurm {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 1 << 20;
constexpr std::size_t kMostComplaint = 64 << 10;
/// Whether the command has ended is looked at so often: there is no descriptor for it on kernels before 5.3, and
/// SIGCHLD belongs to our caller.
constexpr Duration kFirstLook = std::chrono::milliseconds(1);
constexpr Duration kLongestLook = std::chrono::milliseconds(50);

struct Pipe {
  Descriptor out, in;
};

/// Both above 2, so that they do not stand where stdin, stdout and stderr will.
Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const Descriptor out(ends[0]), in(ends[1]);
  return {Descriptor(::fcntl(out.get(), F_DUPFD_CLOEXEC, 3)), Descriptor(::fcntl(in.get(), F_DUPFD_CLOEXEC, 3))};
}

/// A file in memory with this text.
Descriptor make_input(const std::string& text) {
  const Descriptor file(::memfd_create("fugle-input", MFD_CLOEXEC));
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(file.get(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return {};
    written += static_cast<std::size_t>(count);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return Descriptor(::fcntl(file.get(), F_DUPFD_CLOEXEC, 3));
}

/// In the child of a process that may have threads: nothing but system calls.
[[noreturn]] void become(char* const* argv, int input, int output, int complaint) {
  ::setsid();
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(complaint, STDERR_FILENO);
  close_descriptors_from(STDERR_FILENO + 1);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(argv[0], argv);
  ::_exit(errno == ENOENT || errno == ENOTDIR ? 127 : 126);
}

class Command {
 public:
  Command(const std::vector<std::string>& argv, const std::string& input) {
    Pipe output = make_pipe(), complaint = make_pipe();
    const Descriptor in = make_input(input);
    if (!output.in.is_open() || !complaint.in.is_open() || !in.is_open()) {
      give_up();
      return;
    }
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) become(words.data(), in.get(), output.in.get(), complaint.in.get());
    if (pid_ < 0) {
      give_up();
      return;
    }
    ::setpgid(pid_, pid_);  // as setsid() will: it may have to be killed before it got that far
    output_ = std::move(output.out);
    complaint_ = std::move(complaint.out);
    for (const int fd : {output_.get(), complaint_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  [[nodiscard]] bool has_ended() const { return pid_ <= 0; }
  /// Sleeps until it says something, `owner` is closed, or `longest` has passed. False: `owner` was closed.
  bool wait(int owner, Duration longest) {
    std::array<pollfd, 3> fds{
        {{output_.get(), POLLIN, 0}, {complaint_.get(), POLLIN, 0}, {owner, 0, 0}}};  // negative ones are left out
    const timespec timeout{longest.count() / 1'000'000'000, longest.count() % 1'000'000'000};
    ::ppoll(fds.data(), fds.size(), &timeout, nullptr);
    if ((fds[2].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return false;
    look();
    read(output_, answer_.output, kMostOutput);
    read(complaint_, answer_.complaint, kMostComplaint);
    return true;
  }
  void kill() const {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
  }
  void end_late(Duration limit) {
    kill();
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    answer_.exit_code = 124;
    answer_.complaint += fmt::format("not ended within {}", format_duration(limit));
  }
  [[nodiscard]] Answer take_answer() { return std::move(answer_); }

 private:
  void give_up() {
    answer_.exit_code = 125;
    answer_.complaint = fmt::format("cannot be started ({})", std::strerror(errno));
    pid_ = 0;
  }
  void look() {
    if (pid_ <= 0) return;
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) return;
    pid_ = 0;
    answer_.exit_code = ended < 0 ? 125 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  static void read(Descriptor& from, std::string& into, std::size_t most) {
    std::array<char, 16384> buffer;
    while (from.is_open()) {
      const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return from.close();
      into.append(buffer.data(), std::min(static_cast<std::size_t>(count), most - into.size()));
    }
  }

  pid_t pid_ = 0;
  Descriptor output_, complaint_;
  Answer answer_;
};

std::optional<Answer> run(int owner, const std::vector<std::string>& argv, Duration limit, const std::string& input) {
  Command command(argv, input);
  const auto start = steady_clock::now();
  Duration look = kFirstLook;
  while (!command.has_ended()) {
    const Duration left = limit - (steady_clock::now() - start);
    if (left <= Duration{0}) {
      command.end_late(limit);
      break;
    }
    if (!command.wait(owner, std::min(look, left))) {
      command.kill();
      return std::nullopt;
    }
    look = std::min(2 * look, kLongestLook);
  }
  return command.take_answer();
}

}  // namespace

Answer run_command(const std::vector<std::string>& argv, Duration limit, const std::string& input) {
  constexpr int kNobody = -1;
  return *run(kNobody, argv, limit, input);
}

std::optional<Answer> run_command_for(int owner, const std::vector<std::string>& argv, Duration limit) {
  return run(owner, argv, limit, {});
}

}  // namespace fugle::slurm
