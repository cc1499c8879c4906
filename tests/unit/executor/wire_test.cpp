#include "executor/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::executor::wire {
namespace {

using testing::ElementsAre;
using testing::StrEq;

std::string some_frames() {
  std::string stream;
  FrameWriter(stream, Kind::stop).put(AttemptKey{7, 2});
  FrameWriter(stream, Kind::start)
      .put(StartFields{{8, 1}, 5, 6})
      .put_numbers({3, 70'000})
      .put_numbers({})
      .put_text("/work")
      .put_texts({"echo", "", std::string(100'000, 'x')})
      .put_texts({});
  FrameWriter(stream, Kind::ended).put(EndedFields{});
  return stream;
}

TEST(Wire, fields_come_back_as_they_were_put) {
  const std::string stream = some_frames();
  FrameSplitter splitter;
  splitter.add(stream);
  EXPECT_EQ(FrameReader(splitter.next()->body).get<AttemptKey>(), (AttemptKey{7, 2}));
  FrameReader start(splitter.next()->body);
  EXPECT_EQ(start.get<StartFields>().grace_ns, 6);
  EXPECT_THAT(start.get_numbers(), ElementsAre(3u, 70'000u));
  EXPECT_TRUE(start.get_numbers().empty());
  EXPECT_STREQ(start.get_text(), "/work");
  EXPECT_THAT(start.get_texts(), ElementsAre(StrEq("echo"), StrEq(""), StrEq(std::string(100'000, 'x'))));
  EXPECT_TRUE(start.get_texts().empty());
  EXPECT_FALSE(start.failed());
}

TEST(Wire, a_stream_torn_anywhere_yields_the_same_frames) {
  const std::string stream = some_frames();
  for (std::size_t cut = 0; cut <= stream.size(); cut += cut < 200 ? 1 : 997) {
    FrameSplitter splitter;
    std::vector<Kind> kinds;
    for (const std::string& part : {stream.substr(0, cut), stream.substr(cut)}) {
      splitter.add(part);
      while (const auto frame = splitter.next()) kinds.push_back(frame->kind);
      splitter.shrink();
    }
    EXPECT_THAT(kinds, ElementsAre(Kind::stop, Kind::start, Kind::ended)) << "cut at " << cut;
  }
}

TEST(Wire, a_frame_that_is_too_short_fails_instead_of_reading_on) {
  FrameReader empty("");
  EXPECT_EQ(empty.get<std::uint32_t>(), 0u);
  EXPECT_TRUE(empty.failed());

  std::string stream;
  FrameWriter(stream, Kind::start).put(std::uint32_t{1000}).put(std::uint32_t{1000});
  FrameReader lying(std::string_view(stream).substr(FrameWriter::kHeaderBytes));
  EXPECT_THAT(lying.get_texts(), ElementsAre(StrEq("")));
  EXPECT_TRUE(lying.failed());
}

TEST(Wire, a_text_ends_at_its_first_nul) {
  std::string stream;
  FrameWriter(stream, Kind::start).put_text(std::string_view("ab\0cd", 5));
  EXPECT_STREQ(FrameReader(std::string_view(stream).substr(FrameWriter::kHeaderBytes)).get_text(), "ab");
}

}  // namespace
}  // namespace fugle::executor::wire
