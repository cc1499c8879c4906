#include "plan/lease_cut.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "graph/algorithms.hpp"
#include "support/graph_shapes.hpp"

namespace fugle::plan {
namespace {

const std::vector<Slot> kWorkers(4);

std::vector<WorkerId> homes_by(const graph::Graph& graph, const std::function<std::uint32_t(std::uint32_t)>& home) {
  std::vector<WorkerId> homes;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) homes.emplace_back(home(e));
  return homes;
}

std::size_t edges_across(const graph::Graph& graph, const std::vector<std::uint32_t>& leases) {
  std::size_t across = 0;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    for (const std::uint32_t need : graph.needs(ElementId(e))) across += leases[need] != leases[e] ? 1 : 0;
  return across;
}

TEST(LeaseCut, keeps_whole_chains_together) {
  const graph::Graph graph = testing::chains(16, 100, 1);
  const auto leases = cut_leases(graph, homes_by(graph, [](std::uint32_t e) { return e % 2; }), kWorkers);
  EXPECT_LE(edges_across(graph, leases), 16u);  // 800 elements at each home, runs of 100
}

TEST(LeaseCut, cuts_few_edges_of_a_stencil_inside_one_worker) {
  const graph::Graph graph = testing::stencil(64, 400, 1);
  const auto leases = cut_leases(graph, homes_by(graph, [](std::uint32_t e) { return e % 64 / 16; }), kWorkers);
  EXPECT_LT(static_cast<double>(edges_across(graph, leases)), 0.10 * static_cast<double>(graph.num_edges()));
}

TEST(LeaseCut, makes_leases_at_least_as_wide_as_the_worker) {
  const graph::Graph graph = testing::stencil(512, 4, 1);
  const std::vector<Slot> wide(4, Slot{128, 0, 0});
  const auto leases = cut_leases(graph, homes_by(graph, [](std::uint32_t e) { return e % 512 / 128; }), wide);
  EXPECT_EQ(std::set<std::uint32_t>(leases.begin(), leases.end()).size(), 4u);
}

TEST(LeaseCut, gives_each_lease_one_home_and_at_most_two_thousand_elements) {
  const graph::Graph graph = testing::layered(40'000, 500, 3);
  const auto homes = homes_by(graph, [](std::uint32_t e) { return e / 7 % 2; });
  const auto leases = cut_leases(graph, homes, kWorkers);
  std::map<std::uint32_t, std::pair<WorkerId, std::size_t>> seen;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    auto& [home, size] = seen.try_emplace(leases[e], homes[e], 0).first->second;
    EXPECT_EQ(home, homes[e]);
    EXPECT_LE(++size, 2000u);
  }
}

TEST(LeaseCut, lets_no_two_leases_of_a_worker_need_each_other) {
  const graph::Graph graph = testing::layered(3000, 100, 5);
  const auto homes = homes_by(graph, [](std::uint32_t e) { return e % 3; });
  const auto leases = cut_leases(graph, homes, kWorkers);
  graph::Rows needs;
  std::map<std::uint32_t, std::set<std::uint32_t>> rows;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    rows[leases[e]];
    for (const std::uint32_t need : graph.needs(ElementId(e)))
      if (homes[need] == homes[e] && leases[need] != leases[e]) rows[leases[e]].insert(leases[need]);
  }
  for (const auto& [lease, others] : rows) {
    needs.columns.insert(needs.columns.end(), others.begin(), others.end());
    needs.offsets.push_back(static_cast<std::uint32_t>(needs.columns.size()));
  }
  EXPECT_TRUE(graph::find_cycle(needs).empty());
}

TEST(LeaseCut, leaves_elements_without_a_home_alone) {
  const graph::Graph graph = testing::chains(1, 5, 1);
  const auto leases = cut_leases(graph, std::vector<WorkerId>(5), kWorkers);
  EXPECT_EQ(std::set<std::uint32_t>(leases.begin(), leases.end()).size(), 5u);
}

}  // namespace
}  // namespace fugle::plan
