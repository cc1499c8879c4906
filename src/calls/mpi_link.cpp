#include "calls/mpi_link.hpp"

#include <mpi.h>

#include <algorithm>
#include <deque>
#include <fugle/calls.hpp>
#include <list>
#include <string>

namespace fugle::calls {
namespace {

constexpr std::size_t kNumBuffers = 32;
constexpr std::size_t kBufferBytes = 4096;
constexpr int kFrame = 1, kAnnouncement = 2;                // tags
constexpr std::size_t kLongestPart = std::size_t{1} << 30;  // counts of MPI are int

void check(int status, const char* call) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw CallError(std::string(call) + " failed: " + std::string(text, static_cast<std::size_t>(length)));
}

class MpiLink final : public detail::Link {
 public:
  explicit MpiLink(MPI_Comm outer) {
    check(MPI_Comm_dup(outer, &frames_), "MPI_Comm_dup");
    check(MPI_Comm_dup(outer, &longs_), "MPI_Comm_dup");
    MPI_Comm_rank(frames_, &rank_);
    MPI_Comm_size(frames_, &num_ranks_);
    MPI_Query_thread(&thread_level_);
    for (auto& buffer : buffers_) {
      MPI_Recv_init(buffer.bytes.data(), static_cast<int>(kBufferBytes), MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, frames_,
                    &buffer.request);
      MPI_Start(&buffer.request);
    }
  }

  ~MpiLink() override {
    // All that was sent has been handled by its receiver.
    for (auto& message : outgoing_)
      MPI_Waitall(static_cast<int>(message.requests.size()), message.requests.data(), MPI_STATUSES_IGNORE);
    for (auto& buffer : buffers_) {
      MPI_Cancel(&buffer.request);
      MPI_Wait(&buffer.request, MPI_STATUS_IGNORE);
      MPI_Request_free(&buffer.request);
    }
    MPI_Comm_free(&frames_);
    MPI_Comm_free(&longs_);
  }
  MpiLink(const MpiLink&) = delete;
  MpiLink& operator=(const MpiLink&) = delete;

  int rank() const override { return rank_; }
  int num_ranks() const override { return num_ranks_; }
  bool is_for_any_thread() const override { return thread_level_ >= MPI_THREAD_SERIALIZED; }

  void send(int to, std::vector<std::byte>&& message) override {
    outgoing_.push_back({std::move(message), 0, {}});
    Outgoing& sent = outgoing_.back();
    if (sent.bytes.size() <= kBufferBytes) {
      start_send(sent, sent.bytes.data(), sent.bytes.size(), to, kFrame, frames_);
      return;
    }
    sent.size = sent.bytes.size();
    start_send(sent, &sent.size, sizeof sent.size, to, kAnnouncement, frames_);
    for (std::size_t at = 0; at < sent.size; at += kLongestPart)
      start_send(sent, sent.bytes.data() + at, std::min(kLongestPart, sent.size - at), to, kFrame, longs_);
  }

  bool poll(const Handler& handle) override {
    bool came = poll_frames(handle);
    came |= poll_longs(handle);
    forget_sent();
    return came;
  }

  void start_sums(const Sums& mine) override {
    mine_ = mine;
    check(MPI_Iallreduce(mine_.data(), sums_.data(), static_cast<int>(mine_.size()), MPI_INT64_T, MPI_SUM, longs_,
                         &sums_request_),
          "MPI_Iallreduce");
  }
  std::optional<Sums> take_sums() override {
    int is_done = 0;
    check(MPI_Test(&sums_request_, &is_done, MPI_STATUS_IGNORE), "MPI_Test");
    if (is_done == 0) return std::nullopt;
    return sums_;
  }

 private:
  struct Buffer {
    MPI_Request request = MPI_REQUEST_NULL;
    std::array<std::byte, kBufferBytes> bytes;
  };
  struct Outgoing {
    std::vector<std::byte> bytes;
    std::uint64_t size;  ///< what an announcement says
    std::vector<MPI_Request> requests;
  };
  struct Incoming {
    int from;
    std::vector<std::byte> bytes;
    std::vector<MPI_Request> requests;
  };

