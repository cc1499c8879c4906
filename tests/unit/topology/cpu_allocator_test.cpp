#include "topology/cpu_allocator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.hpp"

namespace fugle::topology {
namespace {

using ::testing::ElementsAre;

class Allocator : public ::testing::Test {
 protected:
  void use(const std::string& machine) {
    node_ = synthetic(machine, "n");
    allocator_.emplace(node_);
  }
  /// A claim that must be met.
  Holding take(std::uint32_t cores, Level within, std::uint32_t gpus = 0) {
    const auto holding = allocator_->take({cores, gpus, within});
    EXPECT_TRUE(holding.has_value());
    return holding.value_or(Holding{});
  }
  [[nodiscard]] std::set<std::uint32_t> groups(const Holding& holding, Level level) const {
    std::set<std::uint32_t> numbers;
    for (const std::uint32_t pu : holding.pus) numbers.insert(group_of(node_.pus[pu], level));
    return numbers;
  }

  Node node_;
  std::optional<CpuAllocator> allocator_;
};

TEST_F(Allocator, fills_a_machine_with_claims_that_each_fit_one_cache) {
  use("pack:2 l3:4 core:4 pu:1");
  std::set<std::uint32_t> used, caches;
  for (int i = 0; i < 8; ++i) {
    const Holding holding = take(4, Level::l3);
    ASSERT_EQ(holding.pus.size(), 4u);
    EXPECT_EQ(holding.level, Level::l3);
    ASSERT_EQ(groups(holding, Level::l3).size(), 1u);
    caches.merge(groups(holding, Level::l3));
    for (const std::uint32_t pu : holding.pus) EXPECT_TRUE(used.insert(pu).second);
  }
  EXPECT_EQ(caches.size(), 8u);
  EXPECT_EQ(allocator_->num_free_cores(), 0u);
  EXPECT_FALSE(allocator_->take({1, 0, Level::node}).has_value());
}

TEST_F(Allocator, widens_the_level_when_it_does_not_fit_and_says_so) {
  use("pack:2 l3:4 core:4 pu:1");
  EXPECT_EQ(take(6, Level::l3).level, Level::numa) << "numa is the package here";
  EXPECT_EQ(take(20, Level::core).level, Level::node);
}

TEST_F(Allocator, reports_the_narrowest_level_even_when_a_wider_was_asked_for) {
  use("pack:2 l3:4 core:4 pu:2");
  EXPECT_EQ(take(2, Level::node).level, Level::core);
  EXPECT_EQ(take(8, Level::node).level, Level::l3);
}

TEST_F(Allocator, gives_both_threads_of_a_core_to_one_task) {
  use("l3:2 core:4 pu:2");
  take(1, Level::core);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(groups(take(2, Level::core), Level::core).size(), 1u);
  EXPECT_EQ(allocator_->num_free_cores(), 1u);
}

TEST_F(Allocator, takes_whole_cores_for_many_units_even_where_broken_ones_fit_tighter) {
  use("l3:2 core:4 pu:2");
  std::vector<Holding> held;
  for (int i = 0; i < 4; ++i) held.push_back(take(2, Level::core));
  for (const Holding& holding : held) allocator_->give_back({{holding.pus[0]}, {}, Level::core});
  // The first cache has four single threads, the second four whole cores.
  EXPECT_EQ(groups(take(4, Level::l3), Level::core).size(), 2u);
  EXPECT_EQ(groups(take(1, Level::core), Level::l3), std::set<std::uint32_t>{0});
}

TEST_F(Allocator, completes_what_is_begun_before_it_begins_another) {
  use("pack:2 l3:2 core:4 pu:1");
  take(3, Level::l3);
  EXPECT_EQ(groups(take(4, Level::l3), Level::l3), std::set<std::uint32_t>{1}) << "in the package that is begun";
  EXPECT_EQ(groups(take(1, Level::core), Level::l3), std::set<std::uint32_t>{0}) << "the single one that is left";
  EXPECT_EQ(groups(take(1, Level::core), Level::package), std::set<std::uint32_t>{1});
}

TEST_F(Allocator, spans_as_few_caches_as_it_must) {
  use("pack:1 l3:4 core:4 pu:1");
  take(1, Level::core);
  EXPECT_EQ(groups(take(8, Level::l3), Level::l3).size(), 2u) << "two whole ones, not three begun ones";
}

TEST_F(Allocator, takes_the_gpu_beside_the_cores) {
  use("pack:2 numa:2 core:4 pu:1 gpu:2");
  for (std::uint32_t i = 0; i < 4; ++i) {
    const Holding holding = take(4, Level::numa, 1);
    ASSERT_EQ(holding.gpus.size(), 1u);
    EXPECT_EQ(groups(holding, Level::numa), std::set<std::uint32_t>{node_.gpus[holding.gpus[0]].numa});
  }
  EXPECT_EQ(allocator_->num_free_gpus(), 0u);
}

TEST_F(Allocator, takes_cores_beside_the_gpus_that_are_left) {
  use("pack:2 core:4 pu:1 gpu:1");
  const Holding first = take(1, Level::core, 1);
  EXPECT_EQ(groups(first, Level::package), std::set<std::uint32_t>{0});
  EXPECT_EQ(groups(take(1, Level::core, 1), Level::package), std::set<std::uint32_t>{1});
  EXPECT_FALSE(allocator_->take({1, 1, Level::core}).has_value());
}

TEST_F(Allocator, takes_a_far_gpu_rather_than_none) {
  use("pack:2 core:2 pu:1 gpu:1");
  const Holding both = take(2, Level::package, 2);
  EXPECT_EQ(groups(both, Level::package).size(), 1u);
  EXPECT_THAT(both.gpus, ElementsAre(0, 1)) << "the nearest first";
}

TEST_F(Allocator, leaves_the_cores_beside_gpus_to_those_who_want_them) {
  use("pack:2 numa:2 core:2 pu:1");
  node_.gpus = {{"g", "", 0, 0, 0, {}}};
  allocator_.emplace(node_);
  EXPECT_EQ(groups(take(2, Level::numa), Level::numa), std::set<std::uint32_t>{1});
}

TEST_F(Allocator, works_on_cores_of_which_nothing_is_known) {
  node_ = uniform("n", 4, 100, 1);
  allocator_.emplace(node_);
  EXPECT_THAT(take(2, Level::l3).pus, ElementsAre(0, 1));
  EXPECT_THAT(take(2, Level::l3, 1).gpus, ElementsAre(0));
}

TEST_F(Allocator, gives_out_again_what_came_back) {
  use("pack:1 core:2 pu:2 gpu:1");
  const Holding all = take(4, Level::node, 1);
  allocator_->give_back(all);
  EXPECT_EQ(take(4, Level::node, 1), all);
}

/// The counts of a fresh allocator in which just these are held must be those of one with a long past.
TEST_F(Allocator, neither_overlaps_nor_loses_anything_whatever_is_claimed) {
  const std::vector<std::string> machines{"pack:2 l3:4 core:4 pu:1", "pack:2 numa:4 core:4 pu:2 gpu:4",
                                          "core:5 pu:3 gpu:1", "pack:2 l3:1 numa:2 core:3 pu:2", "7"};
  for (const std::string& machine : machines) {
    use(machine);
    Random random(17);
    std::vector<Holding> held;
    std::set<std::uint32_t> pus, gpus;
    const std::uint32_t num_pus = node_.num_cores();
    const auto num_gpus = static_cast<std::uint32_t>(node_.gpus.size());
    for (int step = 0; step < 3000; ++step) {
      if (!held.empty() && random.below(5) < 2) {
        const std::size_t at = random.below(held.size());
        allocator_->give_back(held[at]);
        for (const std::uint32_t pu : held[at].pus) pus.erase(pu);
        for (const std::uint32_t gpu : held[at].gpus) gpus.erase(gpu);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
      }
      const Claim claim{1 + static_cast<std::uint32_t>(random.below(random.below(4) == 0 ? num_pus : 4)),
                        num_gpus == 0 ? 0 : static_cast<std::uint32_t>(random.below(3)),
                        static_cast<Level>(random.below(kNumLevels))};
      const bool fits = claim.cores <= num_pus - pus.size() && claim.gpus <= num_gpus - gpus.size();
      const auto holding = allocator_->take(claim);
      ASSERT_EQ(holding.has_value(), fits) << machine << " step " << step;
      if (!holding) continue;
      ASSERT_EQ(holding->pus.size(), claim.cores);
      ASSERT_EQ(holding->gpus.size(), claim.gpus);
      for (const std::uint32_t pu : holding->pus) ASSERT_TRUE(pus.insert(pu).second) << machine << " step " << step;
      for (const std::uint32_t gpu : holding->gpus) ASSERT_TRUE(gpus.insert(gpu).second) << machine << " step " << step;
      ASSERT_EQ(groups(*holding, holding->level).size(), 1u);
      held.push_back(*holding);
      ASSERT_EQ(allocator_->num_free_cores(), num_pus - pus.size());
      ASSERT_EQ(allocator_->num_free_gpus(), num_gpus - gpus.size());
    }
    for (const Holding& holding : held) allocator_->give_back(holding);
    EXPECT_EQ(*allocator_->take({num_pus, num_gpus, Level::core}),
              *CpuAllocator(node_).take({num_pus, num_gpus, Level::core}));
  }
}

/// Against the definition: a level is widened only when no group of it has room.
TEST_F(Allocator, never_widens_a_level_without_need) {
  use("pack:2 numa:2 l3:2 core:3 pu:2");
  Random random(3);
  std::vector<Holding> held;
  std::vector<bool> is_free(node_.pus.size(), true);
  for (int step = 0; step < 2000; ++step) {
    if (!held.empty() && random.below(2) == 0) {
      allocator_->give_back(held.back());
      for (const std::uint32_t pu : held.back().pus) is_free[pu] = true;
      held.pop_back();
      if (!held.empty()) std::swap(held.back(), held[random.below(held.size())]);
    }
    const Claim claim{1 + static_cast<std::uint32_t>(random.below(8)), 0, Level::core};
    Level possible = Level::core;
    for (; possible < Level::node; possible = static_cast<Level>(static_cast<int>(possible) + 1)) {
      std::vector<std::uint32_t> free(node_.pus.size());
      for (std::size_t i = 0; i < node_.pus.size(); ++i)
        if (is_free[i]) ++free[group_of(node_.pus[i], possible)];
      if (*std::max_element(free.begin(), free.end()) >= claim.cores) break;
    }
    const auto holding = allocator_->take(claim);
    if (!holding) continue;
    EXPECT_EQ(holding->level, possible);
    for (const std::uint32_t pu : holding->pus) is_free[pu] = false;
    held.push_back(*holding);
  }
}

TEST(OsNumbers, are_what_the_operating_system_calls_a_holding) {
  Node node = synthetic("pack:2 [numa] core:2 pu:1 gpu:1", "n");
  for (Pu& pu : node.pus) pu.os_index += 10;
  const OsNumbers numbers = os_numbers_of(node, {{1, 2}, {1}, Level::node});
  EXPECT_THAT(numbers.cpus, ElementsAre(11, 12));
  EXPECT_THAT(numbers.numa_nodes, ElementsAre(0, 1));
  EXPECT_THAT(numbers.gpus, ElementsAre(1));
}

}  // namespace
}  // namespace fugle::topology
