// What mpirun calls in the place of ssh: `ask_agent` of rank_modes.hpp.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "executor/spawner/rank_modes.hpp"

namespace fugle::spawner {
namespace {

constexpr int kNotReached = 255;  // as ssh has it

int connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() + 1 > sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // abstract: the first byte is 0
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (socket >= 0 && ::connect(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0) return socket;
  if (socket >= 0) ::close(socket);
  return -1;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// The exit code of the command; none when the other side went away before it ended.
int wait_for_end(int socket) {
  std::uint8_t code = 0;
  ssize_t n = 0;
  do n = ::recv(socket, &code, 1, 0);
  while (n < 0 && errno == EINTR);
  return n == 1 ? code : kNotReached;
}

}  // namespace

int ask_agent(const std::vector<std::string>& words) {
  std::size_t at = 1;
  while (at < words.size() && words[at].starts_with('-')) ++at;  // options that are for ssh
  if (at + 1 >= words.size()) {
    std::fputs("fugle-spawner --agent is used by fugle itself; use 'fugle run'\n", stderr);
    return 2;
  }
  const std::size_t slash = std::min(words[0].find('/'), words[0].size() - 1);
  std::string order = words[0].substr(slash + 1) + '\0' + words[at] + '\0';
  for (std::size_t i = at + 1; i < words.size(); ++i) order += (i > at + 1 ? " " : "") + words[i];  // as ssh does
  const std::uint32_t size = static_cast<std::uint32_t>(order.size());
  const int socket = connect_to(words[0].substr(0, slash));
  if (socket < 0 || !send_all(socket, {reinterpret_cast<const char*>(&size), sizeof size}) ||
      !send_all(socket, order)) {
    std::fprintf(stderr, "fugle: cannot reach node '%s' (its attempt has ended)\n", words[at].c_str());
    return kNotReached;
  }
  return wait_for_end(socket);
}

}  // namespace fugle::spawner
