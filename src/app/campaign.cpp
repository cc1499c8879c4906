#include "app/campaign.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "app/run_directory.hpp"
#include "app/stored_run.hpp"
#include "base/codec.hpp"
#include "base/error.hpp"
#include "slurm/job.hpp"
#include "slurm/job_record.hpp"
#include "store/run_lock.hpp"
#include "transport/exchange.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;
using transport::GuestTransport;
using transport::Leader;

/// Between two questions to Slurm when our job ends.
constexpr Duration kAsk = 30s;
constexpr Duration kAskLimit = 10s;
/// For what is left to say to the head, and for its farewell.
constexpr Duration kFarewell = 10s;
constexpr Duration kShortFarewell = 1s;
constexpr int kNapMs = 20;
constexpr WorkerId kHead(0);

std::string exchange_of(const std::string& run_dir) { return run_dir + "/exchange"; }

std::string own_job() {
  const auto job = slurm::job_around_us();
  return job ? job->id : "";
}

/// For tests, that do not want to wait for long: seconds that a guest goes on unheard.
transport::Patience patience() {
  transport::Patience chosen;
  const char* const text = std::getenv("FUGLE_GUEST_LEASE");
  int seconds = 0;
  if (text != nullptr &&
      std::from_chars(text, text + std::char_traits<char>::length(text), seconds).ec == std::errc() && seconds > 0)
    chosen.guest_stops = std::chrono::seconds(seconds);
  return chosen;
}

