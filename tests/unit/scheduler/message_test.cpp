#include "scheduler/message.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace fugle::scheduler {
namespace {

TEST(Message, comes_back_from_its_bytes) {
  graph::Task task;
  task.name = "wrf";
  Grant grant;
  grant.tasks.emplace_back(TaskId(3), std::make_shared<const graph::Task>(task));
  grant.elements.push_back({ElementId(7),
                            TaskId(3),
                            2,
                            5,
                            9,
                            1,
                            {ElementId(8), ElementId(9)},
                            true,
                            2.5F,
                            "wrf[5]",
                            std::string("a\0b", 3)});
  grant.report_interval = Duration(5);
  grant.last_end = from_ns(77);
  const Message back = decode(encode(grant));
  ASSERT_TRUE(std::holds_alternative<Grant>(back));
  EXPECT_EQ(std::get<Grant>(back).elements, grant.elements);
  EXPECT_EQ(std::get<Grant>(back).report_interval, grant.report_interval);
  EXPECT_EQ(std::get<Grant>(back).last_end, grant.last_end);
  EXPECT_EQ(std::get<Grant>(back).tasks[0].second->name, "wrf");

  Report report;
  report.attempts.push_back({AttemptReport::Kind::ended, ElementId(1), 2, from_ns(3), from_ns(4), FailureClass::signal,
                             -9, 5, 6, 7, 8, "killed by SIGKILL"});
  report.returned = {ElementId(4)};
  report.goodbye = true;
  EXPECT_EQ(std::get<Tenure>(decode(encode(Tenure{from_ns(9)}))), Tenure{from_ns(9)});
  const Report report_back = std::get<Report>(decode(encode(report)));
  EXPECT_EQ(report_back.attempts, report.attempts);
  EXPECT_EQ(report_back.returned, report.returned);
  EXPECT_TRUE(report_back.goodbye);

  EXPECT_EQ(std::get<SignalAttempts>(decode(encode(SignalAttempts{{ElementId(3)}, 10}))),
            (SignalAttempts{{ElementId(3)}, 10}));
  EXPECT_EQ(std::get<Hello>(decode(encode(Hello{"n1", 12, 4, 1u << 30, 2}))), (Hello{"n1", 12, 4, 1u << 30, 2}));
  EXPECT_EQ(std::get<Revoke>(decode(encode(Revoke{{ElementId(1)}}))), Revoke{{ElementId(1)}});
  EXPECT_EQ(std::get<StopAttempts>(decode(encode(StopAttempts{{ElementId(2)}}))), StopAttempts{{ElementId(2)}});
  EXPECT_EQ(std::get<Release>(decode(encode(Release{{ElementId(3)}}))), Release{{ElementId(3)}});
  EXPECT_TRUE(std::holds_alternative<Shutdown>(decode(encode(Shutdown{}))));
}

TEST(Message, of_a_party_comes_back_from_its_bytes) {
  const Place place{{2, 3}, {1}, {0}, false};
  const Placed placed{ElementId(1), 7, place};
  EXPECT_EQ(std::get<Placed>(decode(encode(placed))), placed);
  const StartParty start{ElementId(1), 7, 1, {{WorkerId(0), "n0", {}}, {WorkerId(4), "n4", place}}};
  EXPECT_EQ(std::get<StartParty>(decode(encode(start))), start);
  const EndParty end{ElementId(1), 7};
  EXPECT_EQ(std::get<EndParty>(decode(encode(end))), end);
  const PartyWord word{ElementId(1), 2, 0, 1, std::string("a\0b", 3)};
  EXPECT_EQ(std::get<PartyWord>(decode(encode(word))), word);
  EXPECT_EQ(std::get<CarryWord>(decode(encode(CarryWord{word}))), CarryWord{word});
  Grant grant;
  grant.elements.emplace_back().party = 7;
  EXPECT_EQ(std::get<Grant>(decode(encode(grant))).elements, grant.elements);
}

void expect_refused(const std::string& bytes) { EXPECT_THROW((void)decode(bytes), EnvironmentError); }

TEST(Message, of_the_wrong_length_is_refused) {
  const std::string good = encode(Revoke{{ElementId(1)}});
  expect_refused(good + "x");
  for (std::size_t length = 0; length < good.size(); ++length) expect_refused(good.substr(0, length));
}

TEST(Message, of_no_known_kind_is_refused) {
  std::string bytes = encode(Shutdown{});
  bytes[0] = 77;
  expect_refused(bytes);
}

TEST(Message, that_claims_more_than_it_has_takes_no_memory) {
  std::string bytes = encode(Revoke{{ElementId(1)}});
  bytes[1] = bytes[2] = bytes[3] = bytes[4] = '\xff';
  expect_refused(bytes);
}

TEST(Message, with_an_enumerator_there_is_not_is_refused) {
  Report report;
  report.attempts.emplace_back();
  std::string bytes = encode(report);
  bytes[5] = 3;  // after the kind of message and the count: started, ended or ready
  expect_refused(bytes);
}

TEST(Message, with_a_truth_value_that_is_neither_is_refused) {
  std::string bytes = encode(Report{});
  bytes.back() = 2;  // goodbye
  expect_refused(bytes);
}

}  // namespace
}  // namespace fugle::scheduler
