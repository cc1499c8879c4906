// Makes one child process: own process group, killed when the spawner dies, standard input empty, output and errors in
// pipes, all signals at their defaults, the limit of open files as the rank had it, everything else closed by
// close-on-exec. Bound to its CPUs and NUMA nodes,
// where it has some, before the exec: not by a program in between, which would cost a third of the rate of starts.
//
// Memory is preferred on the NUMA nodes, not bound to them. Bound, a task that needs more than is left there would be
// killed, or swap, beside gigabytes of free memory; the page cache of its own files and its neighbours fill nodes too.
// Preferred, it gets the near memory while there is some. Kernels before 5.15 can prefer one node only: with several we
// leave them their default there, which is to take memory near the CPU that first writes to it.
//
// The child is cloned with shared memory and without waiting for its exec: fork would copy page tables, vfork and
// posix_spawn hold the caller until the exec is done, some 50 us on a free core and milliseconds on a busy one. So the
// image below must stay untouched until is_free(), and the code between clone and exec uses raw system calls only.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "executor/spawner/bit_set.hpp"
#include "executor/wire.hpp"

namespace fugle::spawner {

using executor::wire::Step;

class Child {
 public:
  struct Program {
    const char* workdir = "/";
    std::vector<const char*> argv{};  ///< at least one word
    std::vector<const char*> environment{};
    BitSet cpus{};           ///< empty: not bound
    BitSet numa_nodes{};     ///< empty: no preference
    std::uint32_t mark = 0;  ///< see descendants.hpp; 0: none
    int group = -1;          ///< `cgroup.procs` of the control group it enters; -1: it stays in ours
  };

  Child() {}  // not "= default": value initialization would then clear the stack

  /// Clones. The program's texts must live until is_free(); after that another may be started by the same object.
  /// Returns the pid, or minus the errno.
  [[nodiscard]] pid_t start(Program program, int null_fd, int output_fd, int error_fd);

  /// The child has its own memory now, or is gone: the program's texts and this object may be dropped.
  [[nodiscard]] bool is_free() const { return in_use_ == 0; }
  void release_program();

  /// Where it stopped and why; of meaning once the child has ended.
  [[nodiscard]] Step step() const { return step_; }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int bind_error() const { return bind_error_; }
  /// Of entering the control group, without which it runs.
  [[nodiscard]] int group_error() const { return group_error_; }

 private:
  static int run(void* self);
  [[nodiscard]] int become_program();
  void enter_group();
  void bind();
  [[nodiscard]] int execute(const char* path);

  Program program_;
  std::vector<const char*> script_argv_;  ///< for a program without "#!": sh, path, arguments
  std::vector<std::string> candidates_;   ///< paths to try, in the order of PATH
  int null_fd_ = -1;
  int output_fd_ = -1;
  int error_fd_ = -1;
  pid_t spawner_ = 0;

  // Written by the child or, for it, by the kernel.
  volatile Step step_ = Step::done;
  volatile int error_ = 0;
  volatile int bind_error_ = 0;
  volatile int group_error_ = 0;
  volatile int in_use_ = 0;
  alignas(16) std::array<char, 16 * 1024> stack_;
};

/// As many files may be open here as the system allows at most; children start with the limit there was. Once, before
/// any child.
void raise_file_limit();

/// Paths under which a shell would look for the program: itself when it holds a slash, else along PATH.
[[nodiscard]] std::vector<std::string> program_candidates(const std::string& program, const std::string& path);

}  // namespace fugle::spawner
