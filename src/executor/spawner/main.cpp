// fugle-spawner: starts and watches the children of one rank. Started by the rank before MPI_Init, with one end of a
// socket as descriptor 3; ends when the other end is closed. A program of its own and small, because what a rank
// carries after MPI_Init (memory, sockets, threads, network registrations) makes starting children slow or dangerous,
// and because it outlives its rank by the moment it takes to end the children. It is also the program that removes
// directories for it, see remove_tree.hpp, and that launches and binds MPI ranks, see rank_modes.hpp.
//
// What children can do to it. They run as the same user, so nothing keeps one from kill(getppid(), SIGKILL): then the
// kernel kills all of them (PR_SET_PDEATHSIG), the rank looks for what they had started, and the attempts end as
// `lost`. All other signals are blocked here, so kill(-1, SIGTERM) does not reach it; SIGSTOP does, and the rank wakes
// it again (process_executor.cpp). A child can not see our descriptors, and the user's debuggers work as anywhere.
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "executor/spawner/child.hpp"
#include "executor/spawner/rank_modes.hpp"
#include "executor/spawner/remove_tree.hpp"
#include "executor/spawner/server.hpp"

namespace {

constexpr int kSocket = 3;
using fugle::spawner::kRemove;
using fugle::spawner::kRemoveLeftovers;

/// Children start with default dispositions; whatever the rank was started with (nohup) ends here. Signals are
/// blocked rather than ignored, as only that is undone in a child by one system call.
void reset_signals() {
  // Not by libc, which keeps two signals to itself and would let them stay ignored. Zeros mean "default, no flags".
  constexpr std::size_t kSignalSetBytes = 8;
  const unsigned long to_default[4] = {};
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, to_default, nullptr, kSignalSetBytes);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

/// Nothing of the rank must stay open in here: a pipe or socket held by us would never see its end.
void close_inherited() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    ::dup2(null, fd);
    if (null > STDERR_FILENO) ::close(null);
  }
  if (::close_range(kSocket + 1, ~0u, 0) != 0)  // before Linux 5.9
    for (long fd = kSocket + 1; fd < ::sysconf(_SC_OPEN_MAX); ++fd) ::close(static_cast<int>(fd));
  ::fcntl(kSocket, F_SETFD, FD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], kRemove) == 0) return fugle::spawner::remove_tree(argv[2]) == 0 ? 0 : 1;
  if (argc == 4 && std::strcmp(argv[1], kRemoveLeftovers) == 0) {
    fugle::spawner::remove_leftovers(argv[2], argv[3]);
    return 0;
  }
  if (argc > 2) {
    const std::vector<std::string> words(argv + 2, argv + argc);
    if (std::strcmp(argv[1], fugle::spawner::kLaunch) == 0) return fugle::spawner::launch(words);
    if (std::strcmp(argv[1], fugle::spawner::kBindRank) == 0) return fugle::spawner::bind_rank(words);
    if (std::strcmp(argv[1], fugle::spawner::kAgent) == 0) return fugle::spawner::ask_agent(words);
  }
  if (::fcntl(kSocket, F_GETFD) < 0) {
    std::fputs("fugle-spawner is started by fugle itself (descriptor 3 is not open); use 'fugle run'\n", stderr);
    return 3;
  }
  reset_signals();
  close_inherited();
  fugle::spawner::raise_file_limit();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);  // a large command goes back to the system: our size is our children's floor
  fugle::spawner::Server(kSocket).run();
  return 0;
}
