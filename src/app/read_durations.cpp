#include "app/read_durations.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "app/find_run.hpp"
#include "base/error.hpp"
#include "store/plan_file.hpp"
#include "store/run_lock.hpp"
#include "store/segment_reader.hpp"

namespace fugle::app {
namespace {

namespace fs = std::filesystem;
using scheduler::Event;
using scheduler::EventKind;
using std::chrono::steady_clock;

constexpr std::uint32_t kMostRuns = 5;
constexpr auto kPatience = std::chrono::milliseconds(300);
/// A file of names beyond this size (about 300,000 elements) would alone take longer.
constexpr std::uintmax_t kMostPlanBytes = 64 << 20;
/// Rows between two looks at the clock: some 10 ms.
constexpr scheduler::Sequence kRowsAtOnce = 50'000;

bool is_good_end(const Event& event) {
  return event.kind == EventKind::attempt_ended && event.cls == graph::FailureClass::none && event.end > event.start;
}

double seconds_of(const Event& event) { return to_seconds(event.end - event.start); }

bool is_same_workflow(const RunFacts& a, const RunFacts& b) {
  if (a.workflow != b.workflow || a.source != b.source) return false;
  return a.source != Source::lines || (a.file != "-" && a.file == b.file && a.submit_dir == b.submit_dir);
}

class Reading {
 public:
  explicit Reading(EarlierRuns& into) : into_(into), deadline_(steady_clock::now() + kPatience) {}

  [[nodiscard]] bool is_late() const { return steady_clock::now() >= deadline_; }

  /// False when its time was up before its end.
  bool read(const std::string& run_dir) {
    std::error_code ignored;
    if (fs::file_size(run_dir + "/plan.0.h5", ignored) > kMostPlanBytes) return false;
    const store::ElementNames names = store::read_element_names(run_dir);
    bool has_learned = false, is_whole = true;
    for (const std::uint32_t number : store::list_segments(run_dir)) {
      store::SegmentReader segment(store::open_segment(run_dir, number));
      for (events_.clear(); is_whole; events_.clear()) {
        segment.read_on(events_, segment.next_seq() + kRowsAtOnce);
        has_learned = learn(names) || has_learned;
        if (events_.size() < kRowsAtOnce) break;
        is_whole = !is_late();
      }
    }
    if (has_learned) ++into_.num_runs;
    return is_whole;
  }

 private:
  bool learn(const store::ElementNames& names) {
    bool has_learned = false;
    for (const Event& event : events_) {
      if (!is_good_end(event) || event.element.value() >= names.task_of.size()) continue;
      into_.durations.add(names.tasks[names.task_of[event.element.value()]], names.ids[event.element.value()],
                          seconds_of(event));
      has_learned = true;
    }
    return has_learned;
  }

  EarlierRuns& into_;
  steady_clock::time_point deadline_;
  std::vector<Event> events_;
};

}  // namespace

void add_duration(const graph::Graph& graph, const Event& event, plan::DurationHistory& durations) {
  if (is_good_end(event)) durations.add(graph.task_of(event.element).name, graph.id(event.element), seconds_of(event));
}

EarlierRuns read_earlier_runs(const std::string& runs_dir, const RunFacts& facts) {
  EarlierRuns earlier;
  Reading reading(earlier);
  std::uint32_t num_seen = 0;
  for (const std::string& run_dir : list_runs(runs_dir)) {
    const std::string name = fs::path(run_dir).filename().string();
    if (name == facts.run || !name.starts_with(facts.workflow + "-")) continue;
    if (num_seen == kMostRuns) break;
    try {
      if (!is_same_workflow(read_run_facts(run_dir), facts) || store::find_lock_holder(run_dir)) continue;
      ++num_seen;
      const bool is_whole = !reading.is_late() && reading.read(run_dir);
      if (!is_whole && earlier.left_out.empty())
        earlier.left_out = fmt::format("{} is too large to be read in time; estimates rest on the runs after it", name);
    } catch (const Error& error) {
      if (earlier.left_out.empty()) earlier.left_out = fmt::format("{} is not readable: {}", name, error.what());
    }
  }
  return earlier;
}

}  // namespace fugle::app
