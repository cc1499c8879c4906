#include "transport/meeting.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kSecretSize = 32;  // hexadecimal digits: 128 bits
constexpr std::size_t kRankSize = 8;
constexpr milliseconds kConnectPatience{5000};  // per address; also what a stranger can hold up the door

std::string random_hex() {
  std::array<unsigned char, kSecretSize / 2> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw EnvironmentError(fmt::format("no random numbers from the system ({}); try again", std::strerror(errno)));
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

/// Abstract: no file to clean up, gone with its process.
Address unix_address(std::string_view name) {
  Address address;
  auto& un = reinterpret_cast<sockaddr_un&>(address.storage);
  un.sun_family = AF_UNIX;
  name.copy(un.sun_path + 1, sizeof un.sun_path - 1);
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return address;
}

std::optional<Address> tcp_address(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return std::nullopt;
  Address address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

Descriptor open_socket(int family) { return Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

Descriptor listen_at(const Address& address) {
  Descriptor socket = open_socket(address.family());
  const int off = 0;
  if (address.family() == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (!socket.is_open() || ::bind(socket.get(), address.get(), address.size) != 0 ||
      ::listen(socket.get(), SOMAXCONN) != 0) {
    return {};
  }
  return socket;
}

Descriptor listen_on_any_port() {
  for (const char* any : {"::", "0.0.0.0"}) {
    if (Descriptor socket = listen_at(*tcp_address(any, "0")); socket.is_open()) return socket;
  }
  throw EnvironmentError(fmt::format(
      "cannot listen for the workers of other nodes ({}); check the network of this node", std::strerror(errno)));
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_in6 bound{};  // the port is at the same place in sockaddr_in
  socklen_t size = sizeof bound;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.sin6_port);
}

bool is_usable(const ifaddrs& interface) {
  if (interface.ifa_addr == nullptr || (interface.ifa_flags & IFF_UP) == 0) return false;
  if (interface.ifa_addr->sa_family == AF_INET) return true;
  if (interface.ifa_addr->sa_family != AF_INET6) return false;
  return !IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(interface.ifa_addr)->sin6_addr);
}

/// Numeric addresses of this node; the loopback ones only when there are no others, lest a worker knocks at its own.
std::vector<std::string> own_hosts() {
  std::vector<std::string> real;
  std::vector<std::string> loopback;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {"127.0.0.1"};
  for (const ifaddrs* it = all; it != nullptr; it = it->ifa_next) {
    if (!is_usable(*it)) continue;
    const socklen_t size = it->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::array<char, NI_MAXHOST> host;
    if (::getnameinfo(it->ifa_addr, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) continue;
    ((it->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : real).emplace_back(host.data());
  }
  ::freeifaddrs(all);
  return real.empty() ? loopback : real;
}

void limit_waiting(const Descriptor& socket, int option, milliseconds patience) {
  const timeval limit{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, option, &limit, sizeof limit);
}

bool send_all(const Descriptor& socket, std::string_view bytes) {
  return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string receive_exactly(const Descriptor& socket, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::recv(socket.get(), bytes.data(), size, MSG_WAITALL);
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

/// A node that loses power sends no end of stream: the kernel asks after 10 s of silence and gives up after 30 s.
void watch_for_silence(const Descriptor& socket) {
  const auto set = [&](int level, int option, int value) {
    ::setsockopt(socket.get(), level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

/// One descriptor per worker may be more than the usual soft limit of 1,024.
void allow_descriptors(std::uint32_t num_workers) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, num_workers + 512));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string greeting(const std::string& secret, std::uint32_t rank) { return fmt::format("{}{:08x}", secret, rank); }

/// The rank in a greeting; nothing when it is not one of ours.
std::optional<std::uint32_t> greeted_rank(const std::string& words, const std::string& secret) {
  if (words.size() != kSecretSize + kRankSize) return std::nullopt;
  const auto rank = static_cast<std::uint32_t>(std::strtoul(words.c_str() + kSecretSize, nullptr, 16));
  if (words != greeting(secret, rank)) return std::nullopt;
  return rank;
}

Descriptor knock(const Address& address, const std::string& words, const std::string& answer, milliseconds patience) {
  Descriptor socket = open_socket(address.family());
  if (!socket.is_open()) return {};
  limit_waiting(socket, SO_SNDTIMEO, kConnectPatience);
  limit_waiting(socket, SO_RCVTIMEO, patience);
  if (address.family() != AF_UNIX) watch_for_silence(socket);
  if (::connect(socket.get(), address.get(), address.size) != 0) return {};
  if (!send_all(socket, words) || receive_exactly(socket, answer.size()) != answer) return {};
  return socket;
}

}  // namespace

Meeting::Meeting(Reach reach) : worker_secret_(random_hex()), head_secret_(random_hex()) {
  const std::string name = "fugle-bells-" + random_hex();
  unix_ = listen_at(unix_address(name));
  if (!unix_.is_open()) {
    throw EnvironmentError(fmt::format(
        "cannot listen for the workers of this node ({}); check the limits of open files", std::strerror(errno)));
  }
  invitation_ = fmt::format("{} {} {}", worker_secret_, head_secret_, name);
  if (reach == Reach::this_node) return;
  tcp_ = listen_on_any_port();
  for (const std::string& host : own_hosts()) invitation_ += fmt::format(" {} {}", host, port_of(tcp_));
}

std::vector<Descriptor> Meeting::gather(std::uint32_t num_workers, milliseconds patience) {
  allow_descriptors(num_workers);
  std::vector<Descriptor> seats(num_workers);
  std::uint32_t num_free = num_workers;
  const auto deadline = steady_clock::now() + patience;
  while (num_free > 0) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) {
      throw EnvironmentError(
          fmt::format("{} of {} workers did not reach the head within {} s (no connection to it); check that the nodes "
                      "of the allocation can open TCP connections to each other",
                      num_free, num_workers, patience.count() / 1000));
    }
    std::array<pollfd, 2> doors{{{unix_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}}};
    if (::poll(doors.data(), doors.size(), static_cast<int>(left.count())) <= 0) continue;
    for (const pollfd& door : doors) {
      if ((door.revents & POLLIN) != 0 && admit(door.fd, seats)) --num_free;
    }
  }
  return seats;
}

bool Meeting::admit(int door, std::vector<Descriptor>& seats) const {
  Descriptor guest(::accept4(door, nullptr, nullptr, SOCK_CLOEXEC));
  if (!guest.is_open()) return false;
  limit_waiting(guest, SO_RCVTIMEO, kConnectPatience);
  if (door == tcp_.get()) watch_for_silence(guest);
  const auto rank = greeted_rank(receive_exactly(guest, kSecretSize + kRankSize), worker_secret_);
  if (!rank || *rank == 0 || *rank > seats.size() || seats[*rank - 1].is_open()) return false;
  if (!send_all(guest, head_secret_)) return false;
  seats[*rank - 1] = std::move(guest);
  return true;
}

Descriptor join_meeting(const std::string& invitation, std::uint32_t rank, Reach head_is_on, milliseconds patience) {
  const std::vector<std::string_view> words = split(invitation, ' ');
  const std::string greeting_words = greeting(std::string(words.at(0)), rank);
  const std::string answer(words.at(1));
  if (head_is_on == Reach::this_node) {
    Descriptor socket = knock(unix_address(words.at(2)), greeting_words, answer, patience);
    if (socket.is_open()) return socket;
  }
  for (std::size_t at = 3; at + 1 < words.size(); at += 2) {
    const auto address = tcp_address(std::string(words[at]), std::string(words[at + 1]));
    if (!address) continue;
    Descriptor socket = knock(*address, greeting_words, answer, patience);
    if (socket.is_open()) return socket;
  }
  throw EnvironmentError(
      fmt::format("rank {} cannot reach the head (last try: {}; told: {}); check that the nodes of "
                  "the allocation can open TCP connections to each other",
                  rank, std::strerror(errno), fmt::join(words.begin() + 2, words.end(), " ")));
}

}  // namespace fugle::transport
