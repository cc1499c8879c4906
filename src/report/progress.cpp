#include "report/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "report/report_view.hpp"
#include "report/text_table.hpp"

namespace fugle::report {

using scheduler::Event;
using scheduler::EventKind;
using scheduler::HeadView;

namespace {

constexpr std::uint64_t kMaxBlocks = 5;
constexpr Duration kRedrawInterval = std::chrono::milliseconds(100);
constexpr Duration kLineInterval = std::chrono::seconds(10);
constexpr std::uint64_t kLinesPerRun = 10;  ///< a plain line at least every tenth of the elements
constexpr Duration kLastPatience = std::chrono::seconds(2);
/// What the measure of a run costs, and how much of the run it may cost.
constexpr double kMeasureSecondsPerElement = 2e-6;
constexpr double kMeasureBase = 0.05;
constexpr double kMeasurePart = 0.01;
constexpr const char* kClearLine = "\r\x1b[K";

CountsView counts_of(const HeadView& view) { return view_of(view.run); }

/// An attempt whose end is the end of its element, for now.
bool is_final_failure(const HeadView& view, const Event& event) {
  return event.kind == EventKind::attempt_ended && view.run.state(event.element) == scheduler::State::failed &&
         view.run.attempt(event.element) == event.attempt;
}

std::string node_of(const HeadView& view, WorkerId worker) {
  const auto found = std::find_if(view.workers.begin(), view.workers.end(),
                                  [&](const scheduler::WorkerInfo& info) { return info.worker == worker; });
  return found == view.workers.end() ? "" : found->node;
}

Attempt attempt_of(const Event& event) {
  Attempt attempt;
  attempt.element = event.element;
  attempt.number = event.attempt;
  attempt.state = AttemptState::failed;
  attempt.cls = event.cls;
  attempt.worker = event.worker;
  attempt.exit = event.exit;
  attempt.start = event.start;
  attempt.end = event.end;
  attempt.reason = event.text;
  return attempt;
}

}  // namespace

std::string progress_line(const HeadView& view, std::string_view workflow, const RemainingTime& remaining,
                          std::size_t width) {
  const CountsView counts = counts_of(view);
  const Duration elapsed = view.now - view.life_started;
  std::string line =
      fmt::format("{}  {}/{} ok  {} running", workflow, counts.ok + counts.cached, counts.total, counts.running);
  if (counts.failed > 0) line += fmt::format("  {} failed", counts.failed);
  if (counts.blocked > 0) line += fmt::format("  {} blocked", counts.blocked);
  if (counts.held > 0) line += fmt::format("  {} held", counts.held);
  if (counts.retrying > 0) line += fmt::format("  {} to retry", counts.retrying);
  if (elapsed > Duration::zero())
    line += fmt::format("  {:.1f}/s",
                        static_cast<double>(std::max<std::int64_t>(0, remaining.num_settled())) / to_seconds(elapsed));
  // An ETA of zero means that what runs has taken longer than expected: not soon, but unknown.
  if (const auto eta = remaining.eta(elapsed, view.running, view.now); eta && *eta > Duration::zero())
    line += fmt::format("  ETA {}", format_duration(*eta));
  for (const auto& attempt : view.running) {
    const std::string_view id = view.run.graph().id(attempt.element);
    if (display_width(line) + 2 + display_width(id) > width) break;
    line += fmt::format("  {}", id);
  }
  return cut_to_width(line, width);
}

Progress::Progress(ProgressOptions options, const scheduler::RunState& run)
    : options_(std::move(options)), out_(options_.fd), remaining_(run) {
  const CountsView counts = view_of(run);
  last_final_ = counts.num_final();
  std::string line = fmt::format("{}: {} elements", options_.names.run, counts.total);
  // What failed before is tried again.
  const std::uint64_t num_done = counts.ok + counts.cached + counts.skipped + counts.ignored + counts.tolerated;
  if (num_done > 0) line += fmt::format(", {} of them done before", num_done);
  say(line + '\n');
}

void Progress::say(const std::string& text) {
  out_.put(has_live_line_ ? kClearLine + text : text);
  has_live_line_ = false;
}

void Progress::on_events(const HeadView& view, std::span<const Event> events, const scheduler::Effects& effects) {
  remaining_.update(view.run, effects.changed);
  for (const Event& event : events) show(view, event);
  on_tick(view);
}

void Progress::show(const HeadView& view, const Event& event) {
  if (options_.lengths) options_.lengths->add(event);
  switch (event.kind) {
    case EventKind::attempt_ended:
      if (event.cls == FailureClass::none)
        remaining_.observe(event.element, event.end - event.start);
      else if (is_final_failure(view, event))
        show_failure(view, event);
      return;
    case EventKind::worker_lost: return show_lost_worker(view, event);
    case EventKind::node_drained: return say(fmt::format("no more work for {}\n", event.text));
    case EventKind::hold_element:
    case EventKind::release_element:
      return say(fmt::format("{} {} by {}\n", view.run.graph().id(event.element),
                             event.kind == EventKind::hold_element ? "held" : "released", event.text));
    case EventKind::finally_began:
      finally_state_ = event.text;
      return say(fmt::format("all else has ended ({}); 'finally' runs\n", event.text));
    case EventKind::stop_requested: return show_stop(event.text);
    case EventKind::run_ended:
      exit_code_ = event.exit;
      if (!event.text.empty()) show_stop(event.text);
      return;
    default: return;
  }
}

/// The end of a run repeats why it was asked to stop: said once.
void Progress::show_stop(const std::string& why) {
  if (why != stop_reason_) say(fmt::format("stopping: {}\n", why));
  stop_reason_ = why;
}

void Progress::show_failure(const HeadView& view, const Event& event) {
  const graph::Graph& graph = view.run.graph();
  const bool is_ignored = view.run.counts_as_ok(event.element);
  if (first_failed_.empty() && !is_ignored) first_failed_ = graph.id(event.element);
  if (++num_failures_ > kMaxBlocks) return;
  const Failure failure =
      describe_failure(graph, attempt_of(event), node_of(view, event.worker),
                       options_.read_tail ? options_.read_tail(event.element, event.attempt) : "", finally_state_);
  say(failure_block(failure, options_.names, BlockSize::brief));
  if (num_failures_ == kMaxBlocks)
    say(fmt::format("further failures are only counted; 'fugle why {}' shows them all\n", options_.names.run));
}

void Progress::show_lost_worker(const HeadView& view, const Event& event) {
  const std::string node = node_of(view, event.worker);
  say(fmt::format("worker {}{} is lost ({}); its elements run elsewhere\n", event.worker.value(),
                  node.empty() ? "" : " on " + node, event.text));
}

bool Progress::is_line_due(const HeadView& view) const {
  if (!last_drawn_) return true;
  const Duration since = view.now - *last_drawn_;
  if (options_.is_terminal) return since >= kRedrawInterval;
  const CountsView counts = counts_of(view);
  const bool has_moved = counts.num_final() >= last_final_ + std::max<std::uint64_t>(1, counts.total / kLinesPerRun);
  return since >= kLineInterval || (has_moved && since >= kRedrawInterval);
}

void Progress::draw(const HeadView& view) {
  const std::size_t width = options_.width ? options_.width() : 80;
  // The last column is left free: a terminal that wraps there would scroll on each drawing.
  const std::string line =
      progress_line(view, options_.names.workflow, remaining_, std::max<std::size_t>(width, 2) - 1);
  out_.put(options_.is_terminal ? kClearLine + line : line + '\n');
  has_live_line_ = options_.is_terminal;
  last_drawn_ = view.now;
  last_final_ = counts_of(view).num_final();
}

void Progress::on_tick(const HeadView& view) {
  out_.flush();
  if (is_line_due(view) && !out_.has_pending()) draw(view);
}

/// Left to `fugle report` where the measure would take a noticeable part of the run.
void Progress::say_how_good_it_was(const HeadView& view) {
  if (!options_.lengths) return;
  const graph::Graph& graph = view.run.graph();
  const double cost_s = kMeasureSecondsPerElement * graph.num_elements();
  if (cost_s > kMeasureBase + kMeasurePart * options_.lengths->active_s()) return;
  const RunMeasure measured = measure(graph, *options_.lengths);
  if (const std::string ratio = ratio_text(measured); !ratio.empty()) say(fmt::format("finished in {}\n", ratio));
}

void Progress::on_end(const HeadView& view) {
  const CountsView counts = counts_of(view);
  const RunCondition condition = condition_at_end(counts, exit_code_);
  say(fmt::format("{}  {}  {}\n{}\n", options_.names.run, name_of(condition),
                  format_duration(view.now - view.life_started), summary_line(counts)));
  if (condition == RunCondition::ok) say_how_good_it_was(view);
  if (num_failures_ > kMaxBlocks) say(fmt::format("{} failures, {} shown\n", num_failures_, kMaxBlocks));
  say(next_steps(condition, options_.names.run, first_failed_, "next: "));
  out_.drain(kLastPatience);
}

}  // namespace fugle::report
