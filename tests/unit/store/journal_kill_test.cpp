// Many lives of a head on one run directory, each ended by SIGKILL at a random instant or word. The child tells over a
// pipe up to which event the store has acknowledged; what the journal says afterwards must hold all of that, in order,
// once.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>

#include "store/file_store.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using scheduler::Event;
using scheduler::Sequence;
using testing::events_between;
using testing::TemporaryDirectory;

constexpr std::uint64_t kSeed = 20260601;

/// Claims that all is durable and writes nothing: what the harness must notice.
class LyingStore final : public scheduler::Store {
 public:
  explicit LyingStore(Sequence last) : last_(last) {}
  void append(std::span<const Event> events) override { last_ += events.size(); }
  [[nodiscard]] Sequence appended() const override { return last_; }
  [[nodiscard]] Sequence durable() const override { return last_; }
  void flush() override {}
  [[nodiscard]] std::optional<std::string> fault() const override { return std::nullopt; }

 private:
  Sequence last_;
};

enum class Honesty { honest, lying };

std::unique_ptr<scheduler::Store> open_store(const std::string& run_dir, Honesty honesty, std::uint32_t align) {
  const Recovered recovered = read_journal(run_dir);
  if (honesty == Honesty::lying) return std::make_unique<LyingStore>(recovered.events.size());
  JournalOptions options = testing::small_journal();
  options.commit_interval = std::chrono::microseconds(200);
  options.commit_align = align;
  return std::make_unique<FileStore>(run_dir, recovered, options);
}

/// The child: appends for ever and tells what is acknowledged.
[[noreturn]] void live(scheduler::Store& store, Random random, int pipe_end) {
  for (;;) {
    const Sequence first = store.appended() + 1;
    store.append(events_between(first, first + random.below(20)));
    if (random.chance(0.3)) store.flush();
    const Sequence durable = store.durable();
    if (::write(pipe_end, &durable, sizeof durable) != sizeof durable) std::_Exit(1);
  }
}

/// Lets one life run for a while; returns the last acknowledgement it gave.
Sequence run_and_kill(const std::string& run_dir, Honesty honesty, Random random) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const auto store = open_store(run_dir, honesty, random.chance(0.5) ? 4096 : 0);
    live(*store, random, ends[1]);
  }
  ::close(ends[1]);
  // Half of the lives end at a random time, perhaps before they began in earnest; the others after so many words, so
  // that something was written however busy the machine is.
  const bool ends_by_time = random.chance(0.5);
  const std::uint64_t num_words = 1 + random.below(20);
  const auto life_time = std::chrono::microseconds(1000 + random.below(25000));
  std::thread killer([&] {
    if (!ends_by_time) return;
    std::this_thread::sleep_for(life_time);
    ::kill(child, SIGKILL);
  });
  Sequence acknowledged = 0;
  std::uint64_t num_heard = 0;
  for (Sequence told; ::read(ends[0], &told, sizeof told) == sizeof told;) {
    acknowledged = told;
    if (++num_heard == num_words && !ends_by_time) ::kill(child, SIGKILL);
  }
  killer.join();
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return acknowledged;
}

TEST(JournalKill, recovers_every_acknowledged_event_in_order_and_once_after_many_kills) {
  Random random(kSeed);
  std::size_t num_events = 0;
  for (int directory = 0; directory < 4; ++directory) {
    const TemporaryDirectory run;
    std::size_t before = 0;
    for (int life = 0; life < 20; ++life) {
      const Sequence acknowledged = run_and_kill(run.path(), Honesty::honest, Random(random.next()));
      const auto events = read_journal(run.path()).events;
      ASSERT_GE(events.size(), acknowledged) << "life " << life << " of directory " << directory;
      ASSERT_GE(events.size(), before);
      before = events.size();
      ASSERT_EQ(events, events_between(1, events.size()));
    }
    num_events += before;
  }
  // A drill in which nothing was written would prove nothing.
  EXPECT_GT(num_events, 1000u);
}

TEST(JournalKill, notices_a_store_that_acknowledges_without_writing) {
  const TemporaryDirectory run;
  Random random(kSeed);
  Sequence acknowledged = 0;
  for (int life = 0; life < 5; ++life) {
    acknowledged = std::max(acknowledged, run_and_kill(run.path(), Honesty::lying, Random(random.next())));
  }
  EXPECT_LT(read_journal(run.path()).events.size(), acknowledged);
}

}  // namespace
}  // namespace fugle::store
