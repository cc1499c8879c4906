#include "topology/cpu_allocator.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/assert.hpp"
#include "topology/nearness.hpp"

namespace fugle::topology {
namespace {

constexpr std::array kLevels{Level::core, Level::l3, Level::numa, Level::package, Level::node};

Level wider_than(Level level) { return static_cast<Level>(static_cast<std::uint8_t>(level) + 1); }
Level narrower_than(Level level) { return static_cast<Level>(static_cast<std::uint8_t>(level) - 1); }

}  // namespace

CpuAllocator::CpuAllocator(const Node& node) : pus_(node.pus), pu_is_free_(node.pus.size(), true) {
  for (const Level level : kLevels) {
    auto& groups = levels_[static_cast<std::size_t>(level)];
    groups.resize(std::max(1u, node.num_groups(level)));
    for (std::uint32_t i = 0; i < pus_.size(); ++i) {
      const Pu& pu = pus_[i];
      Group& g = groups[group_of(pu, level)];
      const std::uint32_t wider = level == Level::node ? 0 : group_of(pu, wider_than(level));
      FUGLE_EXPECT(g.size == 0 || g.wider == wider, "groups of a node must nest");
      g.wider = wider;
      g.free_whole = g.free = ++g.size;
      if (level <= Level::numa) g.numa = pu.numa;
      if (level <= Level::package) g.package = pu.package;
      if (level == Level::core) g.children.push_back(i);
    }
    auto& numbers = all_[static_cast<std::size_t>(level)];
    numbers.resize(groups.size());
    std::iota(numbers.begin(), numbers.end(), 0u);
  }
  for (const Level level : {Level::core, Level::l3, Level::numa, Level::package})
    for (const std::uint32_t number : all_[static_cast<std::size_t>(level)])
      group(wider_than(level), group(level, number).wider).children.push_back(number);
  for (const Group& core : levels_[0]) units_per_core_ = std::max(units_per_core_, core.size);
  for (const Device& device : node.gpus) gpus_.push_back({device});
  num_free_gpus_ = static_cast<std::uint32_t>(gpus_.size());
}

std::optional<Holding> CpuAllocator::take(const Claim& claim) {
  if (claim.cores > num_free_cores() || claim.gpus > num_free_gpus_) return std::nullopt;
  look_at_gpus(claim.gpus);
  Holding holding;
  for (Level level = claim.within;; level = wider_than(level)) {
    const std::uint32_t best = best_fit(level, all_[static_cast<std::size_t>(level)], claim.cores);
    if (best == kNoGroup) continue;  // the node fits
    take_from(level, best, claim.cores, holding.pus);
    break;
  }
  std::sort(holding.pus.begin(), holding.pus.end());
  holding.gpus = take_nearest_gpus(holding.pus, claim.gpus);
  holding.level = narrowest_around(holding.pus);
  return holding;
}

void CpuAllocator::give_back(const Holding& holding) {
  for (const std::uint32_t pu : holding.pus) set_free(pu, true);
  for (const std::uint32_t gpu : holding.gpus) {
    FUGLE_EXPECT(!gpus_[gpu].is_free, "a GPU is given back that nobody holds");
    gpus_[gpu].is_free = true;
    ++num_free_gpus_;
  }
}

void CpuAllocator::look_at_gpus(std::uint32_t claimed) {
  claimed_gpus_ = claimed;
  if (gpus_.empty()) return;
  const auto view = [&](std::uint32_t numa, std::uint32_t package) {
    std::array<std::uint32_t, 3> num_at{};
    for (const Gpu& gpu : gpus_)
      if (gpu.is_free) ++num_at[distance(numa, package, gpu.device)];
    GpuView out{0, num_at[0]};
    std::uint32_t left = claimed;
    for (std::uint32_t far = 0; far < num_at.size(); ++far) {
      const std::uint32_t some = std::min(left, num_at[far]);
      out.cost += some * far;
      left -= some;
    }
    return out;
  };
  from_numa_.clear();
  from_package_.clear();
  for (const Group& numa : levels_[static_cast<std::size_t>(Level::numa)])
    from_numa_.push_back(view(numa.numa, numa.package));
  for (const Group& package : levels_[static_cast<std::size_t>(Level::package)])
    from_package_.push_back(view(kNoGroup, package.package));
}

CpuAllocator::GpuView CpuAllocator::view_from(const Group& group) const {
  if (gpus_.empty()) return {};
  if (group.numa != kNoGroup) return from_numa_[group.numa];
  if (group.package != kNoGroup) return from_package_[group.package];
  return {};
}

CpuAllocator::Key CpuAllocator::key_of(Level level, const Group& group, std::uint32_t count) const {
  const GpuView gpus = view_from(group);
  Key key{};
  std::size_t at = 0;
  key[at++] = gpus.cost;
  key[at++] = group.free_whole < count / units_per_core_ * units_per_core_ ? 1 : 0;
  for (const Group* around = &group; level < Level::node; level = wider_than(level)) {
    key[at++] = around->free;
    around = &this->group(wider_than(level), around->wider);
  }
  key.back() = claimed_gpus_ == 0 ? gpus.beside : 0;
  return key;
}

std::uint32_t CpuAllocator::best_fit(Level level, const std::vector<std::uint32_t>& numbers,
                                     std::uint32_t count) const {
  std::uint32_t best = kNoGroup;
  Key best_key{};
  for (const std::uint32_t number : numbers) {
    const Group& candidate = group(level, number);
    if (candidate.free < count) continue;
    const Key key = key_of(level, candidate, count);
    if (best != kNoGroup && !(key < best_key)) continue;
    best = number;
    best_key = key;
  }
  return best;
}

/// With the nearest GPUs, then with most units free.
std::uint32_t CpuAllocator::largest(Level level, const std::vector<std::uint32_t>& numbers) const {
  std::uint32_t best = kNoGroup;
  for (const std::uint32_t number : numbers) {
    const Group& candidate = group(level, number);
    if (candidate.free == 0) continue;
    if (best != kNoGroup) {
      const std::uint32_t cost = view_from(candidate).cost, best_cost = view_from(group(level, best)).cost;
      if (cost > best_cost || (cost == best_cost && candidate.free <= group(level, best).free)) continue;
    }
    best = number;
  }
  return best;
}

void CpuAllocator::take_from(Level level, std::uint32_t number, std::uint32_t count, std::vector<std::uint32_t>& pus) {
  const Group& from = group(level, number);
  if (level == Level::core) return take_units(from, count, pus);
  if (level == Level::l3) return take_cores(from, count, pus);
  const Level below = narrower_than(level);
  while (count > 0) {
    std::uint32_t child = best_fit(below, from.children, count);
    if (child == kNoGroup) child = largest(below, from.children);
    const std::uint32_t part = std::min(count, group(below, child).free);
    take_from(below, child, part, pus);
    count -= part;
  }
}

/// Cores that are taken as they are, from the freest on; what is left comes from the core it leaves least of.
void CpuAllocator::take_cores(const Group& l3, std::uint32_t count, std::vector<std::uint32_t>& pus) {
  for (std::uint32_t free = units_per_core_; free > 0; --free) {
    for (const std::uint32_t number : l3.children) {
      const Group& core = group(Level::core, number);
      if (count < free) break;
      if (core.free != free) continue;
      take_units(core, free, pus);
      count -= free;
    }
  }
  if (count > 0) take_units(group(Level::core, best_fit(Level::core, l3.children, count)), count, pus);
}

void CpuAllocator::take_units(const Group& core, std::uint32_t count, std::vector<std::uint32_t>& pus) {
  for (const std::uint32_t pu : core.children) {
    if (count == 0) return;
    if (!pu_is_free_[pu]) continue;
    set_free(pu, false);
    pus.push_back(pu);
    --count;
  }
}

/// Keeps the counts of all groups around the unit.
void CpuAllocator::set_free(std::uint32_t pu, bool is_free) {
  FUGLE_EXPECT(pu_is_free_[pu] != is_free, "a processing unit is given twice");
  pu_is_free_[pu] = is_free;
  const Group& core = group(Level::core, pus_[pu].core);
  // Its units count as whole until the first is taken, and again when the last is back.
  const std::uint32_t free_after = is_free ? core.free + 1 : core.free - 1;
  const bool turns_whole = is_free && free_after == core.size;
  const bool turns_broken = !is_free && core.free == core.size;
  const std::uint32_t size = core.size;
  for (const Level level : kLevels) {
    Group& around = group(level, group_of(pus_[pu], level));
    is_free ? ++around.free : --around.free;
    if (turns_whole) around.free_whole += size;
    if (turns_broken) around.free_whole -= size;
  }
}

std::vector<std::uint32_t> CpuAllocator::take_nearest_gpus(const std::vector<std::uint32_t>& pus, std::uint32_t count) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> by_distance;
  if (count == 0) return {};
  for (std::uint32_t number = 0; number < gpus_.size(); ++number) {
    if (!gpus_[number].is_free) continue;
    std::uint32_t sum = 0;
    for (const std::uint32_t pu : pus) sum += distance(pus_[pu], gpus_[number].device);
    by_distance.emplace_back(sum, number);
  }
  std::sort(by_distance.begin(), by_distance.end());
  std::vector<std::uint32_t> nearest;
  for (std::uint32_t i = 0; i < count; ++i) {
    nearest.push_back(by_distance[i].second);
    gpus_[nearest.back()].is_free = false;
  }
  num_free_gpus_ -= count;
  return nearest;
}

Level CpuAllocator::narrowest_around(const std::vector<std::uint32_t>& pus) const {
  const auto holds_all = [&](Level level) {
    return std::all_of(pus.begin(), pus.end(), [&](std::uint32_t pu) {
      return group_of(pus_[pu], level) == group_of(pus_[pus.front()], level);
    });
  };
  return *std::find_if(kLevels.begin(), kLevels.end(), holds_all);
}

OsNumbers os_numbers_of(const Node& node, const Holding& holding) {
  OsNumbers numbers;
  for (const std::uint32_t pu : holding.pus) {
    numbers.cpus.push_back(node.pus[pu].os_index);
    if (node.pus[pu].numa < node.numa_nodes.size())
      numbers.numa_nodes.push_back(node.numa_nodes[node.pus[pu].numa].os_index);
  }
  for (auto* list : {&numbers.cpus, &numbers.numa_nodes}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  for (const std::uint32_t gpu : holding.gpus) numbers.gpus.push_back(node.gpus[gpu].index);
  return numbers;
}

}  // namespace fugle::topology
