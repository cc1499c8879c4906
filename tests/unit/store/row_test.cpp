#include "store/row.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "store/io_code.hpp"
#include "store_support.hpp"

namespace fugle::store {
namespace {

scheduler::Event round_trip(const scheduler::Event& event) { return to_event(to_row(event, 7), event.text); }

TEST(IoCode, keeps_bytes_to_within_five_and_a_half_percent_from_a_page_to_a_pebibyte) {
  Random random(1);
  for (int i = 0; i < 100000; ++i) {
    const double bytes = 4096 * std::exp2(random.uniform() * 38);
    const double back = static_cast<double>(bytes_of_io_code(io_code_of(static_cast<std::uint64_t>(bytes))));
    ASSERT_LT(std::abs(back - bytes) / bytes, 0.054) << bytes;
  }
}

TEST(IoCode, keeps_nothing_apart_from_little_and_caps_what_is_larger) {
  EXPECT_EQ(io_code_of(0), 0);
  EXPECT_EQ(bytes_of_io_code(0), 0u);
  EXPECT_EQ(bytes_of_io_code(io_code_of(1)), 4096u);
  EXPECT_EQ(bytes_of_io_code(io_code_of(4096)), 4096u);
  EXPECT_EQ(bytes_of_io_code(255), std::uint64_t{1} << 50);
  EXPECT_EQ(io_code_of(~std::uint64_t{0}), 255);
}

TEST(IoCode, comes_back_as_it_was_for_every_code) {
  for (unsigned code = 0; code < 256; ++code) {
    EXPECT_EQ(io_code_of(bytes_of_io_code(static_cast<std::uint8_t>(code))), code);
  }
}

TEST(Row, keeps_bytes_read_and_written_apart) {
  scheduler::Event event = testing::event_of(1);
  event.read_bytes = bytes_of_io_code(100);
  event.written_bytes = bytes_of_io_code(200);
  EXPECT_EQ(round_trip(event), event);
  event.read_bytes = 0;
  EXPECT_EQ(round_trip(event), event);
}

TEST(Row, keeps_cpu_times_of_years_in_seconds) {
  scheduler::Event event = testing::event_of(1);
  event.cpu_ms = 0xFFFFFFFF;
  EXPECT_EQ(round_trip(event), event);
  event.cpu_ms = 0x100000000;
  EXPECT_EQ(round_trip(event).cpu_ms, 0x100000000u / 1000 * 1000);
  EXPECT_EQ(round_trip(event).cls, event.cls);
  event.cpu_ms = std::uint64_t{1000} * 3600 * 24 * 365 * 100;
  EXPECT_EQ(round_trip(event), event);
}

TEST(Row, reads_rows_of_the_first_version_in_which_these_fields_were_zero) {
  Row row = to_row(testing::event_of(3), 3);
  row.io = 0;
  EXPECT_EQ(to_event(row, "").read_bytes, 0u);
  EXPECT_EQ(to_event(row, "").written_bytes, 0u);
}

TEST(Row, carries_every_kind_and_class_and_refuses_those_of_a_newer_version) {
  for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(scheduler::kLastEventKind) + 1; ++kind) {
    for (std::uint8_t flags = 0; flags < 17; ++flags) {
      Row row = to_row(testing::event_of(1), 1);
      row.kind = kind;
      row.flags = flags;
      if (kind > static_cast<std::uint8_t>(scheduler::kLastEventKind) || flags > 14) {
        EXPECT_THROW((void)to_event(row, ""), ConflictError);
      } else {
        EXPECT_EQ(to_row(to_event(row, ""), 1).kind, kind);
        EXPECT_EQ(to_row(to_event(row, ""), 1).flags, flags);
      }
    }
  }
}

}  // namespace
}  // namespace fugle::store
