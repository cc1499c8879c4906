#include "fugle/calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <thread>

namespace fugle {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

int add_numbers(int a, int b) { return a + b; }

CallsOptions threads(unsigned count) {
  CallsOptions options;
  options.threads = count;
  return options;
}

TEST(Calls, gives_the_value_of_a_call) {
  Calls calls(threads(1));
  EXPECT_EQ(calls.add(add_numbers, 2, 3).get(), 5);
}

TEST(Calls, passes_values_from_call_to_call) {
  Calls calls(threads(2));
  const auto a = calls.add(add_numbers, 1, 2);
  const auto b = calls.add([](const int& x) { return 10 * x; }, a);
  const auto c = calls.add(add_numbers, a, b);
  EXPECT_EQ(c.get(), 33);
  EXPECT_EQ(a.get(), 3);
}

TEST(Calls, takes_lambdas_with_captures_texts_and_plain_values) {
  Calls calls(threads(1));
  const std::string greeting = "hello";
  const auto text = calls.add([greeting](const std::string& name) { return greeting + " " + name; }, "you");
  EXPECT_EQ(text.get(), "hello you");
  EXPECT_EQ(calls.add([](double x) { return 2 * x; }, calls.value(1.5)).get(), 3.0);
}

TEST(Calls, gives_many_values_as_one_row) {
  Calls calls(threads(2));
  std::vector<Value<int>> values;
  for (int i = 0; i < 100; ++i) values.push_back(calls.add([](int x) { return x * x; }, i));
  const auto sum = calls.add(
      [](const Inputs<int>& row, int more) { return std::accumulate(row.begin(), row.end(), more); }, values, 1);
  EXPECT_EQ(sum.get(), 328350 + 1);
  EXPECT_EQ(calls.add([](const Inputs<int>& row) { return row.size(); }, std::vector<Value<int>>()).get(), 0u);
}

TEST(Calls, keeps_the_order_that_values_of_nothing_ask_for) {
  Calls calls(threads(4));
  std::vector<int> seen;
  auto last = calls.add([&] { seen.push_back(0); });
  for (int i = 1; i < 200; ++i) last = calls.add([&seen, i] { seen.push_back(i); }, last);
  calls.wait();
  std::vector<int> expected(200);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(seen, expected);
}

Value<long> fibonacci_later(Calls& calls, int n) {
  if (n < 2) return calls.value(static_cast<long>(n));
  return calls.add([](long a, long b) { return a + b; }, calls.add(fibonacci_later, n - 1),
                   calls.add(fibonacci_later, n - 2));
}

TEST(Calls, lets_calls_add_calls_and_return_their_values) {
  for (const unsigned count : {1u, 2u, 4u}) {
    Calls calls(threads(count));
    EXPECT_EQ(calls.add(fibonacci_later, 20).get(), 6765);
  }
}

Value<int> count_down(Calls& calls, int n) {
  if (n == 0) return calls.value(42);
  return calls.add(count_down, n - 1);
}

TEST(Calls, needs_no_stack_for_long_chains) {
  Calls calls(threads(1));
  EXPECT_EQ(calls.add(count_down, 300000).get(), 42);
  Value<int> last = calls.value(0);
  for (int i = 0; i < 300000; ++i) last = calls.add([](int x) { return x + 1; }, last);
  EXPECT_EQ(last.get(), 300000);
  Value<int> failed = calls.add([]() -> int { throw std::runtime_error("first"); });
  for (int i = 0; i < 300000; ++i) failed = calls.add([](int x) { return x + 1; }, failed);
  EXPECT_THAT([&] { failed.get(); }, ThrowsMessage<std::runtime_error>("first"));
  EXPECT_THROW(calls.wait(), std::runtime_error);
}

TEST(Calls, hands_on_what_a_call_threw) {
  Calls calls(threads(2));
  bool ran = false;
  const auto failed = calls.add([]() -> int { throw std::out_of_range("no such point"); });
  const auto after = calls.add([&ran](int x) { return ran = true, x; }, failed);
  const auto beside = calls.add([] { return 7; });
  EXPECT_THAT([&] { after.get(); }, ThrowsMessage<std::out_of_range>("no such point"));
  EXPECT_FALSE(ran);
  EXPECT_EQ(beside.get(), 7);
  EXPECT_THROW(calls.wait(), std::out_of_range);
  EXPECT_NO_THROW(calls.wait());
}

TEST(Calls, hands_on_what_an_inner_call_threw) {
  Calls calls(threads(2));
  const auto outer =
      calls.add([](Calls& inner) { return inner.add([]() -> int { throw std::runtime_error("inside"); }); });
  EXPECT_THAT([&] { outer.get(); }, ThrowsMessage<std::runtime_error>("inside"));
  EXPECT_THROW(calls.wait(), std::runtime_error);
}

TEST(Calls, refuses_to_wait_inside_a_call) {
  Calls calls(threads(1));
  const auto asks = calls.add([](Calls& inner) { return inner.add([] { return 1; }).get(); });
  EXPECT_THAT([&] { asks.get(); }, ThrowsMessage<CallMisuse>(HasSubstr("get() inside a call")));
  const auto waits = calls.add([](Calls& inner) { inner.wait(); });
  EXPECT_THAT([&] { waits.get(); }, ThrowsMessage<CallMisuse>(HasSubstr("wait() inside a call")));
  EXPECT_THROW(calls.wait(), CallMisuse);
}

TEST(Calls, gives_a_value_that_is_there_inside_a_call) {
  Calls calls(threads(1));
  const auto there = calls.value(4);
  EXPECT_EQ(calls.add([there] { return there.get() + 1; }).get(), 5);
}

TEST(Calls, refuses_other_threads) {
  Calls calls(threads(1));
  std::thread other([&] { EXPECT_THROW((void)calls.add([] { return 1; }), CallMisuse); });
  other.join();
}

TEST(Calls, refuses_values_that_stand_for_nothing) {
  Calls calls(threads(1));
  EXPECT_THROW((void)calls.add(add_numbers, Value<int>(), 1), CallMisuse);
  EXPECT_THROW(Value<int>().get(), CallMisuse);
  EXPECT_THROW((void)calls.on(1), CallMisuse);
}

TEST(Calls, moves_a_value_that_nobody_else_holds) {
  Calls calls(threads(1));
  using Owned = std::unique_ptr<int>;
  const auto sole = calls.add([](Owned owned) { return *owned; }, calls.add([] { return std::make_unique<int>(3); }));
  EXPECT_EQ(sole.get(), 3);
  const auto shared = calls.add([] { return std::make_unique<int>(4); });
  const auto refused = calls.add([](Owned owned) { return *owned; }, shared);
  EXPECT_THROW(refused.get(), CallMisuse);
  EXPECT_EQ(*shared.get(), 4);
  EXPECT_THROW(calls.wait(), CallMisuse);
}

/// Counts how many there are.
struct Counted {
  static inline std::atomic<int> count{0};
  Counted() { ++count; }
  Counted(const Counted&) { ++count; }
  ~Counted() { --count; }
};

TEST(Calls, frees_every_value_and_argument) {
  {
    Calls calls(threads(3));
    std::vector<Value<Counted>> values;
    for (int i = 0; i < 1000; ++i) {
      const auto made = calls.add([] { return Counted(); });
      values.push_back(calls.add([](const Counted& c, const Counted&) { return c; }, made, Counted()));
    }
    (void)calls.add([](const Counted&) -> int { throw std::runtime_error("x"); }, values[0]);
    EXPECT_THROW(calls.wait(), std::runtime_error);
    EXPECT_EQ(Counted::count, 1000);
  }
  EXPECT_EQ(Counted::count, 0);
}

TEST(Calls, lets_values_outlive_them) {
  Value<std::string> text;
  {
    Calls calls(threads(2));
    text = calls.add([] { return std::string("still here"); });
    calls.wait();
  }
  EXPECT_EQ(text.get(), "still here");
}

TEST(Calls, cancels_what_has_not_started) {
  Calls calls(threads(1));
  int num_ran = 0;
  std::vector<Value<int>> values;
  for (int i = 0; i < 100; ++i)
    values.push_back(calls.add([&num_ran, &calls] {
      if (++num_ran == 10) calls.cancel();
      return num_ran;
    }));
  EXPECT_THROW(calls.wait(), CallCancelled);
  EXPECT_EQ(num_ran, 10);
  EXPECT_TRUE(calls.is_cancelled());
  int num_cancelled = 0;
  for (const auto& value : values) {
    try {
      value.get();
    } catch (const CallCancelled&) {
      ++num_cancelled;
    }
  }
  EXPECT_EQ(num_cancelled, 90);
}

TEST(Calls, ends_without_waiting_when_an_exception_passes) {
  int num_ran = 0;
  try {
    Calls calls(threads(1));
    for (int i = 0; i < 100; ++i) calls.add([&num_ran] { ++num_ran; });
    throw std::runtime_error("elsewhere");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(num_ran, 0);
}

TEST(Calls, can_be_inside_a_call_of_others) {
  Calls outer(threads(2));
  const auto sum = outer.add([] {
    Calls inner(threads(2));
    std::vector<Value<int>> parts;
    for (int i = 0; i < 50; ++i) parts.push_back(inner.add(add_numbers, i, 1));
    return inner.add([](const Inputs<int>& row) { return std::accumulate(row.begin(), row.end(), 0); }, parts).get();
  });
  EXPECT_EQ(sum.get(), 50 * 49 / 2 + 50);
}

TEST(Calls, send_to_themselves_too) {
  Calls calls(threads(2));
  const auto before = calls.receive<std::string>(0, 7);
  calls.send(calls.add([] { return std::string("seven"); }), 0, 7);
  calls.send(calls.add([]() -> int { throw std::runtime_error("eight"); }), 0, 8);
  EXPECT_EQ(before.get(), "seven");
  EXPECT_THROW(calls.wait(), std::runtime_error);
  EXPECT_THAT([&] { calls.receive<int>(0, 8).get(); }, ThrowsMessage<CallError>("eight"));
}

TEST(Calls, say_what_was_never_sent) {
  Calls calls(threads(1));
  const auto never = calls.receive<int>(0, 99);
  const auto after = calls.add([](int x) { return x; }, never);
  EXPECT_THAT([&] { calls.wait(); }, ThrowsMessage<CallError>(HasSubstr("nothing was sent by rank 0 with tag 99")));
  EXPECT_THROW(after.get(), CallError);
}

TEST(Calls, use_all_their_threads) {
  Calls calls(threads(4));
  std::atomic<int> num_inside{0};
  // Each call waits until all four are inside: with fewer threads it would wait for ever.
  for (int i = 0; i < 4; ++i) {
    calls.add([&] {
      ++num_inside;
      while (num_inside < 4) std::this_thread::yield();
    });
  }
  calls.wait();
  EXPECT_EQ(num_inside, 4);
}

TEST(Calls, have_large_values_and_arguments) {
  struct Block {
    std::array<double, 20000> numbers;
  };
  Calls calls(threads(2));
  Block block{};
  block.numbers[19999] = 5;
  const auto copy = calls.add([](const Block& b) { return b; }, block);
  EXPECT_EQ(calls.add([](const Block& b) { return b.numbers[19999]; }, copy).get(), 5);
}

}  // namespace
}  // namespace fugle
