#include "app/requests.hpp"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "base/error.hpp"

namespace fugle::app {
namespace {

using namespace std::chrono_literals;
using scheduler::Engine;

constexpr Duration kControlInterval = 500ms;
constexpr Duration kLockInterval = 1s;

}  // namespace

Requests::Requests(const OpenRun& run, StopSignals& signals, FrontEndLink& front_end, AllocationWatch* watch)
    : run_(run), signals_(signals), front_end_(front_end), watch_(watch), num_ended_(run.num_ended()) {
  front_end_.report_run(run_.directory(), num_ended_);
}

void Requests::serve(Engine& engine, Time now) {
  while (const auto signal = signals_.take()) on_signal(*signal, engine, now);
  if (watch_ != nullptr) watch_->serve(engine, now);
  if (now < next_look_) return;
  next_look_ = now + kControlInterval;
  while (const auto signal = front_end_.take_signal()) on_signal(*signal, engine, now);
  for (const ControlCommand& command : take_commands(run_.directory())) on_command(command, engine, now);
  look_at_lock(engine, now);
  const std::uint64_t before = std::exchange(num_ended_, run_.num_ended());
  if (num_ended_ != before) front_end_.report_progress(num_ended_);
}

void Requests::on_signal(int signal, Engine& engine, Time now) {
  if (signal == SIGUSR1 && watch_ != nullptr) watch_->warn(now);
  if (signal == SIGUSR1 || signal == SIGUSR2) return;
  // What Slurm sends at the end of the job is not somebody's wish.
  was_stopped_ = was_stopped_ || watch_ == nullptr || now < watch_->end();
  if (signal == SIGINT && !has_seen_interrupt_) {
    has_seen_interrupt_ = true;
    engine.request_stop(Engine::StopKind::drain, static_cast<int>(ExitCode::interrupted),
                        "interrupted: what runs may end; once more stops it", now);
  } else if (signal == SIGINT) {
    engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::interrupted), "interrupted twice", now);
  } else {
    engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::incomplete),
                        signal == SIGTERM ? "SIGTERM" : "SIGHUP", now);
  }
}

void Requests::on_command(const ControlCommand& command, Engine& engine, Time now) {
  if (command.element.empty()) {
    was_stopped_ = was_stopped_ || command.verb == "cancel";
    if (command.verb == "cancel")
      engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::interrupted),
                          fmt::format("cancelled by {}", command.who), now);
    return;
  }
  const ElementId e = run_.graph().find(command.element);
  if (!e.is_valid()) return;
  if (command.verb == "cancel") engine.cancel_element(e, command.who, now);
  if (command.verb == "hold") engine.hold_element(e, command.who, now);
  if (command.verb == "release") engine.release_element(e, command.who, now);
}

/// The journal fences too, at its next commit; a head whose tasks are long would not come to that for hours.
void Requests::look_at_lock(Engine& engine, Time now) {
  if (is_taken_over_ || now < next_look_at_lock_) return;
  next_look_at_lock_ = now + kLockInterval;
  const auto holder = run_.other_holder();
  if (!holder) return;
  is_taken_over_ = true;
  engine.request_stop(Engine::StopKind::stop, static_cast<int>(ExitCode::conflict),
                      fmt::format("another head (process {} on {}) goes on with this run; what ran here is stopped",
                                  holder->pid, holder->host),
                      now);
}

}  // namespace fugle::app
