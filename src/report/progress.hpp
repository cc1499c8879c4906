// What `fugle run` shows while it works: on a terminal one live line, elsewhere a plain line now and then; in both each
// final failure as a block, and a summary at the end. Listens to the head; used by the thread of the Engine; never
// waits for its reader, but for a moment at the end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "report/failure_block.hpp"
#include "report/gentle_writer.hpp"
#include "report/remaining_time.hpp"
#include "report/run_condition.hpp"
#include "report/run_lengths.hpp"
#include "scheduler/ports.hpp"

namespace fugle::report {

struct ProgressOptions {
  int fd = 2;
  bool is_terminal = false;
  std::function<std::size_t()> width;  ///< columns of the terminal, asked before each drawing; none: 80
  RunNames names;
  TailReader read_tail;
  /// With the events of earlier lives, to measure the run at its end.
  std::optional<RunLengths> lengths;
};

class Progress final : public scheduler::Observer {
 public:
  Progress(ProgressOptions options, const scheduler::RunState& run);

  void on_events(const scheduler::HeadView& view, std::span<const scheduler::Event> events,
                 const scheduler::Effects& effects) override;
  void on_tick(const scheduler::HeadView& view) override;
  void on_end(const scheduler::HeadView& view) override;

 private:
  void show(const scheduler::HeadView& view, const scheduler::Event& event);
  void show_failure(const scheduler::HeadView& view, const scheduler::Event& event);
  void show_stop(const std::string& why);
  void say_how_good_it_was(const scheduler::HeadView& view);
  void show_lost_worker(const scheduler::HeadView& view, const scheduler::Event& event);
  [[nodiscard]] bool is_line_due(const scheduler::HeadView& view) const;
  void draw(const scheduler::HeadView& view);
  /// A message of its own, above the live line.
  void say(const std::string& text);

  ProgressOptions options_;
  GentleWriter out_;
  RemainingTime remaining_;
  std::uint64_t num_failures_ = 0;
  std::string first_failed_;
  std::string stop_reason_;
  std::string finally_state_;
  int exit_code_ = 0;
  std::optional<Time> last_drawn_;
  std::uint64_t last_final_ = 0;  ///< number of final elements when a line was last drawn
  bool has_live_line_ = false;
};

/// The live line: `demo  37/400 ok  3 running  1 failed  12.3/s  ETA 4m05s`, then ids of what runs, in `width` columns.
[[nodiscard]] std::string progress_line(const scheduler::HeadView& view, std::string_view workflow,
                                        const RemainingTime& remaining, std::size_t width);

}  // namespace fugle::report
