#include "store/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/consistency.hpp"
#include "store/hdf5.hpp"
#include "store/live_file.hpp"
#include "store/live_layout.hpp"
#include "store/plan_file.hpp"
#include "store/repair.hpp"
#include "store/repair_folders.hpp"
#include "store/run_door.hpp"
#include "store/run_lock.hpp"
#include "store/segment_reader.hpp"
#include "store/snapshot.hpp"

namespace fugle::store {
namespace {

using scheduler::Sequence;
constexpr auto kNoEnd = std::numeric_limits<Sequence>::max();

class Inspector {
 public:
  explicit Inspector(const std::string& run_dir) : run_dir_(run_dir) {}

  Inspection inspect() && {
    const auto numbers = list_segments(run_dir_);
    look_at_lock();
    look_at_plan();
    for (std::size_t i = 0; i < numbers.size(); ++i) look_at_segment(numbers, i);
    look_at_holes(numbers);
    look_at_caches();
    add_lives();
    judge();
    return std::move(result_);
  }

 private:
  void add(std::string name, Soundness soundness, std::string words) {
    result_.files.push_back({std::move(name), soundness, std::move(words)});
  }

  /// Runs `look`; what it throws is what is wrong with the file.
  template <class Look>
  void try_file(const std::string& name, Soundness if_damaged, Look look) {
    try {
      look();
    } catch (const ConflictError& error) {
      add(name, Soundness::newer, error.what());
    } catch (const std::exception& error) {
      add(name, if_damaged, error.what());
    }
  }

  void look_at_lock() {
    try_file("run.lock", Soundness::damaged, [&] {
      const auto holder = find_lock_holder(run_dir_);
      if (!holder) return;
      result_.is_held = true;
      result_.holder = fmt::format("process {} on {}", holder->pid, holder->host);
    });
  }

  void look_at_plan() {
    try_file("plan.0.h5", Soundness::damaged, [&] {
      plan_.emplace(read_plan(run_dir_));
      add("plan.0.h5", Soundness::sound,
          fmt::format("{}, {}", counted(plan_->graph.num_tasks(), "task", "tasks"),
                      counted(plan_->graph.num_real_elements(), "element", "elements")));
    });
  }

  void look_at_segment(const std::vector<std::uint32_t>& numbers, std::size_t i) {
    const std::string name = file_name_of(segment_path(run_dir_, numbers[i]));
    try_file(name, Soundness::damaged, [&] {
      SegmentReader reader(open_segment(run_dir_, numbers[i]));
      const Sequence end = i + 1 < numbers.size() ? first_seq_of(numbers[i + 1]) : kNoEnd;
      SegmentInspection segment = count(reader, end);
      result_.segments.push_back(segment);
      result_.acknowledged = std::max(result_.acknowledged, reader.info().first_seq - 1);
      add(name, segment.num_damaged > 0 ? Soundness::damaged : Soundness::sound, words_for(segment));
    });
    if (result_.files.back().soundness == Soundness::damaged && !is_last_counted(numbers[i]))
      add_unreadable(numbers[i]);
  }

  [[nodiscard]] bool is_last_counted(std::uint32_t number) const {
    return !result_.segments.empty() && result_.segments.back().number == number;
  }

  /// kNoEnd when it can not be read.
  Sequence first_seq_of(std::uint32_t number) {
    try {
      return open_segment(run_dir_, number).info.first_seq;
    } catch (const Error&) {
      return kNoEnd;
    }
  }

  SegmentInspection count(SegmentReader& reader, Sequence end) {
    SegmentInspection segment;
    segment.number = reader.info().number;
    segment.epoch = reader.info().epoch;
    segment.first_seq = reader.info().first_seq;
    std::vector<scheduler::Event> events;
    reader.read_on(events, end);
    const Sequence next = reader.next_seq();
    const auto beyond = reader.look_beyond();
    segment.num_events = events.size();
    const Sequence promised = end == kNoEnd ? beyond.acknowledged : end - 1;
    for (const auto& row : reader.find_all()) {
      if (row.seq < end) result_.acknowledged = std::max(result_.acknowledged, row.acknowledged);
    }
    if (next <= promised) {
      count_damaged(reader, promised, segment);
    } else if (end == kNoEnd) {
      segment.num_torn = beyond.num_rows;
    } else {
      segment.num_superseded = beyond.num_rows;
    }
    return segment;
  }

  static void count_damaged(SegmentReader& reader, Sequence promised, SegmentInspection& segment) {
    segment.num_events = 0;
    for (const auto& row : reader.find_all()) {
      if (row.seq <= promised) {
        ++segment.num_events;
      } else {
        ++segment.num_superseded;
      }
    }
    const std::uint64_t wanted = promised - segment.first_seq + 1;
    segment.num_damaged = wanted - std::min(wanted, segment.num_events);
  }

  void add_unreadable(std::uint32_t number) {
    SegmentInspection segment;
    segment.number = number;
    try {
      segment.num_events = SegmentReader(open_damaged_segment(run_dir_, number)).find_all().size();
      result_.files.back().words +=
          fmt::format("; {} in it can still be read", counted(segment.num_events, "event", "events"));
    } catch (const Error&) {
    }
    result_.segments.push_back(segment);
  }

