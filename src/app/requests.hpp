// What the rank of the head does beside the Engine: signals, commands from other shells, a look at who holds the run
// and when the allocation ends, and the news for the front-end.
#pragma once

#include <cstdint>

#include "app/allocation_watch.hpp"
#include "app/control.hpp"
#include "app/front_end.hpp"
#include "app/open_run.hpp"
#include "app/stop_signals.hpp"
#include "scheduler/engine.hpp"

namespace fugle::app {

class Requests {
 public:
  /// `watch`: nullptr outside of Slurm jobs.
  Requests(const OpenRun& run, StopSignals& signals, FrontEndLink& front_end, AllocationWatch* watch);

  /// Before each step of the engine.
  void serve(scheduler::Engine& engine, Time now);
  /// Somebody stopped the run: by a signal, or fugle cancel.
  [[nodiscard]] bool was_stopped() const { return was_stopped_; }

 private:
  void on_signal(int signal, scheduler::Engine& engine, Time now);
  void on_command(const ControlCommand& command, scheduler::Engine& engine, Time now);
  void look_at_lock(scheduler::Engine& engine, Time now);

  const OpenRun& run_;
  StopSignals& signals_;
  FrontEndLink& front_end_;
  AllocationWatch* watch_;
  Time next_look_{};
  Time next_look_at_lock_{};
  std::uint64_t num_ended_ = 0;
  bool has_seen_interrupt_ = false;
  bool is_taken_over_ = false;
  bool was_stopped_ = false;
};

}  // namespace fugle::app
