#include "store/live_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "store/live_layout.hpp"
#include "store/paged_image.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::HeadView;
using scheduler::RunningAttempt;
using scheduler::RunState;
using scheduler::State;
using scheduler::WorkerInfo;

namespace {

/// More often than people look, and rare enough to cost nothing.
constexpr Duration kWriteInterval = std::chrono::milliseconds(250);

template <std::size_t size>
std::array<char, size> padded(std::string_view text) {
  std::array<char, size> field{};
  std::copy_n(text.data(), std::min(text.size(), size), field.data());
  return field;
}

std::array<char, 64> host_name() {
  std::array<char, 64> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name;
}

bool is_older(const RunningAttempt& a, const RunningAttempt& b) {
  return a.start != b.start ? a.start < b.start : a.element < b.element;
}

}  // namespace

WorkerCondition condition_of(const WorkerInfo& worker, Time now) {
  if (!worker.alive) return WorkerCondition::lost;
  if (worker.drained) return WorkerCondition::drained;
  return worker.is_silent(now) ? WorkerCondition::silent : WorkerCondition::alive;
}

class LiveFile::Impl {
 public:
  Impl(const std::string& run_dir, const RunState& run) : Impl(run, run_dir, create_live_file(run_dir, num_of(run))) {}

  void on_events(const HeadView& view, std::span<const Event> events, const scheduler::Effects& effects) {
    if (has_grown(view.run)) return;  // a file of that size comes with the next write
    for (const ElementId e : effects.changed) put_state(e, view.run.state(e));
    for (const Event& event : events) {
      if (event.kind == scheduler::EventKind::attempt_started) put_attempt(event.element, view.run);
    }
    has_news_ = true;
  }

  [[nodiscard]] bool is_due(const HeadView& view) const { return view.now - last_write_ >= kWriteInterval; }
  [[nodiscard]] bool has_grown(const RunState& run) const { return states_.bytes().size() < num_of(run); }

  enum class IsEnded : std::uint8_t { no, yes };
  void write(const HeadView& view, IsEnded is_ended) {
    const bool has_silent_worker =
        std::ranges::any_of(view.workers, [&](const WorkerInfo& worker) { return worker.is_silent(view.now); });
    if (has_news_ || has_silent_worker) put_workers(view.workers, view.now);
    if (has_news_) {
      put_running(view.running, view.run);
      put_failed();
    }
    has_news_ = false;
    put_summary(view.run);
    summary_.durable = view.durable;
    summary_.heartbeat_ns = to_ns(view.now);
    summary_.life_started_ns = to_ns(view.life_started);
    summary_.ended = is_ended == IsEnded::yes ? 1 : 0;
    write_out();
    last_write_ = view.now;
  }

 private:
  Impl(const RunState& run, const std::string& run_dir, const LiveOffsets& at)
      : file_(live_path(run_dir), O_RDWR),
        summary_image_(at.directory.summary, sizeof(SummaryRow)),
        workers_(at.directory.workers, kMaxLiveWorkers * sizeof(WorkerRow)),
        running_(at.directory.running, kMaxLiveRunning * sizeof(RunningRow)),
        failed_image_(at.directory.failed, kMaxLiveFailed * sizeof(std::uint32_t)),
        states_(at.state, num_of(run)),
        attempts_(at.attempt, num_of(run) * sizeof(std::uint16_t)) {
    states_.put(0, std::as_bytes(run.states()));
    attempts_.put(0, std::as_bytes(run.attempts()));
    for (std::uint32_t e = 0; e < num_of(run); ++e) {
      if (run.states()[e] == State::failed) failed_.push_back(e);
    }
    summary_.pid = static_cast<std::uint32_t>(::getpid());
    summary_.host = host_name();
    put_failed();
    put_summary(run);
    write_out();
  }

  static std::uint32_t num_of(const RunState& run) { return run.graph().num_elements(); }

  void put_state(ElementId e, State state) {
    const auto before = static_cast<State>(states_.bytes()[e.value()]);
    if (state == before) return;
    if (state == State::failed) {
      drop_recovered();
      failed_.push_back(e.value());
    }
    if (before == State::failed) has_recovered_ = true;
    states_.put(e.value(), bytes_of(state));
  }

  /// All at once, because a resume gives every failed element another chance.
  void drop_recovered() {
    if (!has_recovered_) return;
    std::erase_if(failed_, [&](std::uint32_t e) { return static_cast<State>(states_.bytes()[e]) != State::failed; });
    has_recovered_ = false;
  }

