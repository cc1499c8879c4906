// A control group with a memory limit for one attempt, where the system lets us make one: then the kernel keeps the
// limit (cgroup v2: Documentation/admin-guide/cgroup-v2.rst, memory.max and memory.oom.group; v1: cgroup-v1/memory.rst)
// and ends all of the attempt at once, daemons included. Made only for attempts that ask for memory, because making,
// entering and removing a group costs as much as a short task.
//
// Groups are made beside our own or inside it, whichever may have a memory limit: version 2 gives no limits to the
// children of a group that holds processes itself, so a delegated slice (systemd: Delegate=yes) gets siblings of us.
// Nothing but our own groups is changed; where that does not suffice there is no group, and memory.hpp watches instead.
//
// Both count differently. A group is charged for what its processes touch first: pages of files, which the kernel
// drops again before it kills, and files in /dev/shm, which it can not drop. The watcher counts neither.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace fugle::spawner {

class ControlGroup {
 public:
  /// Kills what is in it and removes it, or leaves an empty directory.
  ~ControlGroup();
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  /// `cgroup.procs`, open for a child to write itself into.
  [[nodiscard]] int procs() const { return procs_; }
  /// Processes the kernel has killed in it for lack of memory.
  [[nodiscard]] std::uint64_t oom_kills() const;
  /// Most bytes it was charged with at once; 0 where the kernel does not tell (version 2 before Linux 5.19).
  [[nodiscard]] std::uint64_t peak_bytes() const;
  /// SIGKILL to all in it: at once where the kernel does it (cgroup.kill, Linux 5.14), else one by one.
  void kill_all() const;
  /// False while something in it has not died.
  [[nodiscard]] bool remove();

 private:
  friend class ControlGroups;
  ControlGroup(std::string path, bool is_version_2);

  std::string path_;  ///< empty once it is removed
  bool is_version_2_;
  int procs_ = -1;
};

class ControlGroups {
 public:
  /// Null where groups with a memory limit can not be made. `number`: told from those of the same spawner.
  [[nodiscard]] std::unique_ptr<ControlGroup> make(std::uint64_t number, std::uint64_t limit_bytes);

 private:
  [[nodiscard]] std::unique_ptr<ControlGroup> make_in(const std::string& parent, bool is_version_2,
                                                      std::uint64_t number, std::uint64_t limit_bytes) const;
  void find_parent(std::uint64_t limit_bytes);

  bool has_looked_ = false;
  bool is_version_2_ = false;
  std::string parent_;  ///< empty: there is none
};

}  // namespace fugle::spawner
