// Attempts of several workers: gathering their parties, starting them, and ending them as a whole. The states of a
// party are in party_book.hpp, what is said in message.hpp.
#include <algorithm>

#include "base/assert.hpp"
#include "scheduler/head.hpp"

namespace fugle::scheduler {

/// What comes from a party that has been given up meanwhile means nothing.
void Head::on_placed(WorkerId from, const Placed& placed) {
  Party* const party = parties_.find(placed.element);
  if (party == nullptr || party->number != placed.party) return;
  party->part_of(from)->place = placed.place;
  if (party->has_all_places()) gathered_.push_back(placed.element);
}

void Head::on_word(const PartyWord& word) {
  const Party* const party = parties_.find(word.element);
  if (party == nullptr || !party->has_started || party->attempt != word.attempt) return;
  if (word.to < party->parts.size() && !party->parts[word.to].is_over) outbox_.send(party->parts[word.to].worker, word);
}

/// What became too late while it gathered is looked at again.
void Head::start_gathered_parties(Time now) {
  for (const ElementId e : std::exchange(gathered_, {})) {
    Party* const party = parties_.find(e);
    if (party == nullptr || party->has_started || !party->has_all_places()) continue;
    if (granter_.ends_in_time(e, now))
      start_party(*party);
    else
      disband(e, now);
  }
}

void Head::start_party(Party& party) {
  party.has_started = true;
  StartParty start;
  start.element = party.element;
  start.party = party.number;
  for (const PartyPart& part : party.parts)
    start.members.push_back({part.worker, workers_.at(part.worker).info.node, *part.place});
  for (const PartyPart& part : party.parts) {
    if (part.worker != party.leader()) use_cores(part.worker, party.element, 1);
    outbox_.send(part.worker, start);
    ++start.position;
  }
}

/// One that has not started: its workers forget it, and it is as if it had not been granted.
void Head::disband(ElementId e, Time now) {
  const Party party = parties_.take(e);
  tokens_.give_back(e);
  for (const PartyPart& part : party.parts) {
    if (!workers_.is_alive(part.worker)) continue;
    outbox_.send(part.worker, EndParty{e, party.number});
    if (part.worker != party.leader()) vacate(part.worker, e);
  }
  if (leases_.is_held(e)) leases_.release(e);
  note_answer(e);
  take_up_again(e, now);
  settle_effects();
}

void Head::disband_what_gathers_on(WorkerId worker, Time now) {
  for (const ElementId e : parties_.with_part_on(worker))
    if (!parties_.find(e)->has_started) disband(e, now);
}

void Head::on_part_ended(WorkerId from, const AttemptReport& report) {
  Party& party = *parties_.find(report.element);
  PartyPart* const part = party.part_of(from);
  FUGLE_EXPECT(part != nullptr && party.has_started, "the end of a part that the worker does not have");
  party.note_end(*part, report);
  if (from != party.leader()) vacate(from, report.element);
  // What starts there next may be known before the attempt as a whole has ended.
  if (from != party.leader() || running_.find(report.element) != nullptr) use_cores(from, report.element, -1);
  settle_party(party, report.end);
}

/// After its worker is known to be lost, and holds nothing any more.
void Head::lose_part(ElementId e, WorkerId worker, Time now, const std::string& why) {
  Party& party = *parties_.find(e);
  if (!party.has_started) return disband(e, now);
  party.part_of(worker)->is_over = true;
  const bool is_leader = worker == party.leader();
  party.note_trouble(is_stopping_ ? FailureClass::preempted : FailureClass::lost,
                     is_leader ? "its worker " + why : workers_.at(worker).info.node + ": its worker " + why, worker);
  settle_party(party, now);
}

/// When one part is over the others are to end too; when all are, the attempt has ended.
void Head::settle_party(Party& party, Time now) {
  const bool is_leader_over = party.parts.front().is_over;
  if (is_leader_over && !std::exchange(party.are_dismissed, true)) {
    for (const PartyPart& part : party.parts)
      if (!part.is_over) outbox_.send(part.worker, EndParty{party.element, party.number});
    if (!party.end || party.end->cls != FailureClass::none) stop_calls(party);
  }
  if (!is_leader_over && party.trouble != FailureClass::none && !std::exchange(party.is_leader_stopped, true))
    outbox_.send(party.leader(), StopAttempts{{party.element}}), stop_calls(party);
  if (party.is_over()) end_party(party.element, now);
}

/// Those who call a function together wait for each other in it: what one of them does not do any more the others would
/// wait for until they are stopped. What is hosted of a command ends with its leader.
void Head::stop_calls(const Party& party) {
  if (graph_.task_of(party.element).kind != graph::TaskKind::function) return;
  for (const PartyPart& part : party.parts)
    if (!part.is_over && part.worker != party.leader()) outbox_.send(part.worker, StopAttempts{{party.element}});
}

/// The leader's worker may have been lost before it said that it had started: then nothing is known to have run.
void Head::end_party(ElementId e, Time now) {
  const Party party = parties_.take(e);
  tokens_.give_back(e);
  if (party.end) {
    if (workers_.is_alive(party.leader()) && running_.find(e) != nullptr) use_cores(party.leader(), e, 1);
    const AttemptReport outcome = party.outcome();
    const bool is_theirs = party.trouble != FailureClass::none && outcome.cls == party.trouble;
    return end_attempt(party.leader(), outcome, is_theirs ? party.where : party.leader());
  }
  note_answer(e);
  if (const RunningAttempt* const attempt = running_.find(e))
    end_lost_attempt(RunningAttempt(*attempt), party.where, party.trouble, party.what_went_wrong, now);
  else
    take_up_again(e, now);
  settle_effects();
}

/// A worker that was not the leader.
void Head::vacate(WorkerId worker, ElementId e) {
  const graph::Request& request = graph_.task_of(e).request;
  workers_.vacate(worker, request);
  if (run_.services().is_service(e)) workers_.remove_background(worker, request);
}

/// What is known to run there, or no longer does.
void Head::use_cores(WorkerId worker, ElementId e, int sign) {
  WorkerTable::Entry& entry = workers_.at(worker);
  const std::uint32_t cores = plan::taken_on(entry.capacity(), graph_.task_of(e).request).cores;
  if (sign > 0)
    entry.info.cores_in_use += cores;
  else
    entry.info.cores_in_use -= cores;
}

}  // namespace fugle::scheduler
