#include "transport/channel.hpp"

#include <limits>

#include "base/assert.hpp"

namespace fugle::transport {
namespace {

constexpr int kTag = 1;
constexpr std::size_t kBatch = 256;  // messages per advance(), so that other ranks get their turn
// A message that the bell has overtaken on its way comes within microseconds; each test costs 0.2 to 2.
constexpr int kTestsBeforePull = 64;
constexpr int kDrainPolls = 32;

bool is_complete(MPI_Request& request) {
  int done = 0;
  check_mpi("MPI_Test", MPI_Test(&request, &done, MPI_STATUS_IGNORE));
  return done != 0;
}

void make_progress() {
  int found = 0;
  check_mpi("MPI_Iprobe", MPI_Iprobe(MPI_ANY_SOURCE, kTag + 1, MPI_COMM_WORLD, &found, MPI_STATUS_IGNORE));
}

}  // namespace

void Channel::send(std::string bytes) {
  if (has_ended_) return;
  FUGLE_EXPECT(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), "message above 2 GiB");
  Sending& sending = sending_.emplace_back();
  sending.bytes = std::move(bytes);
  check_mpi("MPI_Isend", MPI_Isend(sending.bytes.data(), static_cast<int>(sending.bytes.size()), MPI_BYTE, peer_, kTag,
                                   MPI_COMM_WORLD, &sending.request));
  bell_.ring({Note::Kind::message, sending.bytes.size()});
  ++num_sent_;
}

void Channel::say_farewell(std::uint64_t verdict) { bell_.ring({Note::Kind::farewell, verdict}); }

void Channel::confirm() { bell_.ring({Note::Kind::received, num_received_}); }

void Channel::attend_bell() {
  if (has_ended_) return;
  bell_.flush();
  notes_.clear();
  has_ended_ = !bell_.read(notes_);
  for (const Note& note : notes_) take_note(note);
  if (has_ended_) bell_.close();
}

void Channel::take_note(const Note& note) {
  switch (note.kind) {
    case Note::Kind::message: announced_.push_back(note.value); break;
    case Note::Kind::pull:
      is_pulled_ = true;
      bell_.ring({Note::Kind::here});
      break;
    case Note::Kind::here:
      if (pull_ == Pull::asked) pull_ = Pull::answered;
      break;
    case Note::Kind::caught_up: is_pulled_ = false; break;
    case Note::Kind::received: num_confirmed_ = note.value; break;
    case Note::Kind::farewell: farewell_ = note.value; break;
  }
}

void Channel::advance(std::vector<std::string>& arrived) {
  if (is_lost_) return;
  if (is_pulled_) make_progress();
  is_stalled_ = false;
  for (std::size_t num_arrived = 0; num_arrived < kBatch && !announced_.empty(); ++num_arrived) {
    if (!receive_first()) {
      is_stalled_ = true;
      break;
    }
    arrived.push_back(std::move(incoming_));
    announced_.pop_front();
    ++num_received_;
  }
  if (is_stalled_) pull();
  if (announced_.empty()) catch_up();
  while (!sending_.empty() && is_complete(sending_.front().request)) sending_.pop_front();
  is_lost_ = has_ended_ && (announced_.empty() || num_drain_polls_ >= kDrainPolls);
}

bool Channel::receive_first() {
  if (!is_receiving_) {
    incoming_.resize(announced_.front());
    check_mpi("MPI_Irecv", MPI_Irecv(incoming_.data(), static_cast<int>(incoming_.size()), MPI_BYTE, peer_, kTag,
                                     MPI_COMM_WORLD, &receiving_));
    is_receiving_ = true;
  }
  for (int test = 0; test < kTestsBeforePull; ++test) {
    if (is_complete(receiving_)) {
      is_receiving_ = false;
      return true;
    }
  }
  return false;
}

void Channel::pull() {
  if (has_ended_) {
    ++num_drain_polls_;
  } else if (pull_ == Pull::none) {
    pull_ = Pull::asked;
    bell_.ring({Note::Kind::pull});
  }
}

void Channel::catch_up() {
  if (pull_ == Pull::none) return;
  pull_ = Pull::none;
  bell_.ring({Note::Kind::caught_up});
}

bool Channel::is_moving() const {
  if (is_lost_) return false;
  const bool waits_for_peer = is_stalled_ && pull_ == Pull::asked;
  return has_ended_ || is_pulled_ || (!announced_.empty() && !waits_for_peer);
}

}  // namespace fugle::transport
