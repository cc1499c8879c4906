#include "store/salvage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/segment_reader.hpp"

namespace fugle::store {
namespace {

using scheduler::Sequence;
using Found = SegmentReader::Found;

class Salvager {
 public:
  Salvager(const std::string& run_dir, Disk& disk) : run_dir_(run_dir), disk_(disk) {}

  Salvage salvage() && {
    std::uint32_t expected = 0;
    for (const std::uint32_t number : list_segments(run_dir_)) {
      for (; expected < number; ++expected) say("'{}' is missing", segment_path(run_dir_, expected));
      expected = number + 1;
      add_segment(number);
    }
    find_holes();
    for (Found& found : found_) result_.events.push_back(std::move(found.event));
    return std::move(result_);
  }

 private:
  template <class... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    result_.words.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  std::optional<Segment> open(std::uint32_t number) {
    try {
      return open_segment(run_dir_, number, disk_);
    } catch (const EnvironmentError&) {
      say("the metadata of '{}' can not be read", segment_path(run_dir_, number));
    }
    try {
      return open_damaged_segment(run_dir_, number, disk_);
    } catch (const EnvironmentError& error) {
      say("{}", error.what());
      return std::nullopt;
    }
  }

  void add_segment(std::uint32_t number) {
    auto segment = open(number);
    if (!segment || is_foreign(*segment)) return;
    const bool has_metadata = segment->info.epoch > 0;
    const Sequence first = segment->info.first_seq;
    result_.epoch = std::max(result_.epoch, segment->info.epoch);
    result_.capacity = segment->info.capacity;
    auto rows = SegmentReader(std::move(*segment)).find_all();
    if (has_metadata) {
      begin_at(first);
    } else if (!rows.empty()) {
      begin_at(rows.front().seq);
    }
    for (Found& row : rows) {
      // Rows of a life grow; one that does not is no row of this segment.
      if (!found_.empty() && row.seq <= found_.back().seq) continue;
      acknowledged_ = std::max(acknowledged_, row.acknowledged);
      found_.push_back(std::move(row));
    }
  }

  bool is_foreign(const Segment& segment) {
    const SegmentInfo& info = segment.info;
    if (info.run.empty()) return false;
    if (run_.empty()) run_ = info.run;
    if (info.run == run_) return false;
    say("'{}' belongs to another run", segment.file.path());
    return true;
  }

  /// What earlier segments hold from here on was never acknowledged: a torn batch, or a life that was superseded.
  void begin_at(Sequence first) {
    while (!found_.empty() && found_.back().seq >= first) found_.pop_back();
    acknowledged_ = std::max(acknowledged_, first - 1);
  }

  void find_holes() {
    Sequence next = 1;
    const auto check = [&](Sequence seq) {
      if (seq <= next || next > acknowledged_) return;
      const Sequence last = std::min(seq - 1, acknowledged_);
      result_.num_lost += last - next + 1;
      say("{} lost ({})", last == next ? "one event is" : fmt::format("{} events are", last - next + 1),
          last == next ? fmt::format("number {}", next) : fmt::format("numbers {} to {}", next, last));
    };
    for (const Found& found : found_) {
      check(found.seq);
      next = found.seq + 1;
    }
    check(acknowledged_ + 1);
  }

  const std::string& run_dir_;
  Disk& disk_;
  Salvage result_;
  std::string run_;
  std::vector<Found> found_;
  Sequence acknowledged_ = 0;
};

}  // namespace

Salvage salvage_journal(const std::string& run_dir, Disk& disk) { return Salvager(run_dir, disk).salvage(); }

}  // namespace fugle::store
