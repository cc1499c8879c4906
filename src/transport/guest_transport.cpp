#include "transport/guest_transport.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <variant>

#include "base/codec.hpp"
#include "base/error.hpp"

namespace fugle::transport {
namespace {

using namespace std::chrono_literals;

constexpr WorkerId kHead(0);
/// Between two looks: while there is news, and when there has been none for a while.
constexpr Duration kBusyLook = 10ms;
constexpr Duration kQuietLook = 100ms;
constexpr Duration kBusyTime = 1s;
/// A head that has been silent for so many beats may be dead.
constexpr int kSilentBeats = 2;
constexpr Duration kQuestion = 1s;

std::string make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0)
    throw EnvironmentError(
        fmt::format("cannot make the folder '{}' ({}); is the run directory on a file system that "
                    "all nodes see?",
                    path, std::strerror(errno)));
  return path;
}

}  // namespace

GuestTransport::GuestTransport(scheduler::Transport& ranks, Options options)
    : ranks_(ranks),
      options_(std::move(options)),
      folder_(make_folder(options_.exchange_dir + "/" + options_.session + "." + options_.name)),
      reader_(folder_ + "/to_guest"),
      writer_(folder_ + "/to_head"),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      lease_begin_(options_.ticks()),
      last_news_(lease_begin_) {
  num_busy_ranks_ = ranks_.num_ranks() - 1;
  put(Said::knock, options_.name);
  talk();
  set_timer();
}

GuestTransport::~GuestTransport() {
  if (stays_marked_) return;
  std::error_code ignored;
  // The head may write a last file at this moment.
  for (int attempt = 0; attempt < 3; ++attempt) std::filesystem::remove_all(folder_, ignored);
}

void GuestTransport::put(Said said, std::string_view bytes) {
  const Duration now = options_.ticks();
  unheard_.emplace_back(writer_.put(static_cast<std::uint8_t>(said), reader_.last(), bytes), now);
}

void GuestTransport::send(WorkerId to, const scheduler::Message& message) {
  if (to != kHead || has_lost_head_) return;
  put(Said::message, scheduler::encode(message));
  last_message_ = writer_.last();
}

bool GuestTransport::is_sending() const { return !has_lost_head_ && !was_blocked_ && writer_.has_unwritten(); }

void GuestTransport::poll(Incoming& incoming) {
  hear_ranks();
  if (options_.ticks() >= next_look_) {
    if (!has_lost_head_) hear_head(incoming);
    watch_lease(incoming);
    const bool is_busy = options_.ticks() - last_news_ < kBusyTime;
    next_look_ = options_.ticks() + (is_busy ? kBusyLook : kQuietLook);
    set_timer();
  }
  if (!has_lost_head_) talk();
}

/// When our rank 0 is gone nobody says when the allocation ends; then it is better to go in time.
void GuestTransport::hear_ranks() {
  Incoming from_ranks;
  ranks_.poll(from_ranks);
  for (const auto& [from, message] : from_ranks.messages)
    if (const auto* tenure = std::get_if<scheduler::Tenure>(&message))
      send(kHead, *tenure);
    else if (std::holds_alternative<scheduler::Shutdown>(message))
      done_.insert(from);
  for (const WorkerId lost : from_ranks.lost) {
    done_.insert(lost);
    if (lost == kHead && ranks_.self() != kHead) send(kHead, scheduler::Tenure{Time{}});
  }
  num_busy_ranks_ = ranks_.num_ranks() - 1 - std::min<std::uint32_t>(ranks_.num_ranks() - 1, done_.size());
}

void GuestTransport::hear_head(Incoming& incoming) {
  std::vector<Frame> frames;
  reader_.read(frames);
  if (!frames.empty()) last_news_ = options_.ticks();
  try {
    for (const Frame& frame : frames) on_frame(frame, incoming);
  } catch (const EnvironmentError&) {
    lease_begin_ = Duration::min() / 2;  // what it says can not be understood
  }
}

void GuestTransport::on_frame(const Frame& frame, Incoming& incoming) {
  on_ack(frame.ack);
  switch (static_cast<Said>(frame.kind)) {
    case Said::welcome: {
      ByteReader in(frame.bytes);
      number_ = in.get<WorkerId>();
      patience_.guest_stops = in.get_duration();
      if (in.failed()) throw EnvironmentError("a welcome that can not be read");
      break;
    }
    case Said::message:
      if (is_in()) incoming.messages.emplace_back(kHead, scheduler::decode(frame.bytes));
      break;
    case Said::farewell: farewell_ = ByteReader(frame.bytes).get<std::int32_t>(); break;
    case Said::knock:
    case Said::beat: break;
  }
}

void GuestTransport::on_ack(std::uint64_t number) {
  while (!unheard_.empty() && unheard_.front().first <= number) {
    heard_ = unheard_.front().first;
    lease_begin_ = std::max(lease_begin_, unheard_.front().second);
    unheard_.pop_front();
  }
}

void GuestTransport::watch_lease(Incoming& incoming) {
  if (has_lost_head_) return;
  const Duration now = options_.ticks();
  const bool is_over = now - lease_begin_ >= patience_.guest_stops;
  bool is_dead = false;
  if (now - last_news_ >= kSilentBeats * patience_.beat() && now >= next_question_) {
    is_dead = options_.is_head_dead && options_.is_head_dead();
    next_question_ = now + kQuestion;
  }
  if (!is_over && !is_dead && !farewell_) return;
  has_lost_head_ = true;
  lost_at_ = now;
  incoming.lost.push_back(kHead);
}

void GuestTransport::talk() {
  if (!writer_.has_unwritten() && options_.ticks() - last_said_ >= patience_.beat()) put(Said::beat, "");
  if (!writer_.has_unwritten()) return;
  last_said_ = options_.ticks();
  was_blocked_ = !writer_.flush();
}

void GuestTransport::set_timer() {
  const Duration left = std::max<Duration>(next_look_ - options_.ticks(), 1us);
  itimerspec until{};
  until.it_value.tv_sec = left / 1s;
  until.it_value.tv_nsec = (left % 1s).count();
  ::timerfd_settime(timer_.get(), 0, &until, nullptr);
}

void GuestTransport::set_tenure(Time end) {
  send(kHead, scheduler::Tenure{end});
  for (std::uint32_t rank = 0; rank < ranks_.num_ranks(); ++rank)
    if (WorkerId(rank) != ranks_.self()) ranks_.send(WorkerId(rank), scheduler::Tenure{end});
}

}  // namespace fugle::transport
