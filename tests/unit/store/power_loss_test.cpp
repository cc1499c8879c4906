// Power cuts at every moment of a run of several lives: each prefix of what was written is replayed with everything
// that was not synced torn, reordered or missing, then read, continued, cut again, and read again. FUGLE_POWER_IMAGES
// sets how many images are made of each prefix (default 2).
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "graph_support.hpp"
#include "power_support.hpp"
#include "store/plan_file.hpp"
#include "store/run_door.hpp"

namespace fugle::store {
namespace {

using testing::DiskModel;
using testing::ImageDirectory;
using testing::Promise;
using testing::RecordedRun;
using testing::RecordingDisk;
using testing::TemporaryDirectory;
using Kind = RecordingDisk::Kind;

constexpr std::uint64_t kSeed = 20260604;
constexpr int kNumParts = 4;

std::size_t num_images() {
  const char* wanted = std::getenv("FUGLE_POWER_IMAGES");
  return wanted == nullptr ? 2 : static_cast<std::size_t>(std::max(1, std::atoi(wanted)));
}

/// Lives that end in order, before a sync (what they wrote is in the page cache), before a write, between the names of
/// a new segment; one that writes nothing.
RecordedRun record_run(const std::string& directory, const RecordingDisk::Forgets& forgets = {}) {
  RecordedRun run(directory);
  Random random(kSeed);
  const std::vector<RecordedRun::Plan> lives{
      {500, 0, Kind::sync, 60, forgets},  {500, 4096, Kind::sync, 45, forgets}, {0, 0, Kind::note, 0, forgets},
      {400, 0, Kind::write, 80, forgets}, {500, 0, Kind::sync, 50, forgets},    {500, 4096, Kind::name, 4, forgets},
      {300, 0, Kind::sync, 5, forgets},   {500, 0, Kind::sync, 70, forgets},    {300, 4096, Kind::sync, 1, forgets},
      {500, 0, Kind::note, 0, forgets},
  };
  for (const auto& life : lives) run.live(life, random);
  return run;
}

struct Verdict {
  std::size_t num_prefixes = 0;
  std::size_t num_images = 0;
  std::vector<std::string> losses;
};

/// Replays the prefixes whose number leaves `part` when divided by kNumParts.
class PowerCuts {
 public:
  PowerCuts(const RecordedRun& run, int part)
      : run_(run), part_(part), random_(kSeed + static_cast<std::uint64_t>(part)) {}

  Verdict try_all() {
    DiskModel model;
    Promise promise;
    const auto& changes = run_.disk().changes;
    for (std::size_t i = 0; i <= changes.size(); ++i) {
      if (static_cast<int>(i % kNumParts) == part_) {
        ++verdict_.num_prefixes;
        for (std::size_t k = 0; k < num_images(); ++k) {
          const bool is_cut_in_flight = i < changes.size() && random_.chance(0.5);
          cut(model.crash(random_, is_cut_in_flight ? &changes[i] : nullptr), promise, i);
        }
      }
      if (i == changes.size()) break;
      model.apply(changes[i]);
      if (changes[i].kind == Kind::note) promise = run_.promise_of(changes[i]);
    }
    return verdict_;
  }

 private:
  void cut(const std::map<std::string, std::string>& image, const Promise& promise, std::size_t at) {
    ++verdict_.num_images;
    first_.become(image);
    const std::string wrong = run_.judge(directory_.path(), promise);
    if (!wrong.empty()) return note_loss(at, wrong);
    cut_again(at);
  }

  /// The life after the cut, and a second cut at some moment of it.
  void cut_again(std::size_t at) {
    RecordedRun next(directory_.path());
    enter_as_synced(next);
    next.live({20, random_.chance(0.5) ? 0u : 4096u, Kind::sync, 1 + random_.below(6), {}}, random_);
    DiskModel model;
    Promise promise;
    const auto& changes = next.disk().changes;
    const std::size_t begin = num_entered_;
    const std::size_t end = begin + random_.below(changes.size() - begin + 1);
    for (std::size_t i = 0; i < end; ++i) {
      model.apply(changes[i]);
      if (changes[i].kind == Kind::note) promise = next.promise_of(changes[i]);
    }
    second_.become(model.crash(random_, nullptr));
    const std::string wrong = next.judge(second_directory_.path(), promise);
    if (!wrong.empty()) note_loss(at, "after a second cut: " + wrong);
  }

  /// What survived the first cut is on disk.
  void enter_as_synced(RecordedRun& next) {
    {
      RecordingDisk disk(next.disk(), directory_.path());
      for (const std::string& name : list_directory(directory_.path())) {
        File(directory_ / name, O_RDONLY, disk).sync_all();
      }
      sync_directory(directory_.path(), disk);
    }
    num_entered_ = next.disk().changes.size();
  }

  void note_loss(std::size_t at, const std::string& what) {
    verdict_.losses.push_back("prefix " + std::to_string(at) + ": " + what);
  }

  const RecordedRun& run_;
  int part_;
  Random random_;
  Verdict verdict_;
  std::size_t num_entered_ = 0;
  TemporaryDirectory directory_;
  TemporaryDirectory second_directory_;
  ImageDirectory first_{directory_.path()};
  ImageDirectory second_{second_directory_.path()};
};

class PowerLoss : public ::testing::TestWithParam<int> {};

TEST_P(PowerLoss, leaves_every_acknowledged_event_and_no_other_at_any_moment_of_a_run) {
  const TemporaryDirectory directory;
  const RecordedRun run = record_run(directory.path());
  ASSERT_GE(run.num_events(), 2000u);
  const Verdict verdict = PowerCuts(run, GetParam()).try_all();
  std::cout << verdict.num_prefixes << " prefixes, " << verdict.num_images << " images, " << run.num_events()
            << " events\n";
  EXPECT_TRUE(verdict.losses.empty()) << verdict.losses.size() << " losses, the first: " << verdict.losses.front();
}

INSTANTIATE_TEST_SUITE_P(Parts, PowerLoss, ::testing::Range(0, kNumParts));

TEST(PowerLossControl, finds_the_loss_when_a_new_life_does_not_sync_what_it_read) {
  const TemporaryDirectory directory;
  const RecordedRun run = record_run(
      directory.path(), [](bool is_data_only, bool is_of_this_life) { return is_data_only && !is_of_this_life; });
  EXPECT_FALSE(PowerCuts(run, 0).try_all().losses.empty());
}

TEST(PowerLossControl, finds_the_loss_when_commits_do_not_sync) {
  const TemporaryDirectory directory;
  const RecordedRun run = record_run(
      directory.path(), [](bool is_data_only, bool is_of_this_life) { return is_data_only && is_of_this_life; });
  EXPECT_FALSE(PowerCuts(run, 0).try_all().losses.empty());
}

}  // namespace
}  // namespace fugle::store
