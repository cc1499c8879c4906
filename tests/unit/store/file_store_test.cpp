#include "store/file_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

using testing::append_durably;
using testing::event_of;
using testing::events_between;
using testing::small_journal;
using testing::TemporaryDirectory;

TEST(FileStore, gives_back_every_field_of_every_event_in_order) {
  const TemporaryDirectory run;
  {
    FileStore store(run.path(), {}, small_journal());
    append_durably(store, 100, 7);
    EXPECT_EQ(store.durable(), 100u);
    EXPECT_EQ(store.appended(), 100u);
  }
  const Recovered recovered = read_journal(run.path());
  EXPECT_EQ(recovered.events, events_between(1, 100));
  EXPECT_FALSE(recovered.torn);
  EXPECT_EQ(recovered.epoch, 1u);
  EXPECT_EQ(recovered.run.size(), 36u);
}

TEST(FileStore, commits_what_was_appended_when_it_is_destroyed) {
  const TemporaryDirectory run;
  JournalOptions options = small_journal();
  options.commit_interval = std::chrono::hours(1);
  { FileStore(run.path(), {}, options).append(events_between(1, 5)); }
  EXPECT_EQ(read_journal(run.path()).events, events_between(1, 5));
}

TEST(FileStore, goes_on_in_new_segments_and_lives) {
  const TemporaryDirectory run;
  for (int life = 0; life < 5; ++life) {
    const Recovered recovered = read_journal(run.path());
    ASSERT_EQ(recovered.events, events_between(1, recovered.events.size()));
    FileStore store(run.path(), recovered, small_journal());
    EXPECT_EQ(store.appended(), recovered.events.size());
    append_durably(store, 400, 90);
  }
  const Recovered recovered = read_journal(run.path());
  EXPECT_EQ(recovered.events, events_between(1, 2000));
  EXPECT_EQ(recovered.epoch, 5u);
  EXPECT_GE(recovered.num_segments, 10u);
}

TEST(FileStore, splits_a_batch_larger_than_a_segment) {
  const TemporaryDirectory run;
  {
    FileStore store(run.path(), {}, small_journal());
    append_durably(store, 1000, 1000);
  }
  EXPECT_EQ(read_journal(run.path()).events, events_between(1, 1000));
}

TEST(FileStore, starts_each_commit_on_a_page_when_asked_to) {
  const TemporaryDirectory run;
  JournalOptions options = small_journal();
  options.commit_align = 4096;
  {
    FileStore store(run.path(), {}, options);
    append_durably(store, 300, 5);
    append_durably(store, 300, 70);
  }
  EXPECT_EQ(read_journal(run.path()).events, events_between(1, 600));
  EXPECT_EQ(JournalFollower(run.path()).poll(), events_between(1, 600));
}

TEST(FileStore, replaces_a_segment_that_holds_no_event) {
  const TemporaryDirectory run;
  for (int life = 0; life < 3; ++life) FileStore(run.path(), read_journal(run.path()), small_journal());
  const Recovered recovered = read_journal(run.path());
  EXPECT_EQ(recovered.num_segments, 1u);
  EXPECT_EQ(recovered.epoch, 3u);
}

TEST(FileStore, cuts_an_overlong_text_visibly) {
  const TemporaryDirectory run;
  scheduler::Event event = event_of(1);
  event.text = std::string(70000, 'x');
  {
    JournalOptions options;
    options.capacity = 4096;
    FileStore store(run.path(), {}, options);
    store.append({&event, 1});
  }
  const auto events = read_journal(run.path()).events;
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].text.size(), 65535u);
  EXPECT_TRUE(events[0].text.ends_with("x ... [cut]"));
}

TEST(FileStore, wakes_its_user_after_a_commit) {
  const TemporaryDirectory run;
  const int wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  JournalOptions options = small_journal();
  options.wake_fd = wake_fd;
  {
    FileStore store(run.path(), {}, options);
    store.append(events_between(1, 1));
  }
  std::uint64_t wakes = 0;
  EXPECT_EQ(::read(wake_fd, &wakes, sizeof wakes), 8);
  EXPECT_EQ(wakes, 1u);
  ::close(wake_fd);
}

