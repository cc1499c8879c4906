// What must hold for calls over ranks, whatever the ranks are: threads of a unit test, or processes under mpirun. Each
// is run by all ranks together, each with its own Calls.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "unit/calls/random_graph.hpp"

namespace fugle::cases {

inline int rank_of_call(Calls& calls) { return calls.rank(); }

/// Rank 0 adds a random graph whose nodes are placed at random, or nowhere.
inline void random_placed_graph(Calls& calls, std::uint64_t seed) {
  if (calls.rank() == 0) {
    const auto needs = random_needs(seed, 600);
    const auto expected = expected_values(needs);
    std::mt19937_64 random(seed);
    std::vector<Value<std::uint64_t>> values;
    for (std::uint64_t i = 0; i < needs.size(); ++i) {
      std::vector<Value<std::uint64_t>> inputs;
      for (const std::uint64_t need : needs[i]) inputs.push_back(values[need]);
      const int place = static_cast<int>(random() % static_cast<std::uint64_t>(calls.num_ranks() + 1)) - 1;
      values.push_back(place < 0 ? calls.add(node_call, i, inputs) : calls.on(place).add(node_call, i, inputs));
    }
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i].get(), expected[i]) << "node " << i;
  }
  calls.wait();
}

/// All ranks grow trees at once, and send each other the results.
inline void growing_trees(Calls& calls, std::uint64_t seed) {
  const auto me = static_cast<std::uint64_t>(calls.rank());
  const auto tree = calls.add(tree_call, seed + me, 7);
  const int next = (calls.rank() + 1) % calls.num_ranks();
  const int before = (calls.rank() + calls.num_ranks() - 1) % calls.num_ranks();
  calls.send(tree, next, seed);
  const auto other = calls.receive<std::uint64_t>(before, seed);
  calls.wait();
  EXPECT_EQ(tree.get(), tree_value(seed + me, 7));
  EXPECT_EQ(other.get(), tree_value(seed + static_cast<std::uint64_t>(before), 7));
}

/// Values too large to come with the end of a call go straight to where they are needed.
inline void large_values(Calls& calls, std::size_t num_doubles) {
  using Numbers = std::vector<double>;
  const int last = calls.num_ranks() - 1;
  if (calls.rank() == 0) {
    const auto made = calls.on(last).add(
        [](std::size_t n) {
          Numbers numbers(n);
          std::iota(numbers.begin(), numbers.end(), 1.0);
          return numbers;
        },
        num_doubles);
    const auto sum = [](const Numbers& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); };
    const auto n = static_cast<double>(num_doubles);
    for (int rank = 0; rank < calls.num_ranks(); ++rank)
      EXPECT_EQ(calls.on(rank).add(sum, made).get(), n * (n + 1) / 2);
    EXPECT_EQ(made.get().size(), num_doubles);
    EXPECT_EQ(made.get().back(), n);
    const auto grown = calls.on(0).add(
        [](Numbers numbers) {
          numbers.push_back(-1);
          return numbers;
        },
        made);
    EXPECT_EQ(calls.on(last).add([](const Numbers& numbers) { return numbers.back(); }, grown).get(), -1);
  }
  calls.wait();
}

inline void placed_calls_run_where_they_must(Calls& calls) {
  for (int rank = 0; rank < calls.num_ranks(); ++rank) EXPECT_EQ(calls.on(rank).add(rank_of_call).get(), rank);
  calls.wait();
}

inline int throw_here(int x) { throw std::out_of_range("no " + std::to_string(x)); }

inline void failures_come_to_the_owner(Calls& calls) {
  using testing::HasSubstr;
  const int last = calls.num_ranks() - 1;
  if (calls.rank() == 0 && last > 0) {
    const auto failed = calls.on(last).add(throw_here, 5);
    const auto after = calls.on(last).add([](int x) { return x; }, failed);
    EXPECT_THAT([&] { failed.get(); }, testing::ThrowsMessage<CallError>("no 5"));
    EXPECT_THAT([&] { after.get(); }, testing::ThrowsMessage<CallError>("no 5"));
  }
  if (last > 0) {
    EXPECT_ANY_THROW(calls.wait());
  }
  EXPECT_NO_THROW(calls.wait());
}

inline void nothing_is_waited_for_for_ever(Calls& calls) {
  using testing::HasSubstr;
  Value<int> never;
  if (calls.rank() == 0) never = calls.receive<int>(calls.num_ranks() - 1, 1234);
  EXPECT_THROW(calls.wait(), CallError);
  if (calls.rank() == 0) {
    EXPECT_THAT([&] { never.get(); }, testing::ThrowsMessage<CallError>(HasSubstr("tag 1234")));
  }
  EXPECT_NO_THROW(calls.wait());
}

/// A call inside a shipped call is added where it runs, and its value comes back to the first owner.
inline Value<std::uint64_t> pass_on(Calls& calls, int hops) {
  const int next = (calls.rank() + 1) % calls.num_ranks();
  if (hops == 0) return calls.value(std::uint64_t{77});
  return calls.on(next).add(pass_on, hops - 1);
}
inline void values_come_back_through_many_ranks(Calls& calls) {
  EXPECT_EQ(calls.add(pass_on, 50).get(), 77u);
  calls.wait();
}

inline Value<std::vector<double>> make_far(Calls& calls, int hops) {
  const int next = (calls.rank() + 1) % calls.num_ranks();
  if (hops == 0) return calls.value(std::vector<double>(5000, 2.5));
  return calls.on(next).add(make_far, hops - 1);
}
inline void large_values_come_back_through_many_ranks(Calls& calls) {
  const auto far = calls.add(make_far, 7);
  EXPECT_EQ(far.get().at(4999), 2.5);
  const int next = (calls.rank() + 1) % calls.num_ranks();
  EXPECT_EQ(calls.on(next).add([](const std::vector<double>& v) { return v.size(); }, calls.add(make_far, 5)).get(),
            5000u);
  calls.wait();
}

/// Rank 0 alone has work, until some of it was done elsewhere.
inline void idle_ranks_take_work(Calls& calls) {
  if (calls.rank() == 0) {
    bool was_elsewhere = false;
    while (!was_elsewhere) {
      std::vector<Value<int>> where;
      for (int i = 0; i < 100; ++i) where.push_back(calls.add(rank_of_call));
      for (const auto& value : where) was_elsewhere |= value.get() != 0;
    }
  }
  calls.wait();
}

inline void cancelling_ends_the_calls_of_all(Calls& calls) {
  for (int i = 0; i < 100; ++i) calls.add([](Calls& inner) { return inner.rank(); });
  if (calls.rank() == 0) calls.cancel();
  EXPECT_THROW(calls.wait(), CallCancelled);
}

}  // namespace fugle::cases
