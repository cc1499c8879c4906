// A doorbell: the stream socket beside an MPI connection that wakes the other rank. MPI offers nothing a process can
// sleep on, so whoever sends an MPI message also leaves a note here, and the receiver sleeps in epoll on its bells.
// Notes are 8 bytes, arrive in order and are never lost: a receiver always knows exactly how many messages it is owed
// and how long each is. The end of the stream is how a rank learns that another died.
//
// Knows nothing of MPI. Used by the one thread that owns the transport. Never blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace fugle::transport {

struct Note {
  enum class Kind : std::uint8_t {
    message,    ///< an MPI message of `value` bytes has been sent
    pull,       ///< what you announced does not arrive by itself: make MPI progress
    here,       ///< answer to pull: progress is being made until caught_up
    caught_up,  ///< everything announced so far has arrived
    received,   ///< `value` messages have arrived so far
    farewell,   ///< no more messages; from the head `value` says whether all ranks are alive
  };
  Kind kind = Kind::message;
  std::uint64_t value = 0;  ///< below 2^56
  bool operator==(const Note&) const = default;
};

class Bell {
 public:
  /// Takes a connected stream socket, makes it non-blocking and registers it at `epoll` under `key`.
  Bell(Descriptor socket, int epoll, std::uint32_t key);

  /// Queues the note and writes what the socket takes; the rest follows when epoll reports the socket writable.
  void ring(Note note);
  /// Writes what could not be written earlier.
  void flush();
  /// Appends the notes that have arrived. False at the end of the stream: the other side is gone.
  [[nodiscard]] bool read(std::vector<Note>& notes);
  [[nodiscard]] bool has_unsent() const { return sent_ < unsent_.size(); }
  /// Closes the socket, which also takes it out of epoll; the other side sees the end of the stream.
  void close();

 private:
  void watch_writable(bool on);

  Descriptor socket_;
  int epoll_;
  std::uint32_t key_;
  bool is_watching_writable_ = false;
  std::string unsent_;  ///< bytes of notes, the first sent_ of which are written
  std::size_t sent_ = 0;
  std::string partial_;  ///< the first bytes of a note whose rest has not arrived
};

}  // namespace fugle::transport
