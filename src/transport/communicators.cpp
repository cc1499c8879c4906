#include "transport/communicators.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "transport/mpi_call.hpp"

namespace fugle::transport {
namespace {

using graph::FailureClass;
using Clock = std::chrono::steady_clock;

/// The least that MPI_TAG_UB may be is 0x7fff; the lower half is of others (channel.cpp).
constexpr int kFirstNoteTag = 0x4000;
constexpr std::uint32_t kNoteTagBits = 0x3fff;
constexpr std::uint32_t kGroupTagBits = 0x7fff;
/// Who waits longer than this does not spin any more: its core may be somebody's.
constexpr std::chrono::microseconds kSpin{100};
constexpr std::chrono::microseconds kShortestNap{20};
constexpr std::chrono::microseconds kLongestNap{1000};

void expect_threads() {
  int level = MPI_THREAD_SINGLE;
  check_mpi("MPI_Query_thread", MPI_Query_thread(&level));
  if (level < MPI_THREAD_MULTIPLE)
    throw EnvironmentError(
        "functions of several ranks need an MPI that several threads may use (MPI_THREAD_MULTIPLE; this one may not); "
        "use a command started by mpirun instead");
}

/// A group that is freed.
class Group {
 public:
  explicit Group(MPI_Group group) : group_(group) {}
  ~Group() { MPI_Group_free(&group_); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  [[nodiscard]] MPI_Group get() const { return group_; }

 private:
  MPI_Group group_;
};

MPI_Comm make_communicator(const std::vector<std::uint32_t>& ranks, std::uint32_t number) {
  const std::vector<int> members(ranks.begin(), ranks.end());
  MPI_Group of_all = MPI_GROUP_NULL;
  check_mpi("MPI_Comm_group", MPI_Comm_group(MPI_COMM_WORLD, &of_all));
  const Group all(of_all);
  MPI_Group of_some = MPI_GROUP_NULL;
  check_mpi("MPI_Group_incl", MPI_Group_incl(all.get(), static_cast<int>(members.size()), members.data(), &of_some));
  const Group some(of_some);
  MPI_Comm made = MPI_COMM_NULL;
  check_mpi("MPI_Comm_create_group",
            MPI_Comm_create_group(MPI_COMM_WORLD, some.get(), static_cast<int>(number & kGroupTagBits), &made));
  check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(made, MPI_ERRORS_RETURN));
  return made;
}

/// What members and leader say to each other; one size for all.
struct Note {
  std::uint32_t number = 0;
  FailureClass cls = FailureClass::none;
  std::uint8_t num_known = 0;
  std::array<char, 406> reason{};        ///< ends with a zero
  std::array<std::uint32_t, 8> known{};  ///< of a member: at rest there; of the leader: the one to use, or none
};
static_assert(std::is_trivially_copyable_v<Note>);

void set_reason(Note& note, const std::string& reason) {
  const std::size_t size = std::min(reason.size(), note.reason.size() - 1);
  std::memcpy(note.reason.data(), reason.data(), size);
  note.reason[size] = '\0';
}

Note note_of(const Communicators::Wish& wish) {
  Note note;
  note.number = wish.number;
  note.cls = wish.cls;
  set_reason(note, wish.reason);
  return note;
}

/// Looks often at first, then ever less so. False: it was given up.
class Patience {
 public:
  explicit Patience(const std::function<bool()>& is_given_up) : is_given_up_(is_given_up) {}
  [[nodiscard]] bool wait() {
    if (is_given_up_()) return false;
    if (Clock::now() - begin_ < kSpin) {
      ::sched_yield();
    } else {
      std::this_thread::sleep_for(nap_);
      nap_ = std::min(2 * nap_, kLongestNap);
    }
    return true;
  }

 private:
  const std::function<bool()>& is_given_up_;
  Clock::time_point begin_ = Clock::now();
  std::chrono::microseconds nap_ = kShortestNap;
};

/// One that is awaited; not awaited any more when this ends.
class Incoming {
 public:
  Incoming(int from, int tag, std::uint32_t number) : from_(from), tag_(tag), number_(number) { post(); }
  ~Incoming() {
    if (request_ == MPI_REQUEST_NULL) return;
    MPI_Cancel(&request_);
    MPI_Wait(&request_, MPI_STATUS_IGNORE);
  }
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;

