#include "executor/spawner/descendants.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "executor/spawner/clock.hpp"
#include "executor/spawner/proc_file.hpp"

namespace fugle::spawner {
namespace {

/// In clock ticks since the boot, see proc(5); 0 when there is no such process, or it is dead and not yet reaped. The
/// name before it, in parentheses, may hold anything.
std::uint64_t start_of(pid_t pid) {
  constexpr std::size_t kFieldsBetween = 18;  // numbers between the state and the start
  const std::string text = read_proc_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t after_name = text.rfind(") ");
  if (after_name == std::string::npos || text[after_name + 2] == 'Z') return 0;
  const auto numbers = numbers_in(std::string_view(text).substr(after_name + 3));
  return numbers.size() > kFieldsBetween ? numbers[kFieldsBetween] : 0;
}

}  // namespace

/// Asked at each end of an attempt: opening it anew would cost more than reading it.
std::vector<pid_t> list_children() {
  static const int file =
      ::open(("/proc/self/task/" + std::to_string(::getpid()) + "/children").c_str(), O_RDONLY | O_CLOEXEC);
  std::string text;
  std::array<char, 4096> piece;
  for (ssize_t n; (n = ::pread(file, piece.data(), piece.size(), static_cast<off_t>(text.size()))) > 0;)
    text.append(piece.data(), static_cast<std::size_t>(n));
  std::vector<pid_t> pids;
  for (const std::uint64_t pid : numbers_in(text)) pids.push_back(static_cast<pid_t>(pid));
  return pids;
}

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  DIR* const tasks = ::opendir(("/proc/" + std::to_string(pid) + "/task").c_str());
  if (tasks == nullptr) return threads;
  while (const dirent* task = ::readdir(tasks))
    if (task->d_name[0] != '.') threads.push_back(static_cast<pid_t>(std::strtol(task->d_name, nullptr, 10)));
  ::closedir(tasks);
  return threads;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  const std::string folder = "/proc/" + std::to_string(pid) + "/task/";
  for (const pid_t thread : threads_of(pid))
    for (const std::uint64_t child : numbers_in(read_proc_file(folder + std::to_string(thread) + "/children")))
      children.push_back(static_cast<pid_t>(child));
  return children;
}

std::vector<pid_t> process_tree(pid_t root) {
  std::vector<pid_t> tree = {root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const std::vector<pid_t> children = children_of(tree[i]);
    tree.insert(tree.end(), children.begin(), children.end());
  }
  return tree;
}

std::uint64_t identity_of(const std::vector<const char*>& environment) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  int found = 0;
  for (const char* name : {"FUGLE_ELEMENT=", "FUGLE_ATTEMPT="}) {
    for (const char* entry : environment) {
      if (std::strncmp(entry, name, std::strlen(name)) != 0) continue;
      for (const char* c = entry; *c != '\0'; ++c) hash = (hash ^ static_cast<unsigned char>(*c)) * 0x100000001b3u;
      ++found;
      break;
    }
  }
  return found == 2 ? hash : 0;
}

std::uint64_t identity_of(pid_t pid) {
  // Children get the variables of their attempt first, so the beginning is enough.
  const std::string text = read_proc_file("/proc/" + std::to_string(pid) + "/environ");
  std::vector<const char*> environment;
  for (const char* at = text.c_str(); at < text.c_str() + text.size(); at += std::strlen(at) + 1)
    environment.push_back(at);
  return identity_of(environment);
}

std::uint32_t mark_of_process(pid_t pid) {
  const auto slack = numbers_in(read_proc_file("/proc/" + std::to_string(pid) + "/timerslack_ns"));
  if (slack.empty() || slack[0] < kFirstMark || slack[0] >= kFirstMark + kNumMarks) return 0;
  return static_cast<std::uint32_t>(slack[0]);
}

bool Hunt::go_on(const std::function<std::vector<pid_t>()>& find_roots, const std::function<bool(pid_t)>& is_prey,
                 int limit_ms) {
  const std::int64_t end = now() + std::int64_t{limit_ms} * 1'000'000;
  for (;;) {
    bool found_new = false;
    for (const pid_t root : find_roots()) {
      if (now() >= end) return false;
      if (!stopped_.contains(root) && is_prey(root)) found_new |= stop_tree(root);
    }
    if (found_new) continue;
    if (!look_twice(end)) break;
    if (now() >= end) return false;
  }
  kill_stopped();
  return true;
}

/// Stopped first and then asked for its children. False when it is gone.
bool Hunt::stop_tree(pid_t root) {
  std::vector<pid_t> found = {root};
  bool is_any_there = false;
  while (!found.empty()) {
    const pid_t pid = found.back();
    found.pop_back();
    const std::uint64_t start = start_of(pid);
    if (start == 0 || stopped_.contains(pid) || ::kill(pid, SIGSTOP) != 0) continue;
    is_any_there = true;
    stopped_.emplace(pid, start);
    for (const pid_t child : children_of(pid)) found.push_back(child);
  }
  return is_any_there;
}

/// What was being forked when its parent was stopped. True when there is more to do.
bool Hunt::look_twice(std::int64_t end) {
  bool found_new = false;
  std::vector<pid_t> parents;
  for (const auto& [pid, start] : stopped_) parents.push_back(pid);
  for (const pid_t parent : parents) {
    if (now() >= end) return true;
    for (const pid_t child : children_of(parent))
      if (!stopped_.contains(child)) found_new |= stop_tree(child);
  }
  return found_new;
}

void Hunt::kill_stopped() {
  for (const auto& [pid, start] : stopped_)
    if (start_of(pid) == start) ::kill(pid, SIGKILL);
  stopped_.clear();
}

void kill_all_descendants(int limit_ms) {
  const std::int64_t end = now() + std::int64_t{limit_ms} * 1'000'000;
  Hunt hunt;
  while (now() < end) {
    const auto left_ms = static_cast<int>((end - now()) / 1'000'000);
    hunt.go_on(
        list_children, [](pid_t) { return true; }, left_ms);
    pid_t reaped;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (reaped < 0) return;  // no child is left
    const timespec millisecond{0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
  hunt.kill_stopped();
}

}  // namespace fugle::spawner
