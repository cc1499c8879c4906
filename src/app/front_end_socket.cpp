#include "app/front_end_socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace fugle::app {
namespace {

constexpr std::size_t kNumStandard = 3;  // stdin, stdout, stderr
constexpr std::size_t kMostText = 65536;

/// Before the text of a report.
struct Header {
  std::uint32_t kind = 0;
  std::uint32_t text_size = 0;
  std::uint64_t number = 0;
};

bool read_all(const Descriptor& socket, void* data, std::size_t size) {
  return size == 0 || ::recv(socket.get(), data, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

std::pair<sockaddr_un, socklen_t> address_of(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  return {address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size)};
}

std::optional<ucred> peer_of(const Descriptor& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  if (peer.uid != ::geteuid()) return std::nullopt;
  return peer;
}

/// One byte, with room for descriptors.
struct Envelope {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kNumStandard * sizeof(int))> control{};
  msghdr message{};
  Envelope() {
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
  }
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;
};

bool send_standard(const Descriptor& socket) {
  Envelope envelope;
  const std::array<int, kNumStandard> standard{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  cmsghdr* const header = CMSG_FIRSTHDR(&envelope.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof standard);
  std::memcpy(CMSG_DATA(header), standard.data(), sizeof standard);
  return ::sendmsg(socket.get(), &envelope.message, MSG_NOSIGNAL) == 1;
}

bool take_standard(const Descriptor& socket) {
  Envelope envelope;
  if (::recvmsg(socket.get(), &envelope.message, MSG_CMSG_CLOEXEC) != 1) return false;
  const cmsghdr* const header = CMSG_FIRSTHDR(&envelope.message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return false;
  std::array<int, kNumStandard> standard{};
  if (header->cmsg_len != CMSG_LEN(sizeof standard)) return false;
  std::memcpy(standard.data(), CMSG_DATA(header), sizeof standard);
  for (std::size_t at = 0; at < standard.size(); ++at) {
    const Descriptor received(standard[at]);
    if (at == STDIN_FILENO && ::isatty(received.get()) == 1) continue;
    ::dup2(received.get(), static_cast<int>(at));
  }
  return true;
}

}  // namespace

FrontEndSocket::FrontEndSocket() : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  std::uint64_t random = 0;
  (void)!::getrandom(&random, sizeof random, 0);
  name_ = fmt::format("fugle-front-end-{}-{:016x}", ::getpid(), random);
  const auto [address, size] = address_of(name_);
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(socket_.get(), 8) != 0) {
    throw EnvironmentError(
        fmt::format("cannot listen for rank 0 ({}); look at the limits of open files", std::strerror(errno)));
  }
}

std::optional<Guest> FrontEndSocket::admit() {
  Guest guest{.socket = Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC))};
  const auto peer = peer_of(guest.socket);
  if (!peer || !send_standard(guest.socket)) return std::nullopt;
  guest.pid = peer->pid;
  return guest;
}

Descriptor join_front_end(const std::string& name) {
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto [address, size] = address_of(name);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
  if (!peer_of(socket) || !take_standard(socket)) return {};
  return socket;
}

std::string encode(const RankReport& report) {
  const std::string text = report.text.substr(0, kMostText);
  const Header header{static_cast<std::uint32_t>(report.kind), static_cast<std::uint32_t>(text.size()), report.number};
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + text;
}

std::optional<RankReport> take_report(std::string& bytes) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.text_size > kMostText || bytes.size() < sizeof header + header.text_size) return std::nullopt;
  RankReport report{static_cast<RankReport::Kind>(header.kind), header.number,
                    bytes.substr(sizeof header, header.text_size)};
  bytes.erase(0, sizeof header + header.text_size);
  return report;
}

void send_report(const Descriptor& socket, const RankReport& report, IfFull if_full) {
  const std::string bytes = encode(report);
  (void)!::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | (if_full == IfFull::drop ? MSG_DONTWAIT : 0));
}

std::optional<RankReport> read_report(const Descriptor& socket) {
  Header header;
  if (!read_all(socket, &header, sizeof header) || header.text_size > kMostText) return std::nullopt;
  RankReport report{static_cast<RankReport::Kind>(header.kind), header.number, std::string(header.text_size, '\0')};
  if (!read_all(socket, report.text.data(), report.text.size())) return std::nullopt;
  return report;
}

}  // namespace fugle::app
