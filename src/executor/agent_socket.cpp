#include "executor/agent_socket.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::executor {
namespace {

constexpr std::uint32_t kLongestOrder = 4 << 20;

bool is_of_this_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// "ELEMENT/ATTEMPT" NUL HOST NUL COMMAND.
std::optional<AgentSocket::Order> parse(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '\0');
  if (parts.size() != 3) return std::nullopt;
  const std::vector<std::string_view> numbers = split(parts[0], '/');
  if (numbers.size() != 2) return std::nullopt;
  const auto element = parse_number<std::uint32_t>(numbers[0]);
  const auto attempt = parse_number<std::uint32_t>(numbers[1]);
  if (!element || !attempt) return std::nullopt;
  return AgentSocket::Order{-1, *element, *attempt, std::string(parts[1]), std::string(parts[2])};
}

}  // namespace

AgentSocket::AgentSocket()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  std::uint64_t random = 0;
  (void)!::getrandom(&random, sizeof random, 0);
  name_ = fmt::format("fugle-{}-{:016x}", ::getpid(), random);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name_.data(), name_.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
  if (!epoll_.is_open() || !listening_.is_open() ||
      ::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      ::listen(listening_.get(), SOMAXCONN) != 0)
    throw EnvironmentError(fmt::format("cannot make a socket ({}); raise 'ulimit -n'", std::strerror(errno)));
  watch(epoll_.get(), listening_.get());
}

void AgentSocket::accept_all() {
  for (;;) {
    Descriptor socket(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open()) return;
    if (!is_of_this_user(socket.get())) continue;
    const int fd = socket.get();
    watch(epoll_.get(), fd);
    agents_[fd].socket = std::move(socket);
  }
}

bool AgentSocket::read(Agent& agent) {
  char piece[4096];
  for (;;) {
    const ssize_t n = ::recv(agent.socket.get(), piece, sizeof piece, 0);
    if (n > 0) agent.bytes.append(piece, static_cast<std::size_t>(n));
    if (n > 0 || (n < 0 && errno == EINTR)) continue;
    return n < 0 && errno == EAGAIN && agent.bytes.size() <= kLongestOrder + sizeof(std::uint32_t);
  }
}

std::vector<AgentSocket::Order> AgentSocket::poll() {
  accept_all();
  std::vector<Order> orders;
  for (auto at = agents_.begin(); at != agents_.end();) {
    Agent& agent = at->second;
    if (!read(agent)) {
      at = agents_.erase(at);
      continue;
    }
    std::uint32_t size = 0;
    if (agent.bytes.size() >= sizeof size) std::memcpy(&size, agent.bytes.data(), sizeof size);
    const bool is_complete = size > 0 && agent.bytes.size() >= sizeof size + size;
    if (is_complete && !agent.has_said) {
      agent.has_said = true;
      if (auto order = parse(std::string_view(agent.bytes).substr(sizeof size, size))) {
        order->agent = at->first;
        orders.push_back(std::move(*order));
      }
    }
    ++at;
  }
  return orders;
}

void AgentSocket::finish(int agent, std::uint8_t exit_code) {
  const auto found = agents_.find(agent);
  if (found == agents_.end()) return;
  (void)!::send(found->second.socket.get(), &exit_code, 1, MSG_NOSIGNAL);
  agents_.erase(found);
}

}  // namespace fugle::executor
