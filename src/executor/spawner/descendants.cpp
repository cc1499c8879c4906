#include "executor/spawner/descendants.hpp"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <set>
#include <string>

#include "executor/spawner/clock.hpp"
#include "executor/spawner/proc_file.hpp"

namespace fugle::spawner {
namespace {

constexpr int kOneRoundMs = 200;

}  // namespace

std::vector<pid_t> list_children() {
  const std::string path = "/proc/self/task/" + std::to_string(getpid()) + "/children";
  std::vector<pid_t> pids;
  for (const std::uint64_t pid : numbers_in(read_proc_file(path, 1 << 20))) pids.push_back(static_cast<pid_t>(pid));
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

bool kill_trees(const std::function<std::vector<pid_t>()>& find_roots, int limit_ms) {
  const std::int64_t end = now() + std::int64_t{limit_ms} * 1'000'000;
  std::set<pid_t> stopped;
  for (bool found_new = true; found_new;) {
    if (now() >= end) break;
    found_new = false;
    for (const pid_t root : find_roots())
      for (const pid_t pid : process_tree(root))
        if (stopped.insert(pid).second && ::kill(pid, SIGSTOP) == 0) found_new = true;
    // None that was found can fork or exec any more, but for those that were being forked.
  }
  for (const pid_t pid : stopped) ::kill(pid, SIGKILL);
  return now() < end;
}

void kill_all_descendants(int limit_ms) {
  const std::int64_t end = now() + std::int64_t{limit_ms} * 1'000'000;
  while (now() < end) {
    kill_trees(list_children, kOneRoundMs);
    pid_t reaped;
    while ((reaped = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (reaped < 0) return;  // no child is left
    const timespec millisecond{0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
}

}  // namespace fugle::spawner
