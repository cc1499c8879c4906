#include "app/allocation.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "app/surroundings.hpp"
#include "base/codec.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "slurm/grant.hpp"
#include "topology/cluster.hpp"
#include "workflow/scalar.hpp"

namespace fugle::app {
namespace {

constexpr std::uint32_t kMostNodes = 1'000'000;
constexpr std::string_view kTopology = "topology=";

[[noreturn]] void refuse(std::string_view part) {
  throw UsageError(fmt::format(
      "'--alloc': cannot read '{}' (wanted: nodes=N,cores=C,mem=SIZE,gpus=G,topology=FILE.xml); try nodes=4,cores=16",
      part));
}

std::uint32_t parse_count(std::string_view text, std::uint32_t least, std::string_view part) {
  std::uint32_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc{} || end != text.data() + text.size() || count < least || count > kMostNodes) refuse(part);
  return count;
}

/// "8" or "1..512".
std::vector<std::uint32_t> parse_node_counts(std::string_view text, std::string_view part) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return {parse_count(text, 1, part)};
  const std::uint32_t first = parse_count(text.substr(0, dots), 1, part);
  const std::uint32_t last = parse_count(text.substr(dots + 2), first, part);
  std::vector<std::uint32_t> counts;
  for (std::uint32_t count = first; count < last; count *= 2) counts.push_back(count);
  counts.push_back(last);
  return counts;
}

std::uint64_t parse_memory(std::string_view text, std::string_view part) {
  workflow::Diagnostics diagnostics("command line");
  const auto size = workflow::parse_size(text, {}, diagnostics);
  if (!size)
    throw UsageError(
        fmt::format("'--alloc': cannot read '{}' ({}); try mem=64G", part, diagnostics.all().front().text));
  return size->bytes;
}

topology::Node read_topology(std::string_view text) {
  const std::string description(text);
  if (description.empty()) refuse(kTopology);
  try {
    return description.ends_with(".xml") ? topology::from_xml(description, "n1")
                                         : topology::synthetic(description, "n1");
  } catch (const Error& error) {
    throw UsageError(fmt::format("'--alloc': {}", error.what()));
  }
}

/// What the parts say, before it is put together.
struct Said {
  std::vector<std::uint32_t> node_counts{1};
  std::optional<std::uint32_t> cores;
  std::optional<std::uint64_t> mem_bytes;
  std::optional<std::uint32_t> gpus;
  std::optional<topology::Node> topology;
};

void read_part(std::string_view part, Said& said) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) refuse(part);
  const std::string_view key = part.substr(0, equals), value = part.substr(equals + 1);
  if (key == "nodes")
    said.node_counts = parse_node_counts(value, part);
  else if (key == "cores")
    said.cores = parse_count(value, 1, part);
  else if (key == "mem")
    said.mem_bytes = parse_memory(value, part);
  else if (key == "gpus")
    said.gpus = parse_count(value, 0, part);
  else
    refuse(part);
}

/// As many as wanted, spread evenly over the NUMA nodes; those that are there are replaced.
void set_gpus(topology::Node& node, std::uint32_t count) {
  if (node.gpus.size() == count) return;
  node.gpus.clear();
  const auto num_numa = static_cast<std::uint32_t>(std::max<std::size_t>(node.numa_nodes.size(), 1));
  for (std::uint32_t i = 0; i < count; ++i) {
    topology::Device gpu;
    gpu.name = fmt::format("gpu{}", i);
    gpu.index = i;
    gpu.numa = static_cast<std::uint32_t>(std::uint64_t{i} * num_numa / count);
    for (const topology::Pu& pu : node.pus)
      if (pu.numa == gpu.numa) gpu.package = pu.package;
    node.gpus.push_back(std::move(gpu));
  }
}

topology::Node node_of(const Said& said, const topology::Node& here) {
  if (!said.topology && said.cores && *said.cores != here.num_cores())
    return topology::uniform("n1", *said.cores, said.mem_bytes.value_or(here.mem_bytes),
                             said.gpus.value_or(static_cast<std::uint32_t>(here.gpus.size())));
  topology::Node node = said.topology.value_or(here);
  if (said.cores && *said.cores != node.num_cores())
    throw UsageError(fmt::format("'--alloc': cores={} is not what the topology has ({}); leave cores= out", *said.cores,
                                 node.num_cores()));
  node.is_real = false;
  node.switch_path.clear();
  if (said.mem_bytes) node.mem_bytes = *said.mem_bytes;
  if (said.gpus) set_gpus(node, *said.gpus);
  return node;
}

plan::Slot slot_of(const topology::Node& part, std::uint32_t cores) {
  return {cores, part.mem_bytes, static_cast<std::uint32_t>(part.gpus.size())};
}

/// Where a site counts cores as CPUs and each has several threads, all threads are seen: the first of each core is
/// taken.
topology::Node one_of_each_core_where_granted(const topology::Node& here, const Granted& granted) {
  topology::Node node = here;
  if (granted.cores == 0 || here.num_cores() == granted.cores ||
      here.num_groups(topology::Level::core) != granted.cores)
    return node;
  std::uint32_t last = topology::kNoGroup;
  std::erase_if(node.pus, [&](const topology::Pu& pu) { return std::exchange(last, pu.core) == pu.core; });
  return node;
}

/// Bound to a part of what is granted to all ranks here (srun --cpu-bind). Where the whole machine has fewer CPUs than
/// it is said to have, seeing few means nothing.
bool sees_its_own_cpus(const topology::Node& seen, const Granted& granted, std::uint32_t num_local) {
  const bool is_pretended = granted.cpus_online > 0 && granted.cpus_online < granted.cores;
  return !is_pretended && seen.num_cores() < granted.cores &&
         seen.num_cores() <= (granted.cores + num_local - 1) / num_local;
}

