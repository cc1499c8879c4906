// Bits that flip, bytes that change, files that are cut: at every byte of a small journal and at random places of a
// large one. What is read is what was written, or the damage is reported; what is repaired is a part of what was
// written, and can be replayed. FUGLE_ROT_CORRUPTIONS sets how many random ones there are (default 400).
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "base/error.hpp"
#include "legal_run.hpp"
#include "store/inspect.hpp"
#include "store/plan_file.hpp"
#include "store/repair.hpp"
#include "store/segment.hpp"

namespace fugle::store {
namespace {

using scheduler::Event;
using testing::LegalRun;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

constexpr int kNumParts = 4;
constexpr std::uint32_t kNumEvents = 40;
constexpr std::uint32_t kBatch = 8;

/// Every byte of a journal of one small segment; each part takes each fourth.
class EveryByte : public ::testing::TestWithParam<int> {
 protected:
  EveryByte() {
    {
      JournalOptions options = testing::small_journal();
      options.disk = &disk_;
      FileStore store(run_.path(), {}, options);
      testing::append_durably(store, kNumEvents, kBatch);
    }
    const std::string path = segment_path(run_.path(), 0);
    ::chmod(path.c_str(), 0600);
    info_ = open_segment(run_.path(), 0).info;
    file_.emplace(path, O_RDWR);
    whole_ = testing::read_bytes(path);
    expected_ = testing::events_between(1, kNumEvents);
  }

  /// Number of events, or nothing when damage was reported; fails when one is not what it was.
  std::optional<std::size_t> read() {
    try {
      const auto events = read_journal(run_.path()).events;
      EXPECT_TRUE(events.size() <= kNumEvents && std::equal(events.begin(), events.end(), expected_.begin()));
      return events.size();
    } catch (const EnvironmentError&) {
      return std::nullopt;
    }
  }

