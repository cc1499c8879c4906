#include "scheduler/party_book.hpp"

#include <gtest/gtest.h>

namespace fugle::scheduler {
namespace {

AttemptReport ended(FailureClass cls, int exit = 0) {
  AttemptReport report;
  report.kind = AttemptReport::Kind::ended;
  report.element = ElementId(5);
  report.attempt = 1;
  report.cls = cls;
  report.exit = exit;
  report.cpu_ms = 100;
  report.maxrss_kb = 10;
  return report;
}

Party& party_of_three(PartyBook& book) { return book.add(ElementId(5), 1, {WorkerId(2), WorkerId(0), WorkerId(1)}); }

TEST(PartyBook, knows_who_has_a_part_until_it_is_over) {
  PartyBook book;
  Party& party = party_of_three(book);
  EXPECT_EQ(party.leader(), WorkerId(2));
  EXPECT_EQ(book.with_part_on(WorkerId(1)), std::vector{ElementId(5)});
  party.note_end(*party.part_of(WorkerId(1)), ended(FailureClass::none));
  EXPECT_TRUE(book.with_part_on(WorkerId(1)).empty());
  EXPECT_FALSE(party.is_over());
}

TEST(PartyBook, gives_each_party_a_number_of_its_own) {
  PartyBook book;
  const std::uint32_t first = party_of_three(book).number;
  (void)book.take(ElementId(5));
  EXPECT_TRUE(book.is_empty());
  EXPECT_NE(party_of_three(book).number, first);
}

TEST(Party, has_all_places_when_each_has_its_own) {
  PartyBook book;
  Party& party = party_of_three(book);
  for (const std::uint32_t worker : {0u, 1u, 2u}) {
    EXPECT_FALSE(party.has_all_places());
    party.part_of(WorkerId(worker))->place = Place{};
  }
  EXPECT_TRUE(party.has_all_places());
}

/// How a party of three ends whose leader ends so, and one other part so.
AttemptReport outcome_of(FailureClass leader, FailureClass other, bool is_leader_stopped = false) {
  PartyBook book;
  Party& party = party_of_three(book);
  party.note_end(*party.part_of(WorkerId(0)), ended(other));
  party.is_leader_stopped = is_leader_stopped;
  party.note_end(*party.part_of(WorkerId(2)), ended(leader));
  party.are_dismissed = true;
  party.note_end(*party.part_of(WorkerId(1)), ended(FailureClass::none));
  EXPECT_TRUE(party.is_over());
  return party.outcome();
}

TEST(Party, adds_up_what_its_parts_used) {
  const AttemptReport outcome = outcome_of(FailureClass::none, FailureClass::none);
  EXPECT_EQ(outcome.cpu_ms, 300u);
  EXPECT_EQ(outcome.maxrss_kb, 10u);
}

TEST(Party, ends_as_its_leader_does) {
  EXPECT_EQ(outcome_of(FailureClass::none, FailureClass::none).cls, FailureClass::none);
  EXPECT_EQ(outcome_of(FailureClass::timeout, FailureClass::none).cls, FailureClass::timeout);
  EXPECT_EQ(outcome_of(FailureClass::timeout, FailureClass::error).cls, FailureClass::timeout);
}

TEST(Party, fails_when_another_part_does_and_its_leader_did_not) {
  EXPECT_EQ(outcome_of(FailureClass::none, FailureClass::error).cls, FailureClass::error);
  EXPECT_EQ(outcome_of(FailureClass::cancelled, FailureClass::error, true).cls, FailureClass::error);
}

TEST(Party, that_somebody_cancelled_is_cancelled_whatever_its_parts_did) {
  EXPECT_EQ(outcome_of(FailureClass::cancelled, FailureClass::error).cls, FailureClass::cancelled);
}

/// mpirun says exit code 1 when a node is gone: that is not the program's fault.
TEST(Party, whose_member_was_lost_is_lost_unless_its_leader_ended_well) {
  EXPECT_EQ(outcome_of(FailureClass::error, FailureClass::lost).cls, FailureClass::lost);
  EXPECT_EQ(outcome_of(FailureClass::none, FailureClass::lost).cls, FailureClass::none);
}

TEST(Party, whose_member_leaves_by_itself_is_lost) {
  EXPECT_EQ(outcome_of(FailureClass::error, FailureClass::cancelled).cls, FailureClass::lost);
}

}  // namespace
}  // namespace fugle::scheduler
