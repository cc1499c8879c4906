#include "transport/joined_transport.hpp"

#include <fmt/format.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/codec.hpp"
#include "base/error.hpp"
#include "transport/mailbox.hpp"

namespace fugle::transport {
namespace fs = std::filesystem;
namespace {

using namespace std::chrono_literals;

/// Between two looks for new guests.
constexpr Duration kSearch = 1s;
/// Between two looks at the mailboxes: while there is news, and when there has been none for a while.
constexpr Duration kBusyLook = 10ms;
constexpr Duration kQuietLook = 100ms;
constexpr Duration kBusyTime = 1s;
/// Of many guests each is looked at less often: a look costs a file server something.
constexpr Duration kLookPerGuest = 500us;

}  // namespace

struct JoinedTransport::Guest {
  Guest(std::string dir, Duration now)
      : folder(std::move(dir)), reader(folder + "/to_head"), writer(folder + "/to_guest"), last_heard(now) {}
  std::string folder;
  MailboxReader reader;
  MailboxWriter writer;
  WorkerId worker;
  Duration last_heard;
  Duration last_said{0};
  bool is_in = false;             ///< has knocked
  bool has_said_goodbye = false;  ///< it will say no more
  bool is_unreadable = false;     ///< it hears no more either, so that it stops before it is given up
};

JoinedTransport::JoinedTransport(scheduler::Transport& ranks, std::string exchange_dir, Leader leader, Ticks ticks)
    : ranks_(ranks),
      exchange_dir_(std::move(exchange_dir)),
      leader_(std::move(leader)),
      ticks_(std::move(ticks)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      next_number_(ranks.num_ranks()) {
  write_leader(exchange_dir_, leader_);
  set_timer();
}

JoinedTransport::~JoinedTransport() = default;

void JoinedTransport::send(WorkerId to, const scheduler::Message& message) {
  if (to.value() < ranks_.num_ranks()) return ranks_.send(to, message);
  const auto found = guests_.find(to);
  if (found == guests_.end()) return;
  Guest& guest = *found->second;
  guest.writer.put(static_cast<std::uint8_t>(Said::message), guest.reader.last(), scheduler::encode(message));
}

bool JoinedTransport::is_sending() const {
  return ranks_.is_sending() || (!was_blocked_ && std::any_of(guests_.begin(), guests_.end(), [](const auto& entry) {
           return entry.second->writer.has_unwritten();
         }));
}

void JoinedTransport::poll(Incoming& incoming) {
  ranks_.poll(incoming);
  if (ticks_() >= next_look_) look(incoming);
  talk();
}

void JoinedTransport::look(Incoming& incoming) {
  if (ticks_() >= next_search_) {
    let_guests_in();
    next_search_ = ticks_() + kSearch;
  }
  for (auto& [worker, guest] : guests_) hear(*guest, incoming);
  give_up_silent_ones(incoming);
  if (guests_.empty()) {
    next_look_ = next_search_;
  } else {
    const Duration pause = ticks_() - last_news_ < kBusyTime ? kBusyLook : kQuietLook;
    next_look_ = ticks_() + std::max(pause, static_cast<std::int64_t>(guests_.size()) * kLookPerGuest);
  }
  set_timer();
}

/// Folders that begin with our session are for us.
void JoinedTransport::let_guests_in() {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(exchange_dir_, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::string folder = entry.path().string();
    if (!name.starts_with(leader_.session + ".")) continue;
    if (entry.symlink_status(ignored).type() != fs::file_type::directory) continue;
    if (std::any_of(guests_.begin(), guests_.end(), [&](const auto& known) { return known.second->folder == folder; }))
      continue;
    auto guest = std::make_unique<Guest>(folder, ticks_());
    guest->worker = WorkerId(next_number_++);
    guests_.emplace(guest->worker, std::move(guest));
  }
}

void JoinedTransport::hear(Guest& guest, Incoming& incoming) {
  std::vector<Frame> frames;
  if (!guest.is_unreadable) guest.reader.read(frames);
  if (frames.empty()) return;
  guest.last_heard = last_news_ = ticks_();
  try {
    for (const Frame& frame : frames) on_frame(guest, frame.kind, frame.bytes, incoming);
  } catch (const EnvironmentError&) {
    guest.is_unreadable = true;
  }
}

void JoinedTransport::on_frame(Guest& guest, std::uint8_t kind, const std::string& bytes, Incoming& incoming) {
  if (kind == static_cast<std::uint8_t>(Said::knock)) {
    ByteWriter out;
    out.put(guest.worker);
    out.put(leader_.patience.guest_stops);
    guest.writer.put(static_cast<std::uint8_t>(Said::welcome), guest.reader.last(), out.take());
    guest.is_in = true;
  } else if (kind == static_cast<std::uint8_t>(Said::message) && guest.is_in) {
    scheduler::Message message = scheduler::decode(bytes);
    const auto* const report = std::get_if<scheduler::Report>(&message);
    if (report != nullptr && report->goodbye) {
      guest.has_said_goodbye = true;
      guest.writer.put(static_cast<std::uint8_t>(Said::beat), guest.reader.last(), "");  // it waits to be heard
    }
    incoming.messages.emplace_back(guest.worker, std::move(message));
  }
}

/// One that has left has removed its folder; it is lost only if it did not say so.
void JoinedTransport::give_up_silent_ones(Incoming& incoming) {
  for (auto next = guests_.begin(); next != guests_.end();) {
    Guest& guest = *next->second;
    const bool is_silent = ticks_() - guest.last_heard >= leader_.patience.head_gives_up();
    std::error_code ignored;
    const bool has_left =
        guest.has_said_goodbye && fs::symlink_status(guest.folder, ignored).type() == fs::file_type::not_found;
    if (!is_silent && !has_left) {
      ++next;
      continue;
    }
    if (!guest.has_said_goodbye && guest.is_in) incoming.lost.push_back(guest.worker);
    if (is_silent) fs::remove_all(guest.folder, ignored);
    next = guests_.erase(next);
  }
}

void JoinedTransport::talk() {
  was_blocked_ = false;
  for (auto& [worker, guest] : guests_) {
    if (guest->is_unreadable) continue;
    if (guest->is_in && !guest->writer.has_unwritten() && ticks_() - guest->last_said >= leader_.patience.beat())
      guest->writer.put(static_cast<std::uint8_t>(Said::beat), guest->reader.last(), "");
    if (!guest->writer.has_unwritten()) continue;
    guest->last_said = ticks_();
    if (!guest->writer.flush()) was_blocked_ = true;
  }
}

void JoinedTransport::set_timer() {
  const Duration left = std::max<Duration>(next_look_ - ticks_(), 1us);
  itimerspec until{};
  until.it_value.tv_sec = left / 1s;
  until.it_value.tv_nsec = (left % 1s).count();
  ::timerfd_settime(timer_.get(), 0, &until, nullptr);
}

void JoinedTransport::finish(int exit_code) {
  let_guests_in();
  Incoming ignored;
  for (auto& [worker, guest] : guests_) hear(*guest, ignored);
  ByteWriter out;
  out.put(static_cast<std::int32_t>(exit_code));
  const std::string bytes = out.take();
  for (auto& [worker, guest] : guests_) {
    guest->writer.put(static_cast<std::uint8_t>(Said::farewell), guest->reader.last(), bytes);
    (void)guest->writer.flush();
  }
  leader_.exit_code = exit_code;
  const auto now_leads = read_leader(exchange_dir_);
  if (now_leads && now_leads->session == leader_.session) write_leader(exchange_dir_, leader_);
}

}  // namespace fugle::transport
