#include "transport/bell.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace fugle::transport {
namespace {

constexpr std::size_t kNoteSize = sizeof(std::uint64_t);
constexpr int kKindShift = 56;
constexpr std::uint64_t kValueMask = (std::uint64_t{1} << kKindShift) - 1;

std::uint64_t pack(Note note) {
  FUGLE_EXPECT(note.value <= kValueMask);
  return std::uint64_t{static_cast<std::uint8_t>(note.kind)} << kKindShift | note.value;
}

Note unpack(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, kNoteSize);
  return {static_cast<Note::Kind>(word >> kKindShift), word & kValueMask};
}

}  // namespace

Bell::Bell(Descriptor socket, int epoll, std::uint32_t key) : socket_(std::move(socket)), epoll_(epoll), key_(key) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  epoll_event event{.events = EPOLLIN, .data = {.u32 = key_}};
  FUGLE_CHECK_THAT(::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.get(), &event) == 0);
}

void Bell::ring(Note note) {
  if (!socket_.is_open()) return;
  const std::uint64_t word = pack(note);
  unsent_.append(reinterpret_cast<const char*>(&word), kNoteSize);
  if (!is_watching_writable_) flush();
}

void Bell::flush() {
  while (has_unsent()) {
    const ssize_t written = ::send(socket_.get(), unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;  // full, or broken: then read() finds the end of the stream
    sent_ += static_cast<std::size_t>(written);
  }
  if (!has_unsent()) {
    unsent_.clear();
    sent_ = 0;
  }
  watch_writable(has_unsent());
}

bool Bell::read(std::vector<Note>& notes) {
  std::array<char, 4096> buffer;
  while (socket_.is_open()) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (count <= 0) return false;
    partial_.append(buffer.data(), static_cast<std::size_t>(count));
    const std::size_t whole = partial_.size() / kNoteSize * kNoteSize;
    for (std::size_t at = 0; at < whole; at += kNoteSize) notes.push_back(unpack(partial_.data() + at));
    partial_.erase(0, whole);
    if (static_cast<std::size_t>(count) < buffer.size()) return true;
  }
  return false;
}

void Bell::close() {
  socket_.close();
  unsent_.clear();
  sent_ = 0;
}

void Bell::watch_writable(bool on) {
  if (on == is_watching_writable_) return;
  is_watching_writable_ = on;
  const std::uint32_t events = on ? EPOLLIN | EPOLLOUT : EPOLLIN;
  epoll_event event{.events = events, .data = {.u32 = key_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_.get(), &event);
}

}  // namespace fugle::transport
