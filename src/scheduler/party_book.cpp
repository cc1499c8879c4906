#include "scheduler/party_book.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace fugle::scheduler {

PartyPart* Party::part_of(WorkerId worker) {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.worker == worker; });
  return found == parts.end() ? nullptr : &*found;
}

bool Party::has_all_places() const {
  return std::all_of(parts.begin(), parts.end(), [](const PartyPart& part) { return part.place.has_value(); });
}

bool Party::is_over() const {
  return std::all_of(parts.begin(), parts.end(), [](const PartyPart& part) { return part.is_over; });
}

void Party::note_trouble(FailureClass cls, std::string what, WorkerId at) {
  if (trouble != FailureClass::none) return;
  trouble = cls;
  what_went_wrong = std::move(what);
  where = at;
}

/// A part that was cancelled though nobody dismissed it went with its worker.
void Party::note_end(PartyPart& part, const AttemptReport& report) {
  FUGLE_EXPECT(!part.is_over, "a part of a party ended twice");
  part.is_over = true;
  sums.cpu_ms += report.cpu_ms;
  sums.maxrss_kb = std::max(sums.maxrss_kb, report.maxrss_kb);
  sums.read_bytes += report.read_bytes;
  sums.written_bytes += report.written_bytes;
  if (&part == &parts.front()) {
    end = report;
  } else if (report.cls == FailureClass::cancelled) {
    if (!are_dismissed) note_trouble(FailureClass::lost, "its worker left", part.worker);
  } else if (report.cls != FailureClass::none) {
    note_trouble(report.cls, report.reason, part.worker);
    if (end && end->exit == 0) end->exit = report.exit;
  }
}

AttemptReport Party::outcome() const {
  AttemptReport report = *end;
  report.cpu_ms = sums.cpu_ms;
  report.maxrss_kb = sums.maxrss_kb;
  report.read_bytes = sums.read_bytes;
  report.written_bytes = sums.written_bytes;
  if (trouble == FailureClass::none) return report;
  const bool is_ours = graph::is_infrastructure(trouble) || trouble == FailureClass::preempted;
  const bool counts = report.cls == FailureClass::none        ? !is_ours
                      : report.cls == FailureClass::cancelled ? is_leader_stopped
                                                              : is_ours;
  if (!counts) return report;
  report.cls = trouble;
  report.reason = what_went_wrong;
  return report;
}

Party& PartyBook::add(ElementId element, std::uint16_t attempt, const std::vector<WorkerId>& workers) {
  FUGLE_EXPECT(workers.size() > 1 && !parties_.contains(element));
  Party& party = parties_[element];
  party.element = element;
  party.attempt = attempt;
  party.number = ++last_number_;
  for (const WorkerId worker : workers) party.parts.push_back({worker, {}, false});
  return party;
}

Party* PartyBook::find(ElementId element) {
  const auto found = parties_.find(element);
  return found == parties_.end() ? nullptr : &found->second;
}

Party PartyBook::take(ElementId element) { return std::move(parties_.extract(element).mapped()); }

std::vector<ElementId> PartyBook::with_part_on(WorkerId worker) const {
  std::vector<ElementId> elements;
  for (const auto& [element, party] : parties_)
    for (const PartyPart& part : party.parts)
      if (part.worker == worker && !part.is_over) elements.push_back(element);
  return elements;
}

}  // namespace fugle::scheduler
