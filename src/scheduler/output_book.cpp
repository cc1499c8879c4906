#include "scheduler/output_book.hpp"

#include <algorithm>
#include <string_view>

namespace fugle::scheduler {
namespace {

constexpr std::size_t kPart = 60'000;  ///< bytes; the text of an event may have 65,535

}  // namespace

void OutputBook::take(const Event& event) {
  Given& given = given_[{event.element, static_cast<std::uint32_t>(event.exit)}];
  if (given.is_complete || given.attempt != event.attempt) given = {event.attempt, false, {}};
  given.text += event.text;
  given.is_complete = event.maxrss_kb == 0;
}

const std::string* OutputBook::find(ElementId element, std::uint32_t output) const {
  const auto found = given_.find({element, output});
  return found != given_.end() && found->second.is_complete ? &found->second.text : nullptr;
}

bool OutputBook::is_part_of(const graph::Graph& graph, const Event& event) {
  if (event.element.value() >= graph.num_elements() || graph.is_gate(event.element)) return false;
  const graph::Task& task = graph.task_of(event.element);
  const auto output = static_cast<std::size_t>(event.exit);
  return event.exit >= 0 && output < task.output_names.size() && task.output_kind(output) != graph::OutputKind::file;
}

std::vector<Event> events_of(const graph::GivenValue& value, ElementId element, std::uint16_t attempt, WorkerId worker,
                             Time when) {
  std::vector<Event> events;
  std::string_view rest = value.text;
  do {
    Event& event = events.emplace_back(event_of(EventKind::output_given, when));
    event.element = element;
    event.attempt = attempt;
    event.worker = worker;
    event.exit = static_cast<std::int32_t>(value.output);
    event.text = rest.substr(0, kPart);
    rest.remove_prefix(event.text.size());
    event.maxrss_kb = static_cast<std::uint32_t>(rest.size());
  } while (!rest.empty());
  return events;
}

}  // namespace fugle::scheduler
