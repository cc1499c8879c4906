#include "app/stop_signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hpp"

namespace fugle::app {

StopSignals::StopSignals() {
  sigset_t stops;
  sigemptyset(&stops);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    // Who started us may want them ignored (nohup, a background job of a script); blocked, they would still be read.
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&stops, signal);
  }
  sigprocmask(SIG_BLOCK, &stops, nullptr);
  // A reader of our output that goes away (a pipe, a closed terminal) must not end the run.
  std::signal(SIGPIPE, SIG_IGN);
  fd_ = signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd_ < 0) throw EnvironmentError("cannot watch for signals (signalfd failed); raise the limit of open files");
}

StopSignals::~StopSignals() { close(fd_); }

std::optional<int> StopSignals::take() {
  signalfd_siginfo info;
  if (read(fd_, &info, sizeof info) != sizeof info) return std::nullopt;
  if (info.ssi_signo == SIGTERM) last_term_ = std::chrono::steady_clock::now();
  return static_cast<int>(info.ssi_signo);
}

}  // namespace fugle::app
