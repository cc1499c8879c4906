#include "app/own_children.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace fugle::app {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatienceWithSpawners{10};
constexpr std::chrono::seconds kLongest{20};
constexpr std::chrono::milliseconds kBetweenLooks{5};

}  // namespace

std::set<pid_t> children_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", pid));
  std::set<pid_t> children;
  for (pid_t child = 0; file >> child;) children.insert(child);
  return children;
}

std::string name_of_process(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

bool runs_our_program(pid_t pid) {
  std::error_code unreadable;
  const auto program = std::filesystem::read_symlink(fmt::format("/proc/{}/exe", pid), unreadable);
  return !unreadable && program == std::filesystem::read_symlink("/proc/self/exe");
}

void end_own_children(const std::set<pid_t>& spared) {
  const auto start = steady_clock::now();
  while (steady_clock::now() - start < kLongest) {
    bool is_any_left = false;
    for (const pid_t child : children_of(::getpid())) {
      if (spared.contains(child)) continue;
      if (::waitpid(child, nullptr, WNOHANG) == child) continue;
      is_any_left = true;
      if (name_of_process(child) != "fugle-spawner" || steady_clock::now() - start > kPatienceWithSpawners)
        ::kill(child, SIGKILL);
    }
    if (!is_any_left) return;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace fugle::app
