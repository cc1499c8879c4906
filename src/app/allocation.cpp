#include "app/allocation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/codec.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
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
