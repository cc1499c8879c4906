#include "transport/mpi_transport.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/error.hpp"
#include "transport/channel.hpp"
#include "transport/meeting.hpp"
#include "transport/mpi_call.hpp"

namespace fugle::transport {
namespace {

constexpr std::uint32_t kHead = 0;
constexpr std::chrono::seconds kStartPatience{60};

struct Place {
  int index = 0;
  int count = 1;
};

void start_mpi() {
  // Ranks share their cores with tasks: an MPI call that waits must yield. The user's own setting goes first.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  prefer_shared_memory();
  int provided = MPI_THREAD_SINGLE;
  check_mpi("MPI_Init_thread", MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided));
  check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
  check_mpi("MPI_Comm_set_errhandler", MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
}

Place place_in(MPI_Comm communicator) {
  Place place;
  check_mpi("MPI_Comm_rank", MPI_Comm_rank(communicator, &place.index));
  check_mpi("MPI_Comm_size", MPI_Comm_size(communicator, &place.count));
  return place;
}

/// Waits for a collective of the start. With a limit, as a rank may have died on the way.
void complete_start(MPI_Request request, const char* call) {
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  for (int done = 0; done == 0;) {
    check_mpi(call, MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (done == 0 && std::chrono::steady_clock::now() > deadline) {
      throw EnvironmentError(
          fmt::format("the ranks did not find each other within {} s ({} did not end); look for a "
                      "rank that died while starting",
                      kStartPatience.count(), call));
    }
  }
}

void broadcast_start(void* data, std::size_t size, MPI_Comm communicator) {
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi("MPI_Ibcast", MPI_Ibcast(data, static_cast<int>(size), MPI_BYTE, kHead, communicator, &request));
  complete_start(request, "MPI_Ibcast");
}

std::string share_invitation(std::string invitation) {
  std::uint64_t size = invitation.size();
  broadcast_start(&size, sizeof size, MPI_COMM_WORLD);
  invitation.resize(size);
  broadcast_start(invitation.data(), size, MPI_COMM_WORLD);
  return invitation;
}

struct Node {
  Place place;
  bool has_head = false;
};

Node find_node() {
  MPI_Comm node = MPI_COMM_NULL;
  check_mpi("MPI_Comm_split_type", MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  Node found{.place = place_in(node)};
  // Members keep their order, so the head can only be the first.
  int first = place_in(MPI_COMM_WORLD).index;
  broadcast_start(&first, sizeof first, node);
  found.has_head = first == static_cast<int>(kHead);
  check_mpi("MPI_Comm_free", MPI_Comm_free(&node));
  return found;
}

}  // namespace

class MpiTransport::Impl {
 public:
  Impl() : world_(place_in(MPI_COMM_WORLD)), node_(find_node()), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_.is_open()) {
      throw EnvironmentError(
          fmt::format("epoll_create1 failed ({}); check the limits of open files", std::strerror(errno)));
    }
    channels_.resize(num_ranks());
    if (num_ranks() > 1) self() == kHead ? meet_workers() : meet_head();
  }

  [[nodiscard]] std::uint32_t self() const { return static_cast<std::uint32_t>(world_.index); }
  [[nodiscard]] std::uint32_t num_ranks() const { return static_cast<std::uint32_t>(world_.count); }
  [[nodiscard]] const Place& node_place() const { return node_.place; }
  [[nodiscard]] int fd() const { return epoll_.get(); }

  void send(std::uint32_t to, std::string bytes) {
    if (to == self()) {
      arrived_.emplace_back(self(), std::move(bytes));
      return;
    }
    FUGLE_EXPECT(to < channels_.size() && channels_[to] != nullptr, "workers talk to the head only");
    if (channels_[to]->is_lost()) return;
    channels_[to]->send(std::move(bytes));
    activate(to);
  }

  /// One round of progress; what arrives is queued.
  void advance() {
    attend_bells(0);
    std::erase_if(active_, [&](std::uint32_t rank) { return !advance(rank); });
  }

  [[nodiscard]] bool has_arrived() const { return !arrived_.empty(); }
  [[nodiscard]] bool is_moving() const {
    return std::any_of(active_.begin(), active_.end(),
                       [&](std::uint32_t rank) { return channels_[rank]->is_moving(); });
  }

  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::string>> take_arrived() {
    return std::exchange(arrived_, {});
  }
  [[nodiscard]] std::vector<WorkerId> take_lost() { return std::exchange(lost_, {}); }

  [[nodiscard]] std::string broadcast(const std::string& bytes) {
    if (self() == kHead) {
      for (std::uint32_t rank = 1; rank < num_ranks(); ++rank) send(rank, bytes);
      run_until_all([](const Channel& channel) { return channel.has_all_arrived(); });
      return bytes;
    }
    run_until([&] { return !arrived_.empty() || channels_[kHead]->is_lost(); });
    if (arrived_.empty())
      throw EnvironmentError("the head died while starting (its connection ended); see its messages");
    std::string first = std::move(arrived_.front().second);
    arrived_.erase(arrived_.begin());
    channels_[kHead]->confirm();
    return first;
  }

  [[nodiscard]] std::vector<std::string> gather(const std::string& bytes) {
    if (self() != kHead) {
      send(kHead, bytes);
      return {};
    }
    std::vector<std::string> gathered(num_ranks());
    gathered[kHead] = bytes;
    for (std::uint32_t rank = 1; rank < num_ranks(); ++rank) {
      run_until([&] { return channels_[rank]->is_lost() || first_from(rank) != arrived_.end(); });
      const auto first = first_from(rank);
      if (first == arrived_.end()) continue;
      gathered[rank] = std::move(first->second);
      arrived_.erase(first);
    }
    return gathered;
  }

