#include "store/row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"
#include "store/crc32c.hpp"
#include "store/file.hpp"

namespace fugle::store {

using scheduler::Event;
using scheduler::EventKind;

namespace {
constexpr auto kLastClass = scheduler::FailureClass::cancelled;
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
  row.cpu_ms = static_cast<std::uint32_t>(std::min<std::uint64_t>(event.cpu_ms, 0xFFFFFFFF));
  row.attempt = event.attempt;
  row.kind = static_cast<std::uint8_t>(event.kind);
  row.flags = static_cast<std::uint8_t>(event.cls);
  return row;
}

Event to_event(const Row& row, std::string_view text) {
  if (row.kind > static_cast<std::uint8_t>(scheduler::kLastEventKind) ||
      row.flags > static_cast<std::uint8_t>(kLastClass)) {
    throw ConflictError(
        fmt::format("event {} can not be read (kind {} with flags {} was written by a newer version); upgrade fugle",
                    row.seq, row.kind, row.flags));
  }
  Event event;
  event.kind = static_cast<EventKind>(row.kind);
  event.cls = static_cast<scheduler::FailureClass>(row.flags);
  event.attempt = row.attempt;
  event.element = ElementId(row.element);
  event.worker = WorkerId(row.worker);
  event.exit = row.exit;
  event.start = from_ns(row.start_ns);
  event.end = from_ns(row.end_ns);
  event.cpu_ms = row.cpu_ms;
  event.maxrss_kb = row.maxrss_kb;
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
