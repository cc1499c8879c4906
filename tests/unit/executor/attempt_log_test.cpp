#include "executor/attempt_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "executor/log_row.hpp"
#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class AttemptLogTest : public testing::Test {
 protected:
  AttemptLogTest() { std::filesystem::create_directories(folder_ / "logs"); }

  void add(int worker, std::uint32_t element, std::uint16_t attempt, std::int64_t time_ns, const std::string& text) {
    const std::string base = folder_ / "logs/worker-" + std::to_string(worker);
    std::ofstream log(base + ".log", std::ios::app | std::ios::binary);
    log.seekp(0, std::ios::end);
    LogRow row{static_cast<std::uint64_t>(log.tellp()), time_ns, static_cast<std::uint32_t>(text.size()), element,
               attempt};
    row.check = check_of(row);
    log << text;
    std::ofstream(base + ".idx", std::ios::app | std::ios::binary)
        .write(reinterpret_cast<const char*>(&row), sizeof row);
  }
  std::string tail(std::size_t lines) { return tail_of_attempt(folder_.path(), ElementId(5), 1, lines); }

  TemporaryFolder folder_;
};

TEST_F(AttemptLogTest, chunks_of_an_attempt_come_by_time_from_all_workers) {
  add(0, 5, 1, 30, "third");
  add(0, 6, 1, 15, "other");
  add(1, 5, 1, 10, "first");
  add(1, 5, 2, 40, "again");
  const auto chunks = find_chunks(folder_.path(), ElementId(5), 1);
  ASSERT_THAT(chunks, SizeIs(2));
  EXPECT_EQ(read_chunk(folder_.path(), chunks[0]), "first");
  EXPECT_EQ(chunks[0].worker, WorkerId(1));
  EXPECT_EQ(read_chunk(folder_.path(), chunks[1]), "third");
  EXPECT_THAT(find_chunks(folder_.path(), ElementId(5), 0), SizeIs(3));
  EXPECT_THAT(find_chunks(folder_.path(), ElementId(), 0), SizeIs(4));
}

TEST_F(AttemptLogTest, a_torn_or_damaged_row_is_no_chunk) {
  add(0, 5, 1, 10, "good");
  std::ofstream(folder_ / "logs/worker-0.idx", std::ios::app | std::ios::binary) << std::string(32, '\0') << "torn";
  EXPECT_THAT(find_chunks(folder_.path(), ElementId(5), 1), SizeIs(1));
  write_text(folder_ / "logs/worker-x.idx", "something else");
  EXPECT_THAT(find_chunks(folder_.path(), ElementId(), 0), SizeIs(1));
}

TEST_F(AttemptLogTest, the_tail_counts_lines_over_chunks) {
  add(0, 5, 1, 10, "a\nb");
  add(0, 5, 1, 20, "b\nc\n");
  EXPECT_EQ(tail(1), "c\n");
  EXPECT_EQ(tail(2), "bb\nc\n");
  EXPECT_EQ(tail(3), "a\nbb\nc\n");
  EXPECT_EQ(tail(100), "a\nbb\nc\n");
  EXPECT_EQ(tail(0), "");
}

TEST_F(AttemptLogTest, a_last_line_without_its_newline_counts) {
  add(0, 5, 1, 10, "a\nb\nc");
  EXPECT_EQ(tail(1), "c");
  EXPECT_EQ(tail(2), "b\nc");
}

TEST_F(AttemptLogTest, without_logs_there_are_no_chunks) {
  EXPECT_THAT(find_chunks(folder_ / "nothing", ElementId(5), 1), IsEmpty());
  EXPECT_EQ(tail(5), "");
  EXPECT_EQ(read_chunk(folder_.path(), LogChunk{.length = 10, .element = ElementId(1), .worker = WorkerId(9)}), "");
}

}  // namespace
}  // namespace fugle::executor
