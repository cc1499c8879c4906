// The head's part in results of functions: it knows who holds and who needs them, brings words from one to the other,
// and lets functions run again whose results were lost.
#include "base/assert.hpp"
#include "scheduler/head.hpp"

namespace fugle::scheduler {

/// What the last life left in the run directory, rank 0 can give.
void Head::begin_values(Time now) {
  const auto is_kept = [&](ElementId e) { return options_.has_result && options_.has_result(e); };
  for (const ElementId e : values_.begin_life(is_kept, WorkerId(0))) record_lost_value(e, now);
}

void Head::record_lost_value(ElementId e, Time now) {
  if (run_.state(e) != State::ok) return;
  Event lost = event_of(EventKind::value_lost, now);
  lost.element = e;
  record(std::move(lost));
}

/// Nobody has it any more. What it is made of may be gone too.
void Head::lose_value(ElementId e, Time now) {
  if (run_.state(e) != State::ok) return;
  for (const ElementId again : values_.run_again(e)) record_lost_value(again, now);
}

void Head::lose_values_of(WorkerId worker, Time now) {
  for (const ElementId e : values_.lose(worker)) lose_value(e, now);
}

/// What the attempt gave its outputs that are no files. Its end follows.
void Head::record_outputs(WorkerId from, const AttemptReport& report) {
  if (report.values.empty()) return;
  for (const graph::GivenValue& value : graph::decode_values(report.values).value_or(std::vector<graph::GivenValue>{}))
    for (Event& part : events_of(value, report.element, report.attempt, from, report.end)) {
      FUGLE_EXPECT(OutputBook::is_part_of(graph_, part), "a value of an output that the element has not");
      record(std::move(part));
    }
}

/// An attempt ended OK there.
void Head::note_value(ElementId e, WorkerId worker) {
  if (values_.is_function(e) && !values_.made(e, worker) && workers_.is_alive(worker))
    outbox_.send(worker, ValueWord{ValueWord::Kind::forget, e, worker, {}});
}

/// An element is final.
void Head::forget_values(ElementId e) {
  for (const ValueBook::Unneeded& unneeded : values_.end(e))
    for (const WorkerId holder : unneeded.holders)
      if (workers_.is_alive(holder))
        outbox_.send(holder, ValueWord{ValueWord::Kind::forget, unneeded.element, holder, {}});
}

void Head::on_value_word(WorkerId from, const ValueWord& word, Time now) {
  if (word.element.value() >= graph_.num_elements()) return;
  switch (word.kind) {
    case ValueWord::Kind::wanted: return on_wanted({word.kind, word.element, from, {}}, now);
    case ValueWord::Kind::here:
      if (!workers_.is_alive(word.who)) return;
      values_.copied(word.element, word.who);
      outbox_.send(word.who, word);
      return;
    case ValueWord::Kind::gone:
      (void)values_.dropped(word.element, from);
      return on_wanted({ValueWord::Kind::wanted, word.element, word.who, {}}, now);
    case ValueWord::Kind::forget: return;
  }
}

/// Asks one who has it; where nobody has, who wants it gives its attempt up, and comes again when there is a new one.
void Head::on_wanted(const ValueWord& wanted, Time now) {
  const WorkerId holder = values_.holder_of(wanted.element);
  if (holder.is_valid() && holder != wanted.who) return outbox_.send(holder, wanted);
  // What was skipped, or has failed where that does not matter, has no result: it is given an empty one.
  const State state = run_.state(wanted.element);
  if (is_final(state) && state != State::ok && state != State::cached) {
    if (workers_.is_alive(wanted.who))
      outbox_.send(wanted.who, ValueWord{ValueWord::Kind::here, wanted.element, wanted.who, {}});
    return;
  }
  lose_value(wanted.element, now);
  settle_effects();
  if (workers_.is_alive(wanted.who))
    outbox_.send(wanted.who, ValueWord{ValueWord::Kind::gone, wanted.element, wanted.who, {}});
}

}  // namespace fugle::scheduler
