#include "app/crash_guard.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/error.hpp"

namespace fugle::app {
namespace {

bool is_crash(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGFPE || signal == SIGILL;
}

[[noreturn]] void end_like(int status, const std::string& verb) {
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  if (is_crash(signal)) {
    fmt::print(stderr,
               "fugle: '{}' crashed while it read the run ({}): one of its .h5 files is damaged in a way that was not "
               "foreseen; restore it from a copy, or start a new run\n",
               verb, ::strsignal(signal));
    _exit(static_cast<int>(ExitCode::environment));
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  _exit(static_cast<int>(ExitCode::environment));  // a signal that does not end
}

/// Keys of a terminal reach both: the child decides what they mean.
[[noreturn]] void wait_for(pid_t child, const std::string& verb) {
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGQUIT, SIG_IGN);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  end_like(status, verb);
}

}  // namespace

void continue_in_child(const std::string& verb) {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child > 0) wait_for(child, verb);
  // Where no process can be made, the verb is done here.
  if (child < 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) _exit(static_cast<int>(ExitCode::environment));
}

}  // namespace fugle::app