bool is_readable(int fd) {
  pollfd look{fd, POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

void nap() { ::poll(nullptr, 0, kNapMs); }

/// The process that holds the run's lock; nothing when nobody does, or it can not be seen.
std::optional<store::LockHolder> holder_of(const std::string& run_dir) {
  try {
    return store::find_lock_holder(run_dir);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

bool is_waiting(const StopSignals& signals) { return is_readable(signals.fd()); }

bool await_former_guests(const std::string& run_dir, const StopSignals& signals) {
  bool has_said = false;
  return transport::wait_for_former_guests(exchange_of(run_dir), own_job(), [&] {
    if (!std::exchange(has_said, true))
      fmt::print(stderr, "fugle: the head before us died; waiting until its guests have stopped\n");
    return is_waiting(signals);
  });
}

std::unique_ptr<transport::JoinedTransport> host_guests(scheduler::Transport& ranks, const std::string& run_dir) {
  Leader leader;
  leader.session = transport::new_session();
  leader.patience = patience();
  leader.num_ranks = ranks.num_ranks();
  leader.job = own_job();
  leader.host = host_name();
  leader.pid = ::getpid();
  return std::make_unique<transport::JoinedTransport>(ranks, exchange_of(run_dir), leader);
}

std::string Invitation::encode() const {
  ByteWriter out;
  out.put(run_dir);
  out.put(session);
  out.put(host);
  out.put(static_cast<std::int32_t>(pid));
  out.put(latest_end);
  return out.take();
}

Invitation Invitation::decode(std::string_view bytes) {
  ByteReader in(bytes);
  Invitation invitation;
  invitation.run_dir = in.get<std::string>();
  invitation.session = in.get<std::string>();
  invitation.host = in.get<std::string>();
  invitation.pid = in.get<std::int32_t>();
  invitation.latest_end = in.get_time();
  if (in.failed() || !in.at_end()) throw EnvironmentError("the ranks of this job do not understand each other");
  return invitation;
}

bool was_campaign(const std::string& run_dir) { return transport::read_leader(exchange_of(run_dir)).has_value(); }

std::optional<Invitation> find_invitation(const std::string& run_dir) {
  const auto leader = transport::read_leader(exchange_of(run_dir));
  const auto holder = holder_of(run_dir);
  if (!leader || leader->exit_code || !holder || holder->host != leader->host || holder->pid != leader->pid)
    return std::nullopt;
  return Invitation{run_dir, leader->session, leader->host, leader->pid, kNever};
}

GuestRank::GuestRank(scheduler::Transport& ranks, Invitation invitation, slurm::Errands* errands, std::string job)
    : invitation_(std::move(invitation)),
      errands_(errands),
      job_(std::move(job)),
      ranks_(ranks),
      transport_(ranks,
                 {exchange_of(invitation_.run_dir), invitation_.session, fmt::format("{}-{}", host_name(), ::getpid()),
                  [this] {
                    const auto holder = holder_of(invitation_.run_dir);
                    return !holder || holder->host != invitation_.host || holder->pid != invitation_.pid;
                  }}),
      end_(invitation_.latest_end) {}

bool GuestRank::wait_to_be_let_in(const StopSignals& signals) {
  scheduler::Transport::Incoming nothing;
  while (!transport_.is_in()) {
    transport_.poll(nothing);
    must_leave_ = is_waiting(signals);
    if (must_leave_ || transport_.has_lost_head()) return false;
    if (!transport_.is_in()) nap();
  }
  if (end_ != kNever) transport_.send(kHead, scheduler::Tenure{end_});
  return true;
}

void GuestRank::say_when_it_ends(Time end) {
  end_ = end;
  transport_.set_tenure(end);
}

/// Ctrl-C, SIGTERM: what runs here goes back to the head, which others help.
void GuestRank::on_signal(int signal, Time now) {
  if (signal == SIGUSR1 || signal == SIGUSR2) {
    next_question_ = now;
  } else if (ranks_.self() == kHead && !std::exchange(must_leave_, true)) {
    say_when_it_ends(Time{});
  }
}

void GuestRank::serve(StopSignals& signals, FrontEndLink& front_end, Time now) {
  while (const auto signal = signals.take()) on_signal(*signal, now);
  while (const auto signal = front_end.take_signal()) on_signal(*signal, now);
  if (errands_ != nullptr && !must_leave_) ask_slurm(now);
}

/// While Slurm does not answer, what it said last holds.
void GuestRank::ask_slurm(Time now) {
  while (const auto answer = errands_->take()) {
    if (!answer->is_good()) continue;
    for (const slurm::JobRecord& record : slurm::parse_job_records(answer->output)) {
      const Time end = std::min(invitation_.latest_end, record.end.value_or(kNever));
      if (record.id == job_ && end != end_) say_when_it_ends(end);
    }
  }
  if (now < next_question_) return;
  next_question_ = now + kAsk;
  (void)errands_->ask(slurm::command_for_jobs({job_}), kAskLimit);
}

/// A head that leaves says farewell soon after it has told us to; one that told us to leave because our own time is
/// over does not.
void GuestRank::wait_for_last_words() {
  const Duration left = end_ == kNever ? kFarewell : (end_ - now()) / 2;
  const Duration most = std::clamp<Duration>(left, kShortFarewell, kFarewell);
  const Duration begin = transport::ticks_since_boot();
  scheduler::Transport::Incoming nothing;
  while (transport::ticks_since_boot() - begin < most) {
    transport_.poll(nothing);
    if (transport_.farewell() || transport_.has_lost_head() || (must_leave_ && transport_.is_heard())) return;
    nap();
  }
}

/// Rank 0 speaks with them next, when they listen to it alone.
void GuestRank::wait_for_own_ranks() {
  if (ranks_.self() != kHead) return ranks_.send(kHead, scheduler::Shutdown{});
  scheduler::Transport::Incoming nothing;
  while (transport_.num_busy_ranks() > 0) {
    transport_.poll(nothing);
    nap();
  }
}

GuestEnd GuestRank::end() {
  wait_for_last_words();
  wait_for_own_ranks();
  constexpr int kIncomplete = static_cast<int>(ExitCode::incomplete);
  if (must_leave_) return {GuestEnd::Then::exit, kIncomplete, "asked to stop"};
  if (!transport_.farewell() && !transport_.has_lost_head())
    return {GuestEnd::Then::exit, kIncomplete, "the allocation ends"};
  const int code = transport_.farewell().value_or(kIncomplete);
  const bool goes_on = code == kIncomplete || code == static_cast<int>(ExitCode::conflict);
  if (goes_on)
    return {
        GuestEnd::Then::again, code,
        transport_.farewell() ? "the head of the run has left" : "the head of the run is dead, or can not be heard"};
  return {GuestEnd::Then::exit, code, "the run is over"};
}

}  // namespace fugle::app
