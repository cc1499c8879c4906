// Lives of a journal on a recorded disk, and the judgement over what is read back after a power cut at any moment: all
// that was acknowledged is there, and nothing that did not happen.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "store/journal_writer.hpp"
#include "store_support.hpp"
#include "support/simulated_disk.hpp"
#include "support/simulated_disk_image.hpp"

namespace fugle::store::testing {

using fugle::testing::DiskHistory;
using fugle::testing::DiskModel;
using fugle::testing::ImageDirectory;
using fugle::testing::RecordingDisk;
using scheduler::Event;
using scheduler::Sequence;

/// Of two lives no event is equal, so that one of a life that was superseded can not pass for another.
inline Event event_of_life(Sequence seq, int life) {
  Event event = event_of(seq);
  event.worker = WorkerId(static_cast<std::uint32_t>(life));
  return event;
}

/// What was promised up to some point: the history as the present life knows it, and how much of it is durable.
struct Promise {
  std::size_t life = 0;
  Sequence acknowledged = 0;
};

class RecordedRun {
 public:
  struct Plan {
    std::size_t num_events = 0;  ///< at most, in this life
    std::uint32_t commit_align = 0;
    RecordingDisk::Kind doom = RecordingDisk::Kind::note;  ///< dies before that change; note: ends in order
    std::size_t doom_count = 0;
    RecordingDisk::Forgets forgets;
  };

  explicit RecordedRun(std::string directory) : directory_(std::move(directory)) {}

  /// Reads what is there, begins a life, appends and commits until it ends.
  void live(const Plan& plan, Random& random) {
    RecordingDisk disk(disk_, directory_);
    disk.forget_syncs(plan.forgets);
    if (plan.doom_count > 0) disk.die_before(plan.doom, plan.doom_count);
    try {
      const Recovered recovered = read_journal(directory_, disk);
      histories_.push_back(recovered.events);
      promise(promises_.empty() ? 0 : promises_.back().acknowledged);
      JournalWriter writer(directory_, recovered, kMinCapacity, plan.commit_align, disk);
      promise(writer.durable());
      while (histories_.back().size() < recovered.events.size() + plan.num_events) commit_some(writer, random);
    } catch (const fugle::testing::Killed&) {
    }
  }

  [[nodiscard]] const DiskHistory& disk() const { return disk_; }
  [[nodiscard]] DiskHistory& disk() { return disk_; }
  [[nodiscard]] const Promise& promise_of(const fugle::testing::DiskChange& note) const {
    return promises_[note.offset];
  }
  [[nodiscard]] std::size_t num_events() const { return histories_.back().size(); }

  /// What is wrong with the journal in `directory` after a crash under this promise; empty: nothing.
  [[nodiscard]] std::string judge(const std::string& directory, const Promise& promise) const {
    try {
      const std::vector<Event> events = read_journal(directory).events;
      const std::vector<Event> none;
      const std::vector<Event>& told = histories_.empty() ? none : histories_[promise.life];
      if (events.size() < promise.acknowledged) {
        return "only " + std::to_string(events.size()) + " of " + std::to_string(promise.acknowledged) +
               " acknowledged events are left";
      }
      if (events.size() > told.size() || !std::equal(events.begin(), events.end(), told.begin())) {
        return "an event was read that did not happen";
      }
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

 private:
  void commit_some(JournalWriter& writer, Random& random) {
    RowBatch batch;
    const std::size_t count = 1 + random.below(random.chance(0.1) ? 90 : 12);
    for (std::size_t i = 0; i < count; ++i) {
      const Sequence seq = histories_.back().size() + 1;
      const Event event = event_of_life(seq, static_cast<int>(histories_.size()));
      batch.rows.push_back(to_row(event, seq));
      batch.rows.back().text_len = static_cast<std::uint16_t>(event.text.size());
      batch.texts += event.text;
      histories_.back().push_back(event);
    }
    writer.commit(batch);
    promise(writer.durable());
    writer.make_room();
  }

  void promise(Sequence acknowledged) {
    promises_.push_back({histories_.size() - 1, acknowledged});
    disk_.note(promises_.size() - 1);
  }

  std::string directory_;
  DiskHistory disk_;
  std::vector<std::vector<Event>> histories_;  ///< by life: what it read and what it added
  std::vector<Promise> promises_;
};

}  // namespace fugle::store::testing
