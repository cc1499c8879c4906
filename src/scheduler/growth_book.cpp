#include "scheduler/growth_book.hpp"

#include <string_view>

namespace fugle::scheduler {
namespace {

constexpr std::size_t kPart = 60'000;  ///< bytes; the text of an event may have 65,535

}  // namespace

/// Each part says how much is to come: one that says something else begins anew.
bool GrowthBook::goes_on(const Parts& parts, const Event& part) {
  return parts.left == part.text.size() + part.maxrss_kb;
}

std::string GrowthBook::joined(const Event& part) const {
  if (part.maxrss_kb > 0) return {};
  const auto before = parts_.find(part.element);
  return before != parts_.end() && goes_on(before->second, part) ? before->second.text + part.text : part.text;
}

void GrowthBook::take(const Event& part) {
  if (part.maxrss_kb == 0) {
    parts_.erase(part.element);
    return;
  }
  Parts& parts = parts_[part.element];
  if (!goes_on(parts, part)) parts.text.clear();
  parts.text += part.text;
  parts.left = part.maxrss_kb;
}

std::vector<Event> events_of(const graph::Growth& growth, ElementId expansion, Time when) {
  const std::string encoded = graph::encode_growth(growth);
  std::vector<Event> events;
  std::string_view rest = encoded;
  do {
    Event& event = events.emplace_back(event_of(EventKind::graph_grew, when));
    event.element = expansion;
    event.text = rest.substr(0, kPart);
    rest.remove_prefix(event.text.size());
    event.maxrss_kb = static_cast<std::uint32_t>(rest.size());
  } while (!rest.empty());
  return events;
}

}  // namespace fugle::scheduler
