#include "scheduler/forwarding_executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fugle::scheduler {
namespace {

struct MockExecutor : Executor {
  MOCK_METHOD(void, start, (const Launch&), (override));
  MOCK_METHOD(void, start_after, (const Launch&, ElementId), (override));
  MOCK_METHOD(void, start_now, (ElementId), (override));
  MOCK_METHOD(void, stop, (ElementId, StopReason), (override));
  MOCK_METHOD(void, signal, (ElementId, int), (override));
  MOCK_METHOD(void, poll, (std::vector<AttemptReport>&), (override));
  MOCK_METHOD(void, host, (const Launch&), (override));
  MOCK_METHOD(void, dismiss, (ElementId), (override));
  MOCK_METHOD(void, hear, (const PartyWord&), (override));
  MOCK_METHOD(void, poll_words, (std::vector<PartyWord>&), (override));
  MOCK_METHOD(void, hear_value, (const ValueWord&), (override));
  MOCK_METHOD(void, poll_value_words, (std::vector<ValueWord>&), (override));
};

class Around final : public ForwardingExecutor {
 public:
  explicit Around(Executor& inner) : inner_(inner) {}

 private:
  Executor& inner() override { return inner_; }
  Executor& inner_;
};

TEST(ForwardingExecutor, gives_everything_to_the_one_inside) {
  using ::testing::_;
  ::testing::StrictMock<MockExecutor> inner;
  Around around(inner);
  Executor& executor = around;
  EXPECT_CALL(inner, start(_));
  EXPECT_CALL(inner, start_after(_, ElementId(1)));
  EXPECT_CALL(inner, start_now(ElementId(2)));
  EXPECT_CALL(inner, stop(ElementId(3), StopReason::shutdown));
  EXPECT_CALL(inner, signal(ElementId(4), 10));
  EXPECT_CALL(inner, poll(_));
  EXPECT_CALL(inner, host(_));
  EXPECT_CALL(inner, dismiss(ElementId(5)));
  EXPECT_CALL(inner, hear(_));
  EXPECT_CALL(inner, poll_words(_));
  EXPECT_CALL(inner, hear_value(_));
  EXPECT_CALL(inner, poll_value_words(_));
  std::vector<AttemptReport> reports;
  std::vector<PartyWord> words;
  std::vector<ValueWord> values;
  executor.start({});
  executor.start_after({}, ElementId(1));
  executor.start_now(ElementId(2));
  executor.stop(ElementId(3), StopReason::shutdown);
  executor.signal(ElementId(4), 10);
  executor.poll(reports);
  executor.host({});
  executor.dismiss(ElementId(5));
  executor.hear({});
  executor.poll_words(words);
  executor.hear_value({});
  executor.poll_value_words(values);
}

}  // namespace
}  // namespace fugle::scheduler