  testing::HastyDisk disk_;
  TemporaryDirectory run_;
  SegmentInfo info_;
  std::optional<File> file_;
  std::string whole_;
  std::vector<Event> expected_;
};

TEST_P(EveryByte, may_have_a_flipped_bit_without_a_false_event_and_only_the_last_commit_goes_unreported) {
  const std::size_t acknowledged_end = info_.rows_offset + (kNumEvents - kBatch) * sizeof(Row);
  for (std::size_t at = static_cast<std::size_t>(GetParam()); at < whole_.size(); at += kNumParts) {
    const char flipped = static_cast<char>(whole_[at] ^ (1 << (at / kNumParts % 8)));
    file_->write_at(at, bytes_of(flipped));
    const auto left = read();
    EXPECT_GE(left.value_or(kNumEvents), kNumEvents - kBatch) << "byte " << at;
    if (at >= info_.rows_offset && at < acknowledged_end) {
      EXPECT_FALSE(left) << "byte " << at;
    }
    file_->write_at(at, bytes_of(whole_[at]));
  }
}

TEST_P(EveryByte, may_be_the_last_one_of_a_file_that_was_cut) {
  for (std::size_t size = whole_.size() - 1 - static_cast<std::size_t>(GetParam()); size > kNumParts;
       size -= kNumParts) {
    file_->truncate(size);
    ASSERT_FALSE(read()) << "cut to " << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, EveryByte, ::testing::Range(0, kNumParts));

std::size_t num_corruptions() {
  const char* wanted = std::getenv("FUGLE_ROT_CORRUPTIONS");
  return wanted == nullptr ? 400 : static_cast<std::size_t>(std::max(1, std::atoi(wanted)));
}

class LargeJournal : public ::testing::Test {
 protected:
  LargeJournal() : graph_(testing::fan(4000)) {
    write_plan(run_.path(), graph_, {"run", "workflow", LegalRun::kSeed}, disk_);
    events_ = testing::write_lives(run_.path(), graph_, {2500, 3000, 2500}, 1024, disk_);
    for (const auto& entry : fs::directory_iterator(run_.path())) {
      whole_[entry.path().filename()] = testing::read_bytes(entry.path());
    }
  }

  void restore() {
    for (const auto& entry : fs::directory_iterator(run_.path())) {
      if (!whole_.contains(entry.path().filename())) fs::remove_all(entry.path());
    }
    for (const auto& [name, bytes] : whole_) {
      if (is_changed_.contains(name)) testing::write_bytes(run_ / name, bytes);
    }
    is_changed_.clear();
  }

  std::string some_segment() {
    return file_name_of(segment_path(run_.path(), static_cast<std::uint32_t>(random_.below(whole_.size() - 1))));
  }

  /// Says what it did.
  std::string corrupt() {
    const std::string name = some_segment();
    std::string bytes = whole_.at(name);
    is_changed_.insert(name);
    const std::size_t at = random_.chance(0.2) ? random_.below(8192) : random_.below(bytes.size());
    const std::size_t count = std::min<std::size_t>(1 + random_.below(5000), bytes.size() - at);
    std::string what;
    switch (random_.below(7)) {
      case 0:
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_.below(8)));
        what = "flipped bit";
        break;
      case 2:
        for (std::size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<char>(random_.next());
        what = "noise";
        break;
      case 3:
        bytes.replace(at, count, count, '\0');
        what = "zeros";
        break;
      case 4:
        bytes.resize(at);
        what = "cut";
        break;
      case 5: {
        const std::string& other = whole_.at(some_segment());
        bytes.replace(at, count, other, std::min(at, other.size() - 1), count);
        bytes.resize(whole_.at(name).size());
        what = "bytes of another segment";
        break;
      }
      default: fs::remove(run_ / name); return "removed " + name;
    }
    testing::write_bytes(run_ / name, bytes);
    return what + " in " + name + " at " + std::to_string(at);
  }

  /// Whether the damage was noticed.
  bool read_and_repair(const std::string& what) {
    bool is_noticed = false;
    try {
      const auto events = read_journal(run_.path()).events;
      EXPECT_TRUE(events.size() <= events_.size() && std::equal(events.begin(), events.end(), events_.begin())) << what;
    } catch (const EnvironmentError&) {
      is_noticed = true;
    } catch (const ConflictError&) {
      // A bit of the format number: HDF5 has no checksum that a person could not have written.
      ADD_FAILURE() << what;
    }
    const Inspection inspection = inspect(run_.path());
    EXPECT_EQ(inspection.can_resume, !is_noticed) << what;
    EXPECT_EQ(inspection.can_repair, is_noticed) << what;
    const auto repair = repair_journal(run_.path(), graph_, LegalRun::kSeed, disk_);
    EXPECT_EQ(repair.has_value(), is_noticed) << what;
    if (is_noticed) {
      is_changed_.merge(names_of_all());
      const auto kept = read_journal(run_.path()).events;
      EXPECT_TRUE(testing::is_subsequence(kept, events_)) << what;
      (void)testing::replay(graph_, kept);
    }
    return is_noticed;
  }

  [[nodiscard]] std::set<std::string> names_of_all() const {
    std::set<std::string> names;
    for (const auto& [name, bytes] : whole_) names.insert(name);
    return names;
  }

  testing::HastyDisk disk_;
  TemporaryDirectory run_;
  const graph::Graph graph_;
  std::vector<Event> events_;
  std::map<std::string, std::string> whole_;
  std::set<std::string> is_changed_;
  Random random_{20260605};
};

TEST_F(LargeJournal, is_read_or_reported_and_repaired_whatever_is_done_to_it) {
  std::size_t num_noticed = 0;
  for (std::size_t i = 0; i < num_corruptions() && !HasFailure(); ++i) {
    if (read_and_repair(corrupt())) ++num_noticed;
    restore();
  }
  std::cout << num_corruptions() << " corruptions of " << whole_.size() - 1 << " segments, " << events_.size()
            << " events: " << num_noticed << " reported and repaired, the others harmless\n";
  EXPECT_GT(num_noticed, num_corruptions() / 2);
}

}  // namespace
}  // namespace fugle::store