  [[nodiscard]] bool has_come() {
    while (request_ != MPI_REQUEST_NULL) {
      int done = 0;
      check_mpi("MPI_Test", MPI_Test(&request_, &done, MPI_STATUS_IGNORE));
      if (done == 0) return false;
      if (note_.number != number_) post();  // of a party that was given up
    }
    return true;
  }
  [[nodiscard]] const Note& note() const { return note_; }

 private:
  void post() {
    check_mpi("MPI_Irecv", MPI_Irecv(&note_, sizeof note_, MPI_BYTE, from_, tag_, MPI_COMM_WORLD, &request_));
  }

  int from_;
  int tag_;
  std::uint32_t number_;
  Note note_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/// Small enough to leave at once, also where nobody takes it any more.
class Outgoing {
 public:
  Outgoing(const Note& note, int to, int tag) : note_(std::make_unique<Note>(note)) {
    check_mpi("MPI_Isend", MPI_Isend(note_.get(), sizeof *note_, MPI_BYTE, to, tag, MPI_COMM_WORLD, &request_));
  }
  ~Outgoing() {
    int done = 0;
    MPI_Test(&request_, &done, MPI_STATUS_IGNORE);
    if (done != 0) return;
    MPI_Request_free(&request_);
    (void)note_.release();  // MPI may still read it
  }
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

 private:
  std::unique_ptr<Note> note_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

int tag_of(std::uint32_t number) { return kFirstNoteTag + static_cast<int>(number & kNoteTagBits); }

Note given_up(const Communicators::Wish& wish) {
  Note note = note_of(wish);
  note.cls = FailureClass::cancelled;
  set_reason(note, "stopped before all of its ranks were there");
  return note;
}

/// What the leader answers: the first of those who are not ready decides, else the newest communicator that all have.
Note verdict_on(const std::vector<const Note*>& notes) {
  for (const Note* note : notes)
    if (note->cls != FailureClass::none) return *note;
  Note verdict = *notes.front();
  const auto has = [](const Note& note, std::uint32_t id) {
    const auto end = note.known.begin() + note.num_known;
    return std::find(note.known.begin(), end, id) != end;
  };
  std::optional<std::uint32_t> best;
  for (std::size_t i = 0; i < verdict.num_known; ++i) {
    const std::uint32_t id = verdict.known[i];
    const bool have_all = std::all_of(notes.begin(), notes.end(), [&](const Note* note) { return has(*note, id); });
    if (have_all && (!best || id > *best)) best = id;
  }
  verdict.num_known = best ? 1 : 0;
  if (best) verdict.known[0] = *best;
  return verdict;
}

Note lead(const Communicators::Wish& wish, const Note& own, const std::function<bool()>& is_given_up) {
  const int tag = tag_of(wish.number);
  std::deque<Incoming> members;
  for (std::size_t i = 1; i < wish.ranks.size(); ++i)
    members.emplace_back(static_cast<int>(wish.ranks[i]), tag, wish.number);
  Patience patience(is_given_up);
  std::optional<Note> verdict;
  for (Incoming& member : members)
    while (!verdict && !member.has_come())
      if (!patience.wait()) verdict = given_up(wish);
  if (!verdict) {
    std::vector<const Note*> notes{&own};
    for (const Incoming& member : members) notes.push_back(&member.note());
    verdict = verdict_on(notes);
  }
  for (std::size_t i = 1; i < wish.ranks.size(); ++i) Outgoing(*verdict, static_cast<int>(wish.ranks[i]), tag);
  return *verdict;
}

Note follow(const Communicators::Wish& wish, const Note& own, const std::function<bool()>& is_given_up) {
  const int leader = static_cast<int>(wish.ranks.front());
  Incoming verdict(leader, tag_of(wish.number), wish.number);
  const Outgoing ready(own, leader, tag_of(wish.number));
  Patience patience(is_given_up);
  while (!verdict.has_come())
    if (!patience.wait()) return given_up(wish);
  return verdict.note();
}

}  // namespace

/// Communicators that nobody uses now. Any thread.
class Communicators::Rest {
 public:
  using Ranks = std::vector<std::uint32_t>;
  struct One {
    Ranks ranks;
    std::uint32_t id;  ///< the number of the party that made it
    MPI_Comm communicator;
    bool is_promised = false;  ///< a leader was told of it and may choose it
  };