  static std::string words_for(const SegmentInspection& s) {
    std::string words = fmt::format("{} of life {}", counted(s.num_events, "event", "events"), s.epoch);
    if (s.num_damaged > 0) words += fmt::format("; {} lost", counted(s.num_damaged, "event is", "events are"));
    if (s.num_torn > 0) {
      words += fmt::format("; {} of a last batch that was never acknowledged, dropped by the next start",
                           counted(s.num_torn, "row", "rows"));
    }
    if (s.num_superseded > 0) {
      words += fmt::format("; {} that a later segment replaces", counted(s.num_superseded, "row", "rows"));
    }
    return words;
  }

  void look_at_holes(const std::vector<std::uint32_t>& numbers) {
    if (is_repair_unfinished(run_dir_)) {
      add(kReadyFolder, Soundness::damaged, "a repair was interrupted; complete it with 'fugle resume --repair'");
      return;
    }
    if (numbers.empty()) add("journal.0.h5", Soundness::absent, "nothing has happened yet");
    const std::uint32_t end = numbers.empty() ? 0 : numbers.back();
    for (std::uint32_t k = 0; k < end; ++k) {
      if (std::binary_search(numbers.begin(), numbers.end(), k)) continue;
      add(file_name_of(segment_path(run_dir_, k)), Soundness::damaged, "is missing, but later segments exist");
    }
  }

  void look_at_caches() {
    const bool has_live = file_exists(live_path(run_dir_));
    if (is_live_sound()) {
      add("live.h5", Soundness::sound, "");
    } else {
      add("live.h5", Soundness::rebuilt,
          fmt::format("{}; the next start makes it anew", has_live ? "cannot be read" : "is missing"));
    }
    if (!file_exists(run_dir_ + "/snapshot.h5")) {
      add("snapshot.h5", Soundness::absent, "is written when a life ends in order");
    } else {
      try_file("snapshot.h5", Soundness::rebuilt, [&] {
        check_snapshot(run_dir_);
        add("snapshot.h5", Soundness::sound, "");
      });
    }
    const bool is_door_sound = is_run_door_sound(run_dir_);
    add("run.h5", is_door_sound ? Soundness::sound : Soundness::rebuilt,
        is_door_sound ? "" : "cannot be read; the next start makes it anew");
  }

  /// `status` needs less of it.
  [[nodiscard]] bool is_live_sound() const {
    try {
      const hdf5::Session session;
      (void)hdf5::open_dataset(hdf5::open_file(session, live_path(run_dir_)), "state");
      return read_live(run_dir_).has_value();
    } catch (const EnvironmentError&) {
      return false;
    }
  }

  void add_lives() {
    for (const SegmentInspection& s : result_.segments) {
      result_.num_events += s.num_events;
      if (s.epoch == 0) continue;
      if (result_.lives.empty() || result_.lives.back().epoch != s.epoch) {
        result_.lives.push_back({s.epoch, s.first_seq, 0, s.number, s.number});
      }
      result_.lives.back().num_events += s.num_events;
      result_.lives.back().last_segment = s.number;
    }
  }

  void judge() {
    if (!plan_) {
      result_.advice.emplace_back(
          "without the plan the run cannot go on; restore plan.0.h5 from a copy, or start a new run");
      return;
    }
    if (is_any(Soundness::newer)) {
      result_.advice.emplace_back("a newer version of fugle wrote this run; use that one");
      return;
    }
    try {
      const auto repair = preview_repair(run_dir_, plan_->graph, plan_->facts.seed);
      result_.can_resume = !repair;
      result_.can_repair = repair.has_value();
      if (repair) advise(*repair);
    } catch (const Error& error) {
      result_.advice.emplace_back(error.what());
    }
  }

  void advise(const Repair& repair) {
    result_.advice.insert(result_.advice.end(), repair.words.begin(), repair.words.end());
    result_.advice.emplace_back("restore the damaged files from a copy, or continue with 'fugle resume --repair'");
    const bool is_noted = is_any(Soundness::damaged);
    if (!is_noted) add("journal", Soundness::damaged, "its events do not fit the plan");
  }

  [[nodiscard]] bool is_any(Soundness soundness) const {
    return std::any_of(result_.files.begin(), result_.files.end(),
                       [&](const FileInspection& file) { return file.soundness == soundness; });
  }

  const std::string& run_dir_;
  std::optional<PlanFile> plan_;
  Inspection result_;
};

}  // namespace

const char* name_of(Soundness soundness) {
  switch (soundness) {
    case Soundness::sound: return "sound";
    case Soundness::absent: return "absent";
    case Soundness::rebuilt: return "rebuilt at the next start";
    case Soundness::damaged: return "damaged";
    case Soundness::newer: return "newer";
  }
  return "unknown";
}

bool Inspection::is_sound() const {
  return std::none_of(files.begin(), files.end(), [](const FileInspection& file) {
    return file.soundness == Soundness::damaged || file.soundness == Soundness::newer;
  });
}

Inspection inspect(const std::string& run_dir) { return Inspector(run_dir).inspect(); }

}  // namespace fugle::store
