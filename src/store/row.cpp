#include "store/row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "store/crc32c.hpp"
#include "store/file.hpp"
#include "store/io_code.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::EventKind;

namespace {
constexpr auto kLastClass = scheduler::FailureClass::cancelled;
constexpr std::uint64_t kMax32 = 0xFFFFFFFF;
}  // namespace

Row to_row(const Event& event, scheduler::Sequence seq) {
  Row row;
  row.seq = seq;
  row.start_ns = to_ns(event.start);
  row.end_ns = to_ns(event.end);
  row.element = event.element.value();
  row.worker = event.worker.value();
  row.exit = event.exit;
  row.maxrss_kb = event.maxrss_kb;
  const bool is_long = event.cpu_ms > kMax32;
  row.cpu_ms = static_cast<std::uint32_t>(is_long ? std::min(event.cpu_ms / 1000, kMax32) : event.cpu_ms);
  row.attempt = event.attempt;
  row.kind = static_cast<std::uint8_t>(event.kind);
  row.flags = static_cast<std::uint8_t>(static_cast<std::uint8_t>(event.cls) | (is_long ? kCpuInSeconds : 0));
  row.io = static_cast<std::uint16_t>(io_code_of(event.read_bytes) | io_code_of(event.written_bytes) << 8);
  return row;
}

Event to_event(const Row& row, std::string_view text) {
  const auto cls = static_cast<std::uint8_t>(row.flags & ~kCpuInSeconds);
  if (row.kind > static_cast<std::uint8_t>(scheduler::kLastEventKind) || cls > static_cast<std::uint8_t>(kLastClass)) {
    throw ConflictError(
        fmt::format("event {} can not be read (kind {} with flags {} was written by a newer version); upgrade fugle",
                    row.seq, row.kind, row.flags));
  }
  Event event;
  event.kind = static_cast<EventKind>(row.kind);
  event.cls = static_cast<scheduler::FailureClass>(cls);
  event.attempt = row.attempt;
  event.element = ElementId(row.element);
  event.worker = WorkerId(row.worker);
  event.exit = row.exit;
  event.start = from_ns(row.start_ns);
  event.end = from_ns(row.end_ns);
  event.cpu_ms = std::uint64_t{row.cpu_ms} * ((row.flags & kCpuInSeconds) != 0 ? 1000 : 1);
  event.maxrss_kb = row.maxrss_kb;
  event.read_bytes = bytes_of_io_code(static_cast<std::uint8_t>(row.io & 0xFF));
  event.written_bytes = bytes_of_io_code(static_cast<std::uint8_t>(row.io >> 8));
  event.text = text;
  return event;
}

std::uint32_t crc_of(const Row& row, std::string_view text) {
  const std::uint32_t head = crc32c(bytes_of(row).first(offsetof(Row, crc)));
  return text.empty() ? head : crc32c(bytes_of(text), head);
}

bool is_blank(const Row& row) {
  static constexpr Row kBlank{};
  return std::memcmp(&row, &kBlank, sizeof row) == 0;
}

}  // namespace fugle::store