  explicit Rest(std::size_t most) : most_(most) {}
  ~Rest() {
    for (One& one : ones_) MPI_Comm_free(&one.communicator);
  }
  Rest(const Rest&) = delete;
  Rest& operator=(const Rest&) = delete;

  /// Those of the group, the newest first, as far as there is room for them.
  void list(const Ranks& ranks, Note& note) {
    const std::lock_guard lock(mutex_);
    for (auto one = ones_.rbegin(); one != ones_.rend() && note.num_known < note.known.size(); ++one)
      if (one->ranks == ranks && !one->is_promised) note.known[note.num_known++] = one->id, one->is_promised = true;
  }
  /// What was listed is free for others again, but for the one that is used, if any.
  [[nodiscard]] MPI_Comm take(const Note& listed, std::uint32_t used) {
    const std::lock_guard lock(mutex_);
    MPI_Comm taken = MPI_COMM_NULL;
    for (std::size_t i = 0; i < listed.num_known; ++i) {
      const auto one = std::find_if(ones_.begin(), ones_.end(), [&](const One& o) { return o.id == listed.known[i]; });
      one->is_promised = false;
      if (one->id != used) continue;
      taken = one->communicator;
      ones_.erase(one);
    }
    return taken;
  }
  /// The one that has rested longest goes where there are too many.
  void put(One one) {
    const std::lock_guard lock(mutex_);
    ones_.push_back(std::move(one));
    const auto oldest = std::find_if(ones_.begin(), ones_.end(), [](const One& o) { return !o.is_promised; });
    if (ones_.size() <= most_ || oldest == ones_.end()) return;
    MPI_Comm_free(&oldest->communicator);
    ones_.erase(oldest);
  }

 private:
  std::mutex mutex_;
  std::size_t most_;
  std::deque<One> ones_;  ///< in the order in which they came to rest
};

Communicators::Communicators(std::size_t most_at_rest) : rest_(std::make_shared<Rest>(most_at_rest)) {}
Communicators::~Communicators() = default;

Communicators::Answer Communicators::join(const Wish& wish, const std::function<bool()>& is_given_up) {
  expect_threads();
  Note own = note_of(wish);
  rest_->list(wish.ranks, own);
  Note verdict;
  try {
    verdict = wish.position == 0 ? lead(wish, own, is_given_up) : follow(wish, own, is_given_up);
  } catch (...) {
    (void)rest_->take(own, 0);
    throw;
  }
  const bool is_known = verdict.cls == FailureClass::none && verdict.num_known > 0;
  const std::uint32_t id = is_known ? verdict.known[0] : wish.number;
  MPI_Comm communicator = rest_->take(own, is_known ? id : 0);
  if (verdict.cls != FailureClass::none) return {{}, {}, verdict.cls, verdict.reason.data()};
  if (!is_known) communicator = make_communicator(wish.ranks, wish.number);
  const auto is_kept = std::make_shared<bool>(false);
  Answer answer;
  answer.keep = [is_kept] { *is_kept = true; };
  answer.communicator = std::shared_ptr<MPI_Comm>(new MPI_Comm(communicator),
                                                  [rest = rest_, ranks = wish.ranks, id, is_kept](MPI_Comm* comm) {
                                                    if (*is_kept)
                                                      rest->put({ranks, id, *comm});
                                                    else
                                                      MPI_Comm_free(comm);
                                                    delete comm;
                                                  });
  return answer;
}

}  // namespace fugle::transport