  bool finish(bool is_clean) {
    const bool all_alive = self() == kHead ? dismiss_workers(is_clean) : take_leave(is_clean);
    if (all_alive) check_mpi("MPI_Finalize", MPI_Finalize());
    return all_alive;
  }

 private:
  void meet_workers() {
    Meeting meeting(node_.place.count == world_.count ? Reach::this_node : Reach::other_nodes);
    (void)share_invitation(meeting.invitation());
    std::vector<Descriptor> sockets = meeting.gather(num_ranks() - 1, kStartPatience);
    for (std::uint32_t rank = 1; rank < num_ranks(); ++rank) connect(rank, std::move(sockets[rank - 1]));
  }

  void meet_head() {
    const Reach head_is_on = node_.has_head ? Reach::this_node : Reach::other_nodes;
    connect(kHead, join_meeting(share_invitation({}), self(), head_is_on, kStartPatience));
  }

  void connect(std::uint32_t rank, Descriptor socket) {
    channels_[rank] = std::make_unique<Channel>(static_cast<int>(rank), Bell(std::move(socket), epoll_.get(), rank));
    is_active_.resize(channels_.size());
  }

  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::string>>::iterator first_from(std::uint32_t rank) {
    return std::ranges::find(arrived_, rank, &std::pair<std::uint32_t, std::string>::first);
  }

  void activate(std::uint32_t rank) {
    if (is_active_[rank]) return;
    is_active_[rank] = true;
    active_.push_back(rank);
  }

  void attend_bells(int timeout_ms) {
    std::array<epoll_event, 64> events;
    const int num_events = ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout_ms);
    for (int at = 0; at < num_events; ++at) {
      const std::uint32_t rank = events[static_cast<std::size_t>(at)].data.u32;
      channels_[rank]->attend_bell();
      activate(rank);
    }
  }

  /// True while the channel has anything under way.
  bool advance(std::uint32_t rank) {
    Channel& channel = *channels_[rank];
    messages_.clear();
    channel.advance(messages_);
    for (std::string& bytes : messages_) arrived_.emplace_back(rank, std::move(bytes));
    if (channel.is_lost()) lost_.push_back(WorkerId(rank));
    is_active_[rank] = !channel.is_lost() && channel.is_active();
    return is_active_[rank];
  }

  template <class Condition>
  void run_until(Condition is_met) {
    for (advance(); !is_met(); advance()) {
      if (!is_moving()) attend_bells(-1);
    }
  }

  template <class Condition>
  void run_until_all(Condition is_met) {
    for (std::uint32_t rank = 1; rank < num_ranks(); ++rank) {
      run_until([&] { return channels_[rank]->is_lost() || is_met(*channels_[rank]); });
    }
  }

  bool dismiss_workers(bool is_clean) {
    run_until_all([](const Channel& channel) { return channel.farewell().has_value(); });
    bool all_alive = is_clean;
    for (std::uint32_t rank = 1; rank < num_ranks(); ++rank)
      all_alive = all_alive && !channels_[rank]->is_lost() && channels_[rank]->farewell() == std::uint64_t{1};
    for (std::uint32_t rank = 1; rank < num_ranks(); ++rank) channels_[rank]->say_farewell(all_alive ? 1 : 0);
    run_until_all([](const Channel& channel) { return !channel.has_unsent_notes(); });
    return all_alive;
  }

  bool take_leave(bool is_clean) {
    Channel& head = *channels_[kHead];
    head.say_farewell(is_clean ? 1 : 0);
    run_until([&] { return head.is_lost() || head.farewell().has_value(); });
    return head.farewell() == std::uint64_t{1};
  }

  Place world_;
  Node node_;
  Descriptor epoll_;
  std::vector<std::unique_ptr<Channel>> channels_;  ///< [rank]; on workers the head's only
  std::vector<bool> is_active_;                     ///< [rank] is in active_
  std::vector<std::uint32_t> active_;               ///< ranks with something under way
  std::vector<std::string> messages_;               ///< scratch of advance()
  std::vector<std::pair<std::uint32_t, std::string>> arrived_;
  std::vector<WorkerId> lost_;
};

MpiTransport::MpiTransport() {
  start_mpi();
  impl_ = std::make_unique<Impl>();
}
MpiTransport::~MpiTransport() = default;

WorkerId MpiTransport::self() const { return WorkerId(impl_->self()); }
std::uint32_t MpiTransport::num_ranks() const { return impl_->num_ranks(); }
std::uint32_t MpiTransport::local_index() const { return static_cast<std::uint32_t>(impl_->node_place().index); }
std::uint32_t MpiTransport::num_local() const { return static_cast<std::uint32_t>(impl_->node_place().count); }
int MpiTransport::fd() const { return impl_->fd(); }
bool MpiTransport::is_sending() const { return impl_->has_arrived() || impl_->is_moving(); }
std::string MpiTransport::broadcast(const std::string& bytes) { return impl_->broadcast(bytes); }
std::vector<std::string> MpiTransport::gather(const std::string& bytes) { return impl_->gather(bytes); }
bool MpiTransport::finish(bool is_clean) { return impl_->finish(is_clean); }

void MpiTransport::send(WorkerId to, const scheduler::Message& message) {
  impl_->send(to.value(), scheduler::encode(message));
}

void MpiTransport::poll(Incoming& incoming) {
  impl_->advance();
  for (const auto& [from, bytes] : impl_->take_arrived()) {
    incoming.messages.emplace_back(WorkerId(from), scheduler::decode(bytes));
  }
  for (const WorkerId rank : impl_->take_lost()) incoming.lost.push_back(rank);
}

}  // namespace fugle::transport
