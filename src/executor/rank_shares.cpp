// Who of the ranks of an attempt has which cores and GPUs: `rank_shares` of launcher.hpp.
#include <algorithm>
#include <tuple>

#include "executor/gpu_environment.hpp"
#include "executor/launcher.hpp"
#include "topology/nearness.hpp"

namespace fugle::executor {
namespace {

using scheduler::Place;

/// How far a GPU is from the first of the CPUs; all the same where they are not known.
std::uint32_t distance_of(std::uint32_t gpu, const std::vector<std::uint32_t>& cpus,
                          const std::vector<topology::Device>& gpus, const std::vector<topology::Pu>& pus) {
  const auto device = std::ranges::find(gpus, gpu, &topology::Device::index);
  if (device == gpus.end() || cpus.empty()) return 0;
  const auto pu = std::ranges::find(pus, cpus.front(), &topology::Pu::os_index);
  return pu == pus.end() ? 0 : topology::distance(*pu, *device);
}

/// Takes the nearest of those that are left.
std::vector<std::uint32_t> take_nearest(std::vector<std::uint32_t>& left, std::uint32_t count,
                                        const std::vector<std::uint32_t>& cpus,
                                        const std::vector<topology::Device>& gpus,
                                        const std::vector<topology::Pu>& pus) {
  std::ranges::stable_sort(left, {}, [&](std::uint32_t gpu) { return distance_of(gpu, cpus, gpus, pus); });
  const auto end = left.begin() + std::min<std::ptrdiff_t>(count, std::ssize(left));
  std::vector<std::uint32_t> taken(left.begin(), end);
  left.erase(left.begin(), end);
  std::ranges::sort(left);
  return taken;
}

RankShare::Variables variables_of(const std::vector<std::uint32_t>& taken, const scheduler::Launch& launch,
                                  const std::vector<topology::Device>& gpus,
                                  const std::vector<std::string>& shared_environment) {
  scheduler::Launch rank = launch;
  rank.place.gpus = taken;
  std::vector<std::string> entries;
  add_gpu_variables(entries, gpus, rank, shared_environment);
  RankShare::Variables variables;
  for (const std::string& entry : entries) {
    const std::size_t at = entry.find('=');
    variables.emplace_back(entry.substr(0, at), entry.substr(at + 1));
  }
  return variables;
}

RankShare share_of(const Place& place, std::uint32_t ranks, std::uint32_t most_ranks) {
  RankShare share;
  share.ranks = std::max(ranks, 1u);
  share.is_real = place.is_real;
  // Each node has room for as many ranks as the first one has.
  const std::ptrdiff_t per_rank = std::ssize(place.cpus) / most_ranks;
  share.cpus = place.cpus;
  if (per_rank > 0) share.cpus.resize(static_cast<std::size_t>(per_rank) * share.ranks);
  return share;
}

}  // namespace

std::vector<RankShare> rank_shares(const scheduler::Launch& launch, const std::string& host,
                                   const std::vector<topology::Device>& gpus, const std::vector<topology::Pu>& pus,
                                   const std::vector<std::string>& shared_environment) {
  const graph::Shape& shape = launch.task->shape;
  std::vector<scheduler::Member> nodes = launch.party;
  if (nodes.empty()) nodes.push_back({{}, host, launch.place});
  std::vector<RankShare> shares;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const Place& place = nodes[i].place;
    RankShare share = share_of(place, shape.ranks_on(i), std::max(shape.ranks_on(0), 1u));
    share.node = nodes[i].node;
    std::vector<std::uint32_t> left = place.gpus;
    for (std::uint32_t rank = 0; !place.gpus.empty() && rank < share.ranks; ++rank) {
      const auto seen = shape.gpus_per_rank == 0
                            ? place.gpus  // they share those of the node
                            : take_nearest(left, shape.gpus_per_rank, share.cpus_of(rank), gpus, pus);
      share.variables.push_back(variables_of(seen, launch, gpus, shared_environment));
    }
    shares.push_back(std::move(share));
  }
  return shares;
}

}  // namespace fugle::executor
