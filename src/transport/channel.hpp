// The connection to one other rank: MPI carries the bytes, the bell says that they are there.
//
// The handshake. The sender starts MPI_Isend, then rings `message <size>`. The receiver, woken by the bell, posts an
// MPI_Irecv of exactly that size and tests it; as it counts announcements, no wake-up can be lost, and the usual small
// message is complete at the first test. When it is not (a rendezvous, a full socket buffer below MPI, a connection
// being opened), the sender may be asleep, and MPI moves nothing while a side sleeps. So the receiver rings `pull` and
// may sleep; the sender answers `here` and both make progress until the receiver rings `caught_up`. Hence nobody spins
// for a rank that is not looking, and a sender may sleep on an incomplete MPI_Isend.
//
// A dead peer: MPI says nothing, the bell's stream ends. What MPI has of its messages already is still delivered; what
// does not arrive after kDrainPolls polls never will. Requests left over are abandoned, and their buffers live as long
// as the channel: keep it until the last MPI call.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "transport/bell.hpp"
#include "transport/mpi_call.hpp"

namespace fugle::transport {

class Channel {
 public:
  Channel(int peer, Bell bell) : peer_(peer), bell_(std::move(bell)) {}
  Channel(Channel&&) = delete;  // MPI knows the addresses of our buffers

  /// Nothing when the peer is lost. The size is limited by MPI's int counts: 2 GiB.
  void send(std::string bytes);
  void say_farewell(std::uint64_t verdict);
  /// The bell is readable or writable.
  void attend_bell();
  /// Makes progress; appends the messages that arrived, at most a batch.
  void advance(std::vector<std::string>& arrived);

  /// Polling again at once makes sense: data is moving, or arrived and not fetched.
  [[nodiscard]] bool is_moving() const;
  /// Has anything under way, so that advance() has something to do.
  [[nodiscard]] bool is_active() const { return is_moving() || !announced_.empty() || !sending_.empty(); }
  /// The stream has ended and nothing more can be delivered.
  [[nodiscard]] bool is_lost() const { return is_lost_; }
  [[nodiscard]] bool has_unsent_notes() const { return bell_.has_unsent(); }
  /// The peer's last word, once everything before it has arrived.
  [[nodiscard]] std::optional<std::uint64_t> farewell() const { return announced_.empty() ? farewell_ : std::nullopt; }
  /// Tells the peer how much of what it sent has arrived.
  void confirm();
  /// The peer has confirmed everything sent.
  [[nodiscard]] bool has_all_arrived() const { return num_confirmed_ == num_sent_; }

 private:
  struct Sending {
    MPI_Request request = MPI_REQUEST_NULL;
    std::string bytes;
  };
  enum class Pull : std::uint8_t { none, asked, answered };

  void take_note(const Note& note);
  /// True when the first announced message is complete.
  [[nodiscard]] bool receive_first();
  void pull();
  void catch_up();

  int peer_;
  Bell bell_;
  std::vector<Note> notes_;
  std::deque<std::uint64_t> announced_;  ///< sizes of messages that have not arrived yet
  MPI_Request receiving_ = MPI_REQUEST_NULL;
  std::string incoming_;  ///< buffer of receiving_
  bool is_receiving_ = false;
  bool is_stalled_ = false;  ///< the first announced message was incomplete at the last advance()
  Pull pull_ = Pull::none;   ///< of ours
  bool is_pulled_ = false;   ///< the peer waits for our progress
  std::deque<Sending> sending_;
  std::uint64_t num_sent_ = 0;
  std::uint64_t num_confirmed_ = 0;
  std::uint64_t num_received_ = 0;
  std::optional<std::uint64_t> farewell_;
  bool has_ended_ = false;  ///< end of the peer's stream
  int num_drain_polls_ = 0;
  bool is_lost_ = false;
};

}  // namespace fugle::transport
