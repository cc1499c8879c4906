#include "app/placement_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/graphs.hpp"

namespace fugle::app {
namespace {

using testing::GraphStory;
using ::testing::HasSubstr;
using ::testing::Not;
using topology::Level;
using topology::Node;
using topology::synthetic;

PlacedElement element(const std::string& id, std::uint32_t node, std::vector<std::uint32_t> pus,
                      std::vector<std::uint32_t> gpus = {}, Level level = Level::l3) {
  return {id, id.substr(0, id.find('[')), node, {std::move(pus), std::move(gpus), level}, true, 1, 2.5};
}

TEST(PlacementView, draws_nodes_packages_caches_and_cores) {
  const std::vector<Node> nodes{synthetic("pack:2 numa:2 l3:2 core:2 pu:1 gpu:1", "n0")};
  EXPECT_EQ(placement_text(nodes, std::vector{element("sim[1]", 0, {2, 3}), element("post", 0, {8, 9, 10}, {1})}),
            "n0  5 of 16 cores busy\n"
            "  package 0  .. aa | .. ..\n"
            "             gpus 0:.\n"
            "  package 1  bb b. | .. ..\n"
            "             gpus 1:b\n"
            "\n"
            "  a  1.0s to 2.5s  2 cores of one l3  sim[1]\n"
            "  b  1.0s to 2.5s  3 cores of one l3, 1 GPU  post\n");
}

TEST(PlacementView, draws_a_core_of_two_threads_as_one_letter) {
  const std::vector<Node> nodes{synthetic("pack:1 core:4 pu:2", "n0")};
  const std::string text = placement_text(nodes, std::vector{element("a", 0, {0, 1, 2, 3})});
  EXPECT_THAT(text, HasSubstr("(a letter is a core with all its threads)\n  package 0  aa..\n"));
}

TEST(PlacementView, draws_threads_where_a_core_is_shared) {
  const std::vector<Node> nodes{synthetic("pack:1 core:2 pu:2", "n0")};
  const std::string text = placement_text(nodes, std::vector{element("x", 0, {0}), element("y", 0, {1, 2})});
  EXPECT_THAT(text, HasSubstr("(a letter is a thread)\n  package 0  abb.\n"));
}

TEST(PlacementView, sums_up_the_nodes_it_does_not_draw) {
  std::vector<Node> nodes;
  for (int i = 0; i < 64; ++i) nodes.push_back(synthetic("pack:1 core:4 pu:1", "n" + std::to_string(i)));
  EXPECT_THAT(placement_text(nodes, std::vector{element("a", 63, {0, 1})}),
              HasSubstr("and 60 more like these: 1 element, 2 of 240 cores busy\n"));
  nodes[63] = synthetic("pack:1 core:8 pu:1", "n63");
  EXPECT_THAT(placement_text(nodes, {}), HasSubstr("and 60 more: 0 elements, 0 of 244 cores busy\n"));
}

TEST(PlacementView, gives_letters_to_tasks_when_there_are_too_many_elements) {
  const std::vector<Node> nodes{synthetic("pack:2 l3:4 core:16 pu:1", "n0")};
  std::vector<PlacedElement> running;
  for (std::uint32_t i = 0; i < 60; ++i)
    running.push_back(element("m[" + std::to_string(i) + "]", 0, {2 * i, 2 * i + 1}));
  running.push_back(element("other", 0, {120}));
  const std::string text = placement_text(nodes, running);
  EXPECT_THAT(text, HasSubstr("  package 0  aaAAaaAAaaAAaaAA aaAA"));
  EXPECT_THAT(text, HasSubstr("  aA  60 elements on 120 cores  m\n"));
  EXPECT_THAT(text, HasSubstr("  b   1 element on 1 core  other\n"));
}

TEST(PlacementView, gives_an_element_on_several_nodes_one_letter) {
  const std::vector<Node> nodes(6, synthetic("core:4 pu:1", "n0"));
  std::vector<PlacedElement> running{element("small", 0, {2})};
  for (std::uint32_t node = 0; node < 6; ++node) running.push_back(element("mpi", node, {0, 1}));
  const std::string text = placement_text(nodes, running);
  EXPECT_THAT(text, HasSubstr("  package 0  aab.\n"));
  EXPECT_THAT(text, HasSubstr("  package 0  aa..\n"));
  EXPECT_THAT(text, HasSubstr("and 2 more like these: 1 element, 4 of 8 cores busy\n"));
  EXPECT_THAT(text, HasSubstr("12 cores of 6 nodes  mpi\n"));
  EXPECT_THAT(text, Not(HasSubstr("  c  ")));
}

TEST(PlacementView, fits_the_terminal) {
  for (const char* machine : {"pack:2 l3:8 core:8 pu:1", "pack:1 l3:1 core:128 pu:1", "pack:2 numa:4 l3:2 core:8 pu:2",
                              "core:128 pu:2 gpu:8"}) {
    const std::vector<Node> nodes{synthetic(machine, "n0")};
    const std::string text = placement_text(nodes, std::vector{element(std::string(200, 'x'), 0, {0})});
    std::size_t begin = 0, letters = 0;
    for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      EXPECT_LE(end - begin, 80u) << text;
    for (const char c : text) letters += c == '.' ? 1 : 0;
    EXPECT_GE(letters, 63u) << "nothing is cut";
  }
}

plan::Placement placed(double start, double end, std::uint32_t worker) { return {start, end, WorkerId(worker)}; }

TEST(PlacementReplay, gives_eight_tasks_of_four_cores_a_cache_each) {
  GraphStory story;
  story.task("sim").cores(4).times(8);
  const graph::Graph graph = story.graph();
  plan::Prediction prediction;
  for (int i = 0; i < 8; ++i) prediction.placements.push_back(placed(0, 10, 0));
  const std::vector<Node> nodes{synthetic("pack:2 l3:4 core:4 pu:1", "n0")};
  const auto running = placements_at(graph, prediction, {nodes, {}}, 5);
  ASSERT_EQ(running.size(), 8u);
  std::set<std::uint32_t> pus, caches;
  for (const PlacedElement& one : running) {
    for (const std::uint32_t pu : one.holding.pus) EXPECT_TRUE(pus.insert(pu).second);
    EXPECT_EQ(one.holding.level, Level::l3);
    caches.insert(nodes[0].pus[one.holding.pus[0]].l3);
  }
  EXPECT_EQ(caches.size(), 8u);
}

TEST(PlacementReplay, gives_what_ends_to_what_starts_then) {
  GraphStory story;
  story.task("t").cores(2).times(3);
  const graph::Graph graph = story.graph();
  plan::Prediction prediction;
  prediction.placements = {placed(0, 1, 0), placed(1, 3, 0), placed(0, 2, 0)};
  const std::vector<Node> nodes{synthetic("core:4 pu:1", "n0")};
  const auto running = placements_at(graph, prediction, {nodes, {}}, 1);
  ASSERT_EQ(running.size(), 2u);
  EXPECT_EQ(running[0].holding.pus, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(running[1].holding.pus, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_TRUE(placements_at(graph, prediction, {nodes, {}}, 3).empty());
}

TEST(PlacementReplay, divides_a_node_between_its_workers) {
  GraphStory story;
  story.task("t").cores(2).times(3);
  const graph::Graph graph = story.graph();
  plan::Prediction prediction;
  prediction.placements = {placed(0, 1, 0), placed(0, 1, 1), placed(0, 1, 2)};
  const std::vector<Node> nodes{synthetic("pack:2 core:2 pu:1", "n0"), synthetic("pack:2 core:2 pu:1", "n1")};
  const std::vector<std::uint32_t> node_of{0, 1, 1};
  const auto running = placements_at(graph, prediction, {nodes, node_of}, 0);
  ASSERT_EQ(running.size(), 3u);
  EXPECT_EQ(running[2].node, 1u);
  EXPECT_EQ(running[1].holding.pus, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(running[2].holding.pus, (std::vector<std::uint32_t>{2, 3}));
}

TEST(PlacementReplay, finds_the_moment_when_most_cores_are_busy) {
  GraphStory story;
  story.task("t").cores(2).times(4);
  const graph::Graph graph = story.graph();
  plan::Prediction prediction;
  prediction.placements = {placed(0, 2, 0), placed(1, 3, 0), placed(2, 4, 0), {}};
  EXPECT_EQ(busiest_moment(graph, prediction), 1.0);
}

}  // namespace
}  // namespace fugle::app