TEST(FileStore, leaves_no_descriptor_that_a_child_would_inherit) {
  const TemporaryDirectory run;
  FileStore store(run.path(), {}, small_journal());
  append_durably(store, 10, 10);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(entry.path(), error).string();
    if (!target.starts_with(run.path())) continue;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0) << target;
  }
}

TEST(FileStore, removes_leftovers_of_a_killed_life) {
  const TemporaryDirectory run;
  testing::write_bytes(run / "journal.0.h5.tmp", "half");
  testing::write_bytes(run / "plan.0.h5.tmp", "half");
  FileStore store(run.path(), {}, small_journal());
  EXPECT_FALSE(std::filesystem::exists(run / "journal.0.h5.tmp"));
  EXPECT_FALSE(std::filesystem::exists(run / "plan.0.h5.tmp"));
}

TEST(FileStore, stops_when_another_head_took_over) {
  const TemporaryDirectory run;
  FileStore old_head(run.path(), {}, small_journal());
  append_durably(old_head, 10, 10);
  {
    FileStore new_head(run.path(), read_journal(run.path()), small_journal());
    old_head.append(events_between(11, 12));
    old_head.flush();
    ASSERT_TRUE(old_head.fault());
    EXPECT_THAT(*old_head.fault(), ::testing::HasSubstr("another head continues the run"));
    EXPECT_EQ(old_head.durable(), 10u);
    append_durably(new_head, 20, 5);
    EXPECT_FALSE(new_head.fault());
  }
  EXPECT_EQ(read_journal(run.path()).events, events_between(1, 30));
}

TEST(FileStore, stops_when_its_empty_segment_was_replaced) {
  const TemporaryDirectory run;
  FileStore old_head(run.path(), {}, small_journal());
  FileStore new_head(run.path(), read_journal(run.path()), small_journal());
  old_head.append(events_between(1, 2));
  old_head.flush();
  EXPECT_TRUE(old_head.fault());
  EXPECT_EQ(old_head.durable(), 0u);
}

TEST(FileStore, sizes_segments_by_the_number_of_elements) {
  EXPECT_EQ(capacity_for(0), 4096u);
  EXPECT_EQ(capacity_for(100000), 32768u);
  EXPECT_EQ(capacity_for(1000000), 65536u);
}

TEST(JournalFollower, returns_each_event_once_while_the_journal_grows) {
  const TemporaryDirectory run;
  JournalFollower follower(run.path());
  EXPECT_TRUE(follower.poll().empty());
  std::vector<scheduler::Event> seen;
  const auto look = [&] {
    const auto events = follower.poll();
    seen.insert(seen.end(), events.begin(), events.end());
  };
  { FileStore(run.path(), {}, small_journal()); }
  look();
  for (int life = 0; life < 3; ++life) {
    FileStore store(run.path(), read_journal(run.path()), small_journal());
    for (int i = 0; i < 20; ++i) {
      append_durably(store, 25, 10);
      look();
      ASSERT_EQ(seen.size(), store.durable());
    }
  }
  EXPECT_EQ(seen, events_between(1, 1500));
}

TEST(JournalFollower, sees_only_valid_events_of_a_writer_that_does_not_wait) {
  const TemporaryDirectory run;
  FileStore store(run.path(), {}, small_journal());
  JournalFollower follower(run.path());
  std::vector<scheduler::Event> seen;
  for (scheduler::Sequence seq = 1; seq <= 3000; seq += 3) {
    store.append(events_between(seq, seq + 2));
    const auto events = follower.poll();
    seen.insert(seen.end(), events.begin(), events.end());
    if (seq % 20 == 1) {
      ASSERT_NO_THROW((void)read_journal(run.path()));
    }
  }
  store.flush();
  const auto events = follower.poll();
  seen.insert(seen.end(), events.begin(), events.end());
  EXPECT_EQ(seen, events_between(1, 3000));
}

TEST(JournalReader, gives_nothing_for_a_run_without_journal) {
  const TemporaryDirectory run;
  const Recovered recovered = read_journal(run.path());
  EXPECT_TRUE(recovered.events.empty());
  EXPECT_EQ(recovered.num_segments, 0u);
  EXPECT_THROW((void)read_journal(run / "absent"), EnvironmentError);
}

}  // namespace
}  // namespace fugle::store
