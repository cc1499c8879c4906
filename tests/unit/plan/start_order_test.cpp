#include "plan/start_order.hpp"

#include <gmock/gmock.h>

#include "graph/algorithms.hpp"
#include "plan/durations.hpp"
#include "small_graph.hpp"

namespace fugle::plan {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint32_t> order_of(const graph::Graph& graph) {
  return start_order(graph, graph::upward_ranks(graph, expected_durations(graph)));
}

TEST(StartOrder, prefers_the_longer_way_to_the_end) {
  SmallGraph maker;
  maker.element(5);
  const auto head = maker.element(1);
  maker.element(9, {head});
  EXPECT_THAT(order_of(std::move(maker).freeze()), ElementsAre(2, 0, 1));
}

TEST(StartOrder, breaks_ties_by_id) {
  SmallGraph maker;
  maker.element(3), maker.element(3), maker.element(3);
  EXPECT_THAT(order_of(std::move(maker).freeze()), ElementsAre(0, 1, 2));
}

TEST(StartOrder, puts_priority_before_length) {
  SmallGraph maker;
  maker.task(1, 0, 0).element(100);
  maker.task(1, 0, 5).element(1);
  EXPECT_THAT(order_of(std::move(maker).freeze()), ElementsAre(1, 0));
}

TEST(StartOrder, hands_priority_down_to_what_blocks_it) {
  SmallGraph maker;
  maker.task(1, 0, 0).element(100);
  const auto blocker = maker.task(1, 0, -3).element(1);
  maker.task(1, 0, 7).element(1, {blocker});
  EXPECT_THAT(order_of(std::move(maker).freeze()), ElementsAre(2, 0, 1));
}

TEST(StartOrder, hands_priority_through_gates_without_adding_their_own) {
  SmallGraph maker;
  maker.task(1, 0, -5);
  std::vector<ElementId> first;
  for (int i = 0; i < 5; ++i) first.push_back(maker.element(1));
  const auto other = maker.task(1, 0, -2).element(1);
  maker.task(1, 0, -4);
  std::vector<ElementId> second;
  for (int i = 0; i < 5; ++i) second.push_back(maker.element(1));
  maker.all_need_all(first, second);
  const graph::Graph graph = std::move(maker).freeze();
  ASSERT_GT(graph.num_elements(), graph.num_real_elements());
  EXPECT_EQ(order_of(graph)[other.value()], 0u);
}

}  // namespace
}  // namespace fugle::plan