  static void start_send(Outgoing& sent, const void* bytes, std::size_t size, int to, int tag, MPI_Comm communicator) {
    sent.requests.push_back(MPI_REQUEST_NULL);
    check(MPI_Isend(bytes, static_cast<int>(size), MPI_BYTE, to, tag, communicator, &sent.requests.back()),
          "MPI_Isend");
  }

  /// Buffers are filled in the order in which they were given to MPI.
  bool poll_frames(const Handler& handle) {
    bool came = false;
    for (std::size_t i = 0; i < kNumBuffers; ++i) {
      Buffer& buffer = buffers_[next_buffer_];
      int is_done = 0;
      MPI_Status status;
      check(MPI_Test(&buffer.request, &is_done, &status), "MPI_Test");
      if (is_done == 0) break;
      came = true;
      next_buffer_ = (next_buffer_ + 1) % kNumBuffers;
      int size = 0;
      MPI_Get_count(&status, MPI_BYTE, &size);
      if (status.MPI_TAG == kAnnouncement)
        expect_long(status.MPI_SOURCE, buffer.bytes.data());
      else
        handle(status.MPI_SOURCE, std::span(buffer.bytes).first(static_cast<std::size_t>(size)));
      check(MPI_Start(&buffer.request), "MPI_Start");
    }
    return came;
  }

  void expect_long(int from, const std::byte* announcement) {
    std::uint64_t size = 0;
    std::copy_n(announcement, sizeof size, reinterpret_cast<std::byte*>(&size));
    Incoming& incoming = incoming_.emplace_back(Incoming{from, std::vector<std::byte>(size), {}});
    for (std::size_t at = 0; at < size; at += kLongestPart) {
      incoming.requests.push_back(MPI_REQUEST_NULL);
      check(MPI_Irecv(incoming.bytes.data() + at, static_cast<int>(std::min(kLongestPart, size - at)), MPI_BYTE, from,
                      kFrame, longs_, &incoming.requests.back()),
            "MPI_Irecv");
    }
  }

  static bool are_done(std::vector<MPI_Request>& requests) {
    int is_done = 0;
    check(MPI_Testall(static_cast<int>(requests.size()), requests.data(), &is_done, MPI_STATUSES_IGNORE),
          "MPI_Testall");
    return is_done != 0;
  }

  bool poll_longs(const Handler& handle) {
    bool came = false;
    for (auto incoming = incoming_.begin(); incoming != incoming_.end();) {
      if (!are_done(incoming->requests)) {
        ++incoming;
        continue;
      }
      handle(incoming->from, incoming->bytes);
      incoming = incoming_.erase(incoming);
      came = true;
    }
    return came;
  }

  void forget_sent() {
    for (auto sent = outgoing_.begin(); sent != outgoing_.end();)
      sent = are_done(sent->requests) ? outgoing_.erase(sent) : std::next(sent);
  }

  MPI_Comm frames_ = MPI_COMM_NULL, longs_ = MPI_COMM_NULL;
  int rank_ = 0, num_ranks_ = 1, thread_level_ = 0;
  std::array<Buffer, kNumBuffers> buffers_;
  std::size_t next_buffer_ = 0;
  std::list<Outgoing> outgoing_;
  std::list<Incoming> incoming_;
  Sums mine_{}, sums_{};
  MPI_Request sums_request_ = MPI_REQUEST_NULL;
};

}  // namespace

std::unique_ptr<detail::Link> make_mpi_link(int communicator) {
  int is_initialised = 0;
  MPI_Initialized(&is_initialised);
  if (is_initialised == 0) throw CallMisuse("Calls over ranks need MPI: call MPI_Init_thread before");
  return std::make_unique<MpiLink>(MPI_Comm_f2c(communicator));
}

}  // namespace fugle::calls
