// Several Slurm jobs, or people at several machines, work on one run (`--join`): who comes first leads, as head; who
// comes later joins as guest (transport/exchange.hpp), and one of the guests leads when the head has gone. This is both
// sides' part beside the Engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/front_end.hpp"
#include "app/stop_signals.hpp"
#include "base/time.hpp"
#include "scheduler/ports.hpp"
#include "slurm/errands.hpp"
#include "transport/guest_transport.hpp"
#include "transport/joined_transport.hpp"

namespace fugle::app {

// ---- the head's side

/// After the lock of the run was taken: waits until nothing of a head that died can run any more. False: a signal came
/// first.
[[nodiscard]] bool await_former_guests(const std::string& run_dir, const StopSignals& signals);
/// Whether one has come that nobody has taken yet.
[[nodiscard]] bool is_waiting(const StopSignals& signals);
/// Lets guests in from now on. `ranks` outlives it.
[[nodiscard]] std::unique_ptr<transport::JoinedTransport> host_guests(scheduler::Transport& ranks,
                                                                      const std::string& run_dir);

// ---- a guest's side

/// Where to join; rank 0 finds it and tells the others.
struct Invitation {
  std::string run_dir;
  std::string session;
  std::string host;  ///< of the head
  int pid = 0;
  Time latest_end = kNever;  ///< of this allocation, as --walltime or Slurm says at the start

  [[nodiscard]] std::string encode() const;
  /// Throws EnvironmentError on bytes that encode() did not make.
  [[nodiscard]] static Invitation decode(std::string_view bytes);
};
/// Of the head that holds the run's lock. Nothing: it takes no guests, or none yet.
[[nodiscard]] std::optional<Invitation> find_invitation(const std::string& run_dir);
/// Whether a head that did take guests has left its mark here, living or not.
[[nodiscard]] bool was_campaign(const std::string& run_dir);

/// What a guest does when its work for this head is over.
struct GuestEnd {
  /// kill: what runs does not end, though it must.
  enum class Then : std::uint8_t { exit, again, kill } then = Then::exit;
  int exit_code = 0;
  std::string why;  ///< for people
};

/// A rank that works for the head of another allocation.
class GuestRank {
 public:
  /// Knocks. `errands`: by which Slurm is asked when our job ends; nullptr: not on this rank. Both outlive it.
  GuestRank(scheduler::Transport& ranks, Invitation invitation, slurm::Errands* errands, std::string job);

  [[nodiscard]] transport::GuestTransport& transport() { return transport_; }
  /// Sleeps until the head has let us in. False: it does not answer, or a signal came.
  [[nodiscard]] bool wait_to_be_let_in(const StopSignals& signals);
  /// Before each step of the engine.
  void serve(StopSignals& signals, FrontEndLink& front_end, Time now);
  /// After the engine is done: waits, for some seconds at most, until the head has heard all; on rank 0 also until the
  /// other ranks have come so far.
  [[nodiscard]] GuestEnd end();

 private:
  void on_signal(int signal, Time now);
  void say_when_it_ends(Time end);
  void ask_slurm(Time now);
  void wait_for_last_words();
  void wait_for_own_ranks();

  Invitation invitation_;
  slurm::Errands* errands_;
  std::string job_;
  scheduler::Transport& ranks_;
  transport::GuestTransport transport_;
  Time end_;
  Time next_question_{};
  bool must_leave_ = false;  ///< a signal said so
};

}  // namespace fugle::app
