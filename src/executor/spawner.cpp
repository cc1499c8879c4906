// Finds and starts the spawner program: `Spawner` of process_executor.hpp.
#include <fmt/format.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "executor/process_executor.hpp"

namespace fugle::executor {
namespace {

constexpr int kSocketInSpawner = 3;

/// Starts `program` with `socket` as its descriptor 3, in a session of its own.
int start_spawner(const std::string& program, int socket, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kSocketInSpawner);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  sigset_t all;  // from its first instruction on it must outlive what ends us
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &all);
  char name[] = "fugle-spawner";
  char* argv[] = {name, nullptr};
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

/// Where the program `fugle` of PATH lies; empty: there is none.
std::filesystem::path folder_of_fugle() {
  const char* const path = std::getenv("PATH");
  std::error_code error;
  for (const std::string_view folder : split(path != nullptr ? path : "", ':')) {
    if (folder.empty()) continue;
    const std::filesystem::path program = std::filesystem::canonical(std::filesystem::path(folder) / "fugle", error);
    if (!error && ::access(program.c_str(), X_OK) == 0) return program.parent_path();
  }
  return {};
}

/// See set_helper_folder().
std::filesystem::path& helpers_of_installation() {
  static std::filesystem::path folder;
  return folder;
}

/// A program of ours that is no command: beside this one, or in ../libexec/fugle from there; for C++ programs with a
/// workflow of their own, which lie anywhere, where they were told, or as seen from the `fugle` of PATH.
std::string find_helper(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto seen_from = [](const fs::path& folder) {
    return std::vector<fs::path>{folder, folder.parent_path() / "libexec" / "fugle"};
  };
  std::vector<fs::path> folders = seen_from(fs::read_symlink("/proc/self/exe", error).parent_path());
  if (const fs::path& told = helpers_of_installation(); !told.empty()) folders.push_back(told);
  if (const fs::path found = folder_of_fugle(); !found.empty())
    for (const fs::path& folder : seen_from(found)) folders.push_back(folder);
  std::string places;
  for (const fs::path& folder : folders) {
    if (::access((folder / name).c_str(), X_OK) == 0) return (folder / name).string();
    places += (places.empty() ? "" : ", ") + folder.string();
  }
  throw EnvironmentError(fmt::format(
      "program '{}' not found (looked in {}); if the installation of fugle was moved, put its bin into PATH, "
      "or configure and link this program again",
      name, places));
}

}  // namespace

void set_helper_folder(const std::string& folder) { helpers_of_installation() = folder; }
std::string find_spawner_program() { return find_helper("fugle-spawner"); }
std::string find_plugin_host() { return find_helper("fugle-plugin-host"); }

Spawner::Spawner(const std::string& program) : program_(program) {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    throw EnvironmentError(fmt::format("cannot make a socket ({}); raise 'ulimit -n'", std::strerror(errno)));
  const int error = start_spawner(program, sockets[1], pid_);
  ::close(sockets[1]);
  if (error != 0) {
    ::close(sockets[0]);
    throw EnvironmentError(
        fmt::format("cannot start '{}' ({}); check the installation", program, std::strerror(error)));
  }
  socket_ = sockets[0];
}

Spawner::~Spawner() {
  if (socket_ < 0) return;
  ::close(socket_);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Spawner::Spawner(Spawner&& other) noexcept
    : program_(std::move(other.program_)),
      socket_(std::exchange(other.socket_, -1)),
      pid_(std::exchange(other.pid_, -1)) {}

}  // namespace fugle::executor
