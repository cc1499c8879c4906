#include "executor/spawner/child.hpp"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include "executor/spawner/raw_syscall.hpp"

namespace fugle::spawner {
namespace {

constexpr long kPreferMany = 5;  // MPOL_PREFERRED_MANY, which older headers lack

rlimit64 file_limit_of_children{};  ///< all 0: as ours

template <class T>
long as_long(T* pointer) {
  return static_cast<long>(reinterpret_cast<std::intptr_t>(pointer));
}

const char* find_variable(const std::vector<const char*>& environment, const char* name_and_equals) {
  const std::size_t length = std::strlen(name_and_equals);
  for (const char* entry : environment)
    if (entry != nullptr && std::strncmp(entry, name_and_equals, length) == 0) return entry + length;
  return nullptr;
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& program, const std::string& path) {
  if (program.find('/') != std::string::npos || program.empty()) return {program};
  std::vector<std::string> candidates;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    const std::string folder = path.substr(begin, end - begin);
    candidates.push_back(folder.empty() ? program : folder + "/" + program);  // an empty part means "here"
    begin = end + 1;
  }
  return candidates;
}

void raise_file_limit() {
  rlimit64 limit{};
  if (::getrlimit64(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  const rlimit64 raised{limit.rlim_max, limit.rlim_max};
  if (::setrlimit64(RLIMIT_NOFILE, &raised) == 0) file_limit_of_children = limit;
}

pid_t Child::start(Program program, int null_fd, int output_fd, int error_fd) {
  program_ = std::move(program);
  const char* path = find_variable(program_.environment, "PATH=");
  candidates_ = program_candidates(program_.argv[0], path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
  script_argv_ = {"sh", nullptr};
  script_argv_.insert(script_argv_.end(), program_.argv.begin() + 1, program_.argv.end());
  for (auto* words : {&program_.argv, &program_.environment, &script_argv_}) words->push_back(nullptr);
  null_fd_ = null_fd;
  output_fd_ = output_fd;
  error_fd_ = error_fd;
  spawner_ = getpid();
  step_ = Step::done;
  error_ = 0;
  bind_error_ = 0;
  group_error_ = 0;
  in_use_ = 1;

  const int flags = CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD | (kRunsBesideChild ? 0 : CLONE_VFORK);
  const pid_t pid =
      ::clone(&Child::run, stack_.data() + stack_.size(), flags, this, nullptr, nullptr, const_cast<int*>(&in_use_));
  if (pid < 0) {
    in_use_ = 0;
    return -errno;
  }
  ::setpgid(pid, pid);  // the child does the same: whoever is first, a signal to the group finds it
  return pid;
}

void Child::release_program() {
  program_ = {};
  script_argv_ = {};
  candidates_ = {};
}

int Child::run(void* self) {
  auto* child = static_cast<Child*>(self);
  child->error_ = -child->become_program();
  return 127;
}

/// Returns minus the errno of the step that failed.
int Child::become_program() {
  step_ = Step::execute;
  raw_syscall(SYS_setpgid, 0, 0);
  raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (raw_syscall(SYS_getppid) != spawner_) raw_syscall(SYS_exit_group, 127);
  enter_group();
  bind();
  if (program_.mark != 0) raw_syscall(SYS_prctl, PR_SET_TIMERSLACK, program_.mark);
  if (file_limit_of_children.rlim_max != 0)
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, as_long(&file_limit_of_children));
  raw_syscall(SYS_dup3, null_fd_, STDIN_FILENO, 0);
  raw_syscall(SYS_dup3, output_fd_, STDOUT_FILENO, 0);
  raw_syscall(SYS_dup3, error_fd_, STDERR_FILENO, 0);
  if (const long failed = raw_syscall(SYS_chdir, as_long(program_.workdir)); failed < 0) {
    step_ = Step::enter_workdir;
    return static_cast<int>(failed);
  }
  const std::uint64_t no_signals = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, as_long(&no_signals), 0, sizeof no_signals);

  int worst = -ENOENT;
  step_ = Step::done;  // no code of ours runs after a successful exec
  for (const std::string& candidate : candidates_) {
    const int failed = execute(candidate.c_str());
    if (failed == -ENOENT || failed == -ENOTDIR) continue;
    worst = failed;
    if (failed != -EACCES) break;
  }
  step_ = Step::execute;
  return worst;
}

void Child::enter_group() {
  if (program_.group < 0) return;
  const char this_process[] = "0";
  if (const long result = raw_syscall(SYS_write, program_.group, as_long(this_process), 1); result < 0)
    group_error_ = static_cast<int>(-result);
}

/// A task that can not be bound runs all the same, and its end says so.
void Child::bind() {
  const BitSet& cpus = program_.cpus;
  if (!cpus.is_empty()) {
    const long result =
        raw_syscall(SYS_sched_setaffinity, 0, static_cast<long>(cpus.num_bytes()), as_long(cpus.data()));
    if (result < 0) bind_error_ = static_cast<int>(-result);
  }
  const BitSet& nodes = program_.numa_nodes;
  if (nodes.is_empty()) return;
  const auto num_bits = static_cast<long>(nodes.num_bytes() * 8 + 1);  // the kernel leaves the last one out
  if (raw_syscall(SYS_set_mempolicy, kPreferMany, as_long(nodes.data()), num_bits) < 0 && nodes.is_single())
    raw_syscall(SYS_set_mempolicy, MPOL_PREFERRED, as_long(nodes.data()), num_bits);
}

int Child::execute(const char* path) {
  const long environment = as_long(program_.environment.data());
  const long failed = raw_syscall(SYS_execve, as_long(path), as_long(program_.argv.data()), environment);
  if (failed != -ENOEXEC) return static_cast<int>(failed);
  script_argv_[1] = path;  // text without "#!": a shell would run it, so do we
  return static_cast<int>(raw_syscall(SYS_execve, as_long("/bin/sh"), as_long(script_argv_.data()), environment));
}

}  // namespace fugle::spawner