/// Never more than was seen.
void limit_memory(topology::Node& part, std::uint64_t mem_bytes, std::uint32_t num_local) {
  part.mem_bytes = std::min(part.mem_bytes, mem_bytes / num_local);
  if (part.whole_mem_bytes > 0) part.whole_mem_bytes = std::min(part.whole_mem_bytes, mem_bytes);
}

std::uint32_t cores_of_attempt() {
  const char* text = std::getenv("FUGLE_CORES");
  std::uint32_t cores = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), cores);
  return cores;
}

}  // namespace

Allocation parse_allocation(std::string_view text, const topology::Node& here) {
  Said said;
  const bool starts_with_it = text.starts_with(kTopology);
  const std::size_t comma = starts_with_it ? 0 : text.find(fmt::format(",{}", kTopology));
  if (comma != std::string_view::npos) {
    said.topology = read_topology(text.substr(comma + kTopology.size() + (starts_with_it ? 0 : 1)));
    text = text.substr(0, comma);
  }
  if (!text.empty() || !said.topology)
    for (const std::string_view part : split(text, ',')) read_part(part, said);
  return {said.node_counts, node_of(said, here)};
}

Workers described_workers(const Allocation& allocation, std::uint32_t num_nodes) {
  Workers workers;
  workers.parts.assign(num_nodes, allocation.node);
  for (std::uint32_t i = 0; i < num_nodes; ++i) workers.parts[i].name = fmt::format("n{}", i + 1);
  workers.machine.workers.assign(num_nodes, slot_of(allocation.node, allocation.node.num_cores()));
  return workers;
}

std::string encode(const RankPart& part) {
  ByteWriter out;
  out.put(part.cores);
  out.put(part.may_bind);
  out.put(topology::encode_node(part.part));
  return out.take();
}

RankPart decode_rank_part(std::string_view bytes) {
  ByteReader in(bytes);
  const auto cores = in.get<std::uint32_t>();
  const auto may_bind = in.get<bool>();
  return {cores, may_bind, topology::decode_node(in.get<std::string>())};
}

RankPart part_of_rank(const topology::Node& here, std::uint32_t local_index, std::uint32_t num_local,
                      std::uint32_t cores) {
  RankPart rank{cores, true, topology::share_of(here, local_index, num_local)};
  if (cores == 0) rank.cores = rank.part.num_cores();
  rank.may_bind = num_local <= here.num_cores() && rank.cores <= rank.part.num_cores();
  return rank;
}

RankPart part_in_job(const topology::Node& here, const Granted& granted, std::uint32_t local_index,
                     std::uint32_t num_local, std::uint32_t cores) {
  const topology::Node seen = one_of_each_core_where_granted(here, granted);
  const bool is_ours_alone = sees_its_own_cpus(seen, granted, num_local);
  RankPart rank{cores, true, topology::share_of(seen, local_index, num_local)};
  if (is_ours_alone) {
    const std::uint64_t mem_bytes = rank.part.mem_bytes, whole_mem_bytes = rank.part.whole_mem_bytes;
    rank.part = seen;
    rank.part.mem_bytes = mem_bytes;
    rank.part.whole_mem_bytes = whole_mem_bytes;
  }
  if (granted.has_own_gpus) rank.part.gpus = here.gpus;
  if (granted.mem_bytes) limit_memory(rank.part, *granted.mem_bytes, num_local);
  const std::uint32_t share = granted.cores == 0 || is_ours_alone
                                  ? rank.part.num_cores()
                                  : granted.cores / num_local + (local_index < granted.cores % num_local ? 1 : 0);
  if (cores == 0) rank.cores = std::max(share, 1U);
  // More is seen than granted: the rest is somebody else's, and which it is, is not known.
  const bool is_all_ours = granted.cores == 0 || is_ours_alone || seen.num_cores() <= granted.cores;
  rank.may_bind =
      is_all_ours && (is_ours_alone || num_local <= seen.num_cores()) && rank.cores <= rank.part.num_cores();
  return rank;
}

Granted granted_here() {
  Granted granted;
  granted.cpus_online = static_cast<std::uint32_t>(std::max(0L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  if (look_around().is_inside_attempt) {
    granted.cores = cores_of_attempt();
    return granted;
  }
  if (const auto grant = slurm::grant_on_this_node()) {
    granted.cores = grant->cpus;
    granted.mem_bytes = grant->mem_bytes;
    granted.has_own_gpus = grant->has_gpus_per_task;
  }
  return granted;
}

Workers workers_of_ranks(const std::vector<RankPart>& ranks) {
  Workers workers;
  for (const RankPart& rank : ranks) {
    workers.parts.push_back(rank.part);
    workers.machine.workers.push_back(rank.cores > 0 ? slot_of(rank.part, rank.cores) : plan::Slot{0, 0, 0});
  }
  const topology::Cluster cluster = topology::merge(workers.parts);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (!ranks[i].may_bind) workers.parts[i].pus.clear();
  workers.machine.node_of = cluster.node_of_rank;
  workers.machine.switch_of = cluster.switch_of_node;
  return workers;
}

Workers workers_here(const topology::Node& here, std::uint32_t num_ranks, std::uint32_t cores_per_rank) {
  std::vector<RankPart> ranks;
  for (std::uint32_t i = 0; i < num_ranks; ++i) ranks.push_back(part_of_rank(here, i, num_ranks, cores_per_rank));
  return workers_of_ranks(ranks);
}

}  // namespace fugle::app
