// Cuts a node into the parts of the ranks on it. Each rank does it for itself and all must come to the same parts, so
// everything here depends on the arguments alone.
#include <algorithm>
#include <tuple>

#include "base/assert.hpp"
#include "topology/nearness.hpp"
#include "topology/pu_groups.hpp"
#include "topology/topology.hpp"

namespace fugle::topology {
namespace {

/// An equal part of a number, remainders to the first.
std::uint64_t part_of(std::uint64_t whole, std::uint32_t index, std::uint32_t count) {
  return whole / count + (index < whole % count ? 1 : 0);
}

/// Where part `k` of `count` begins among the processing units.
std::size_t even_boundary(std::size_t num_pus, std::uint32_t k, std::uint32_t count) {
  const std::size_t least = num_pus / count, extra = num_pus % count;
  return k * least + std::min<std::size_t>(k, extra);
}

std::size_t next_core_boundary(const Node& node, std::size_t at) {
  while (at > 0 && at < node.pus.size() && node.pus[at].core == node.pus[at - 1].core) ++at;
  return at;
}

/// count + 1 boundaries of neighbouring units: between cores, unless somebody would get nothing.
std::vector<std::size_t> boundaries(const Node& node, std::uint32_t count) {
  std::vector<std::size_t> even(count + 1), whole(count + 1);
  for (std::uint32_t k = 0; k <= count; ++k) {
    even[k] = even_boundary(node.pus.size(), k, count);
    whole[k] = next_core_boundary(node, even[k]);
  }
  const bool all_get_some = std::adjacent_find(whole.begin(), whole.end()) == whole.end();
  return all_get_some ? whole : even;
}

struct Range {
  std::size_t begin, end;
};

std::vector<Range> parts_of_pus(const Node& node, std::uint32_t count) {
  std::vector<Range> parts;
  if (count > node.pus.size()) {
    for (std::uint32_t k = 0; k < count; ++k) {
      const std::size_t at = k * node.pus.size() / count;
      parts.push_back({at, at + 1});
    }
    return parts;
  }
  const std::vector<std::size_t> at = boundaries(node, count);
  for (std::uint32_t k = 0; k < count; ++k) parts.push_back({at[k], at[k + 1]});
  return parts;
}

/// Which part gets each GPU: nearest pairs first, as many to each part, and one more to some where they do not divide.
std::vector<std::uint32_t> owners_of_gpus(const Node& node, const std::vector<Range>& parts) {
  struct Pair {
    double distance;
    std::uint32_t part;
    std::uint32_t gpu;
  };
  std::vector<Pair> pairs;
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    for (std::uint32_t gpu = 0; gpu < node.gpus.size(); ++gpu) {
      std::uint32_t sum = 0;
      for (std::size_t i = parts[part].begin; i < parts[part].end; ++i) sum += distance(node.pus[i], node.gpus[gpu]);
      pairs.push_back({sum / static_cast<double>(parts[part].end - parts[part].begin), part, gpu});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tie(a.distance, a.part, a.gpu) < std::tie(b.distance, b.part, b.gpu);
  });
  const std::size_t least = node.gpus.size() / parts.size();
  std::size_t extra = node.gpus.size() % parts.size();
  std::vector<std::size_t> held(parts.size());
  std::vector<std::uint32_t> owner(node.gpus.size(), kNoGroup);
  for (const Pair& pair : pairs) {
    if (owner[pair.gpu] != kNoGroup || held[pair.part] > least) continue;
    if (held[pair.part] == least && extra == 0) continue;
    if (held[pair.part] == least) --extra;
    owner[pair.gpu] = pair.part;
    ++held[pair.part];
  }
  return owner;
}

/// The place of a device in the groups of a part, of which it may be outside.
Device seen_from(const Node& part, const Node& whole, const Range& range, Device device) {
  const Device before = device;
  device.numa = device.package = kNoGroup;
  for (std::size_t i = 0; i < part.pus.size(); ++i) {
    const Pu& old = whole.pus[range.begin + i];
    if (old.numa == before.numa) device.numa = part.pus[i].numa;
    if (old.package == before.package) device.package = part.pus[i].package;
  }
  return device;
}

}  // namespace

Node share_of(const Node& node, std::uint32_t local_index, std::uint32_t num_local) {
  FUGLE_EXPECT(local_index < num_local);
  if (num_local == 1 || node.pus.empty()) return node;
  const std::vector<Range> parts = parts_of_pus(node, num_local);
  const Range range = parts[local_index];
  Node share = node;
  const std::vector<MachinePu> all = machine_pus(node);
  set_pus(share, {all.begin() + static_cast<std::ptrdiff_t>(range.begin),
                  all.begin() + static_cast<std::ptrdiff_t>(range.end)});
  share.mem_bytes = part_of(node.mem_bytes, local_index, num_local);
  if (share.whole_mem_bytes == 0) share.whole_mem_bytes = node.mem_bytes;
  const std::vector<std::uint32_t> owner = owners_of_gpus(node, parts);
  share.gpus.clear();
  for (std::size_t gpu = 0; gpu < node.gpus.size(); ++gpu)
    if (owner[gpu] == local_index) share.gpus.push_back(seen_from(share, node, range, node.gpus[gpu]));
  for (Device& nic : share.nics) nic = seen_from(share, node, range, nic);
  return share;
}

}  // namespace fugle::topology