  void put_attempt(ElementId e, const RunState& run) {
    attempts_.put(e.value() * sizeof(std::uint16_t), bytes_of(run.attempt(e)));
  }

  void put_workers(std::span<const WorkerInfo> workers, Time now) {
    workers = workers.first(std::min<std::size_t>(workers.size(), kMaxLiveWorkers));
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const WorkerInfo& w = workers[i];
      WorkerRow row;
      row.worker = w.worker.value();
      row.cores = w.cores;
      row.cores_in_use = w.cores_in_use;
      row.alive = static_cast<std::uint32_t>(condition_of(w, now));
      row.num_ended = w.num_ended;
      row.node = padded<sizeof row.node>(w.node);
      workers_.put(i * sizeof row, bytes_of(row));
    }
    summary_.num_workers = static_cast<std::uint32_t>(workers.size());
  }

  void put_running(std::span<const RunningAttempt> running, const RunState& run) {
    oldest_.assign(running.begin(), running.end());
    const auto end =
        oldest_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(oldest_.size(), kMaxLiveRunning));
    std::nth_element(oldest_.begin(), end, oldest_.end(), is_older);
    oldest_.erase(end, oldest_.end());
    std::sort(oldest_.begin(), oldest_.end(), is_older);
    for (std::size_t i = 0; i < oldest_.size(); ++i) {
      const RunningAttempt& r = oldest_[i];
      const auto phase = static_cast<std::uint32_t>(scheduler::service_phase(run, r.element));
      const RunningRow row{r.element.value(), r.worker.value(), to_ns(r.start), r.attempt, phase};
      running_.put(i * sizeof row, bytes_of(row));
    }
    summary_.num_running = static_cast<std::uint32_t>(oldest_.size());
  }

  void put_failed() {
    drop_recovered();
    const auto shown = std::span(failed_).first(std::min<std::size_t>(failed_.size(), kMaxLiveFailed));
    failed_image_.put(0, std::as_bytes(shown));
    summary_.num_failed = static_cast<std::uint32_t>(shown.size());
  }

  void put_summary(const RunState& run) {
    summary_.counts = run.counts();
    summary_.num_ignored = run.num_ignored();
    summary_.num_tolerated = run.num_tolerated();
    summary_.in_finally = run.has_finally_begun() ? 1 : 0;
    summary_.total = run.graph().num_real_elements();
  }

  /// The file is a cache: when it can not be written now, the run goes on and the pages wait for the next time.
  void write_out() {
    summary_.crc = crc_of(summary_);
    summary_image_.put(0, bytes_of(summary_));
    try {
      for (PagedImage* image : {&states_, &attempts_, &workers_, &running_, &failed_image_, &summary_image_}) {
        image->write_changes(file_);
      }
    } catch (const EnvironmentError&) {
    }
  }

  File file_;
  SummaryRow summary_;
  PagedImage summary_image_;
  PagedImage workers_;
  PagedImage running_;
  PagedImage failed_image_;
  PagedImage states_;
  PagedImage attempts_;
  std::vector<std::uint32_t> failed_;  ///< elements, in the order in which they failed
  bool has_recovered_ = false;         ///< some of them have left FAILED since
  std::vector<RunningAttempt> oldest_;
  Time last_write_{};
  bool has_news_ = true;
};

LiveFile::LiveFile(const std::string& run_dir, const RunState& run)
    : run_dir_(run_dir), impl_(std::make_unique<Impl>(run_dir, run)) {}
LiveFile::~LiveFile() = default;

void LiveFile::on_events(const HeadView& view, std::span<const Event> events, const scheduler::Effects& effects) {
  impl_->on_events(view, events, effects);
}
void LiveFile::on_tick(const HeadView& view) {
  if (!impl_->is_due(view)) return;
  follow(view.run);
  impl_->write(view, Impl::IsEnded::no);
}
void LiveFile::on_end(const HeadView& view) {
  follow(view.run);
  impl_->write(view, Impl::IsEnded::yes);
}

/// The graph has grown: a file for all of it takes the place of the other. It is a cache: where that can not be made
/// now, it is tried again.
void LiveFile::follow(const RunState& run) try {
  if (impl_->has_grown(run)) impl_ = std::make_unique<Impl>(run_dir_, run);
} catch (const EnvironmentError&) {
}

}  // namespace fugle::store
