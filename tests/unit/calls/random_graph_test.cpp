#include "unit/calls/random_graph.hpp"

#include <gtest/gtest.h>

namespace fugle {
namespace {

class RandomGraph : public testing::TestWithParam<unsigned> {};

TEST_P(RandomGraph, of_calls_has_the_values_of_a_plain_loop) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto needs = random_needs(seed, 3000);
    const auto expected = expected_values(needs);
    CallsOptions options;
    options.threads = GetParam();
    Calls calls(options);
    std::vector<Value<std::uint64_t>> values;
    for (std::uint64_t i = 0; i < needs.size(); ++i) {
      std::vector<Value<std::uint64_t>> inputs;
      for (const std::uint64_t need : needs[i]) inputs.push_back(values[need]);
      values.push_back(calls.add(node_call, i, inputs));
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(values[i].get(), expected[i]) << "seed " << seed << " node " << i;
  }
}

TEST_P(RandomGraph, that_grows_while_it_runs_has_the_value_of_a_recursion) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CallsOptions options;
    options.threads = GetParam();
    Calls calls(options);
    EXPECT_EQ(calls.add(tree_call, seed, 9).get(), tree_value(seed, 9)) << "seed " << seed;
    calls.wait();
  }
}

INSTANTIATE_TEST_SUITE_P(over_threads, RandomGraph, testing::Values(1u, 2u, 4u));

}  // namespace
}  // namespace fugle
