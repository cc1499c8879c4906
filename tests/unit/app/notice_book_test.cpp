#include "app/notice_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using workflow::RunEvent;

constexpr Time kStart{};
const std::uint32_t kFailedAndLate = bit_of(RunEvent::failed) | bit_of(RunEvent::late);

TEST(NoticeBook, tells_together_what_happens_together) {
  NoticeBook book(kFailedAndLate);
  for (int i = 0; i < 500; ++i) book.note(RunEvent::failed, "a[" + std::to_string(i) + "]", kStart + i * 1ms);
  book.note(RunEvent::late, "b", kStart + 1s);
  EXPECT_FALSE(book.take(kStart + 2s).has_value());
  EXPECT_EQ(book.due(), kStart + 3s);
  const auto notice = book.take(kStart + 3s);
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->subject, "500 failed, 1 late");
  EXPECT_THAT(notice->events, ElementsAre("failed", "late"));
  EXPECT_THAT(notice->body, HasSubstr("failed: a[9]\nfailed: and 490 more\nlate: b\n"));
  EXPECT_FALSE(book.has_news());
  EXPECT_EQ(book.due(), kNever);
}

TEST(NoticeBook, gives_at_most_one_a_minute_and_one_at_the_end) {
  NoticeBook book(kFailedAndLate);
  int notices = 0;
  Time now = kStart;
  for (; now < kStart + 10min; now += 100ms) {
    book.note(RunEvent::failed, "a", now);
    if (book.take(now)) ++notices;
  }
  EXPECT_EQ(notices, 10);
  EXPECT_TRUE(book.take(now, NoticeBook::When::now).has_value());
  EXPECT_FALSE(book.take(now, NoticeBook::When::now).has_value());
}

TEST(NoticeBook, leaves_aside_what_nobody_asked_for) {
  NoticeBook book(bit_of(RunEvent::done));
  book.note(RunEvent::failed, "a", kStart);
  EXPECT_FALSE(book.has_news());
  book.note(RunEvent::done, "the run is OK", kStart);
  const auto notice = book.take(kStart, NoticeBook::When::now);
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->subject, "done");
  EXPECT_EQ(notice->body, "done: the run is OK\n");
}

}  // namespace
}  // namespace fugle::app
