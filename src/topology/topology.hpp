// The machine as data: what this process may use on this node, down to the processing unit, with memory, GPUs and
// network cards and what they are near to. Discovered with hwloc, from a synthetic description or from a file; the
// same data type in each case, with no hwloc in it. Knows nothing of ranks, leases or tasks.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::topology {

/// What the levels of a machine are called, narrow to wide.
enum class Level : std::uint8_t { core, l3, numa, package, node };
inline constexpr std::size_t kNumLevels = 5;
[[nodiscard]] const char* name_of(Level level);  ///< "core", "l3", "numa", "package", "node"

/// Of a device that is equally near to all groups of a level.
inline constexpr std::uint32_t kNoGroup = std::numeric_limits<std::uint32_t>::max();

/// A processing unit (hardware thread) and the groups it is in. The groups are numbered 0, 1, ... per level over the
/// node and nest: PUs of one core are in one L3 group, those of one L3 group in one NUMA group, and so on. Where the
/// machine has no such level, or one that spans several groups of the next wider, there is one group for each of those.
struct Pu {
  std::uint32_t os_index = 0;  ///< as in sched_setaffinity(2)
  std::uint32_t core = 0;
  std::uint32_t l3 = 0;
  std::uint32_t numa = 0;
  std::uint32_t package = 0;
  bool operator==(const Pu&) const = default;
};
/// The number of its group; 0 at Level::node.
[[nodiscard]] std::uint32_t group_of(const Pu& pu, Level level);

struct NumaNode {
  std::uint32_t os_index = 0;  ///< as in set_mempolicy(2); two groups share it where it spans packages
  std::uint64_t mem_bytes = 0;
  bool operator==(const NumaNode&) const = default;
};

/// A GPU or network card.
struct Device {
  std::string name;         ///< "cuda0", "rsmi1", "ze0", "mlx5_0", "eth0"; else its PCI address
  std::string vendor;       ///< "nvidia", "amd", "intel", "mellanox", else as hwloc says; may be empty
  std::uint32_t index = 0;  ///< among the GPUs (or cards) of the node, in PCI order; it keeps it when some are not ours
  std::uint32_t numa = 0;   ///< group it is nearest to; kNoGroup: to none more than to others
  std::uint32_t package = 0;
  std::string visible_as{};  ///< what its vendor's library calls it (CUDA_VISIBLE_DEVICES): "3"; empty: its index
  bool operator==(const Device&) const = default;
};

/// The groups' numbers on the whole machine, of which a Node may be a part: by these the parts of several ranks are put
/// together again. Empty: the same numbers.
struct GroupNumbers {
  std::vector<std::uint32_t> cores;     ///< [core]
  std::vector<std::uint32_t> l3s;       ///< [l3]
  std::vector<std::uint32_t> packages;  ///< [package]
  bool operator==(const GroupNumbers&) const = default;
};

struct Node {
  std::string name;     ///< host name
  std::vector<Pu> pus;  ///< that may be used (cpuset and cgroup respected), in topological order; never empty
  std::vector<NumaNode> numa_nodes;  ///< [numa]
  std::vector<Device> gpus;
  std::vector<Device> nics;
  std::uint64_t mem_bytes = 0;        ///< smallest of hwloc's total, MemTotal and the cgroup's limit
  std::string switch_path;            ///< "s0.s4": Slurm's switches above the node, widest first; empty: not known
  bool is_real = true;                ///< false for a stand-in: then nothing can be bound to it
  bool has_l3 = true;                 ///< false: l3 groups are those of numa
  bool has_numa = true;               ///< false: the machine is one NUMA node or none; numa is that of packages
  std::uint64_t whole_mem_bytes = 0;  ///< of the node whose part this is (see share_of); 0: not known
  GroupNumbers whole_numbers{};

  /// What a task's `cores` count: processing units, as Slurm's -c does.
  [[nodiscard]] std::uint32_t num_cores() const { return static_cast<std::uint32_t>(pus.size()); }
  [[nodiscard]] std::uint32_t num_groups(Level level) const;
  bool operator==(const Node&) const = default;
};

/// This node; HWLOC_SYNTHETIC and HWLOC_XMLFILE describe another in its place. GPUs are those that
/// CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES and ZE_AFFINITY_MASK leave us. The switches come from
/// SLURM_TOPOLOGY_ADDR. Throws EnvironmentError when hwloc fails.
[[nodiscard]] Node discover();
/// From an hwloc synthetic description, e.g. "pack:2 numa:1(memory=1073741824) core:4 pu:1"; the short names pack, l3
/// are understood, "pu:1" may be left out, `gpu:N` at the end (ours) puts N GPUs in each package, spread over its NUMA
/// nodes. Throws EnvironmentError when it is not understood.
[[nodiscard]] Node synthetic(const std::string& description, const std::string& name);
/// From an XML file of hwloc (`lstopo --of xml`). Throws EnvironmentError.
[[nodiscard]] Node from_xml(const std::string& file, const std::string& name);
/// Any number of equal processing units under one package and NUMA node: what `--alloc cores=64` stands for.
[[nodiscard]] Node uniform(const std::string& name, std::uint32_t cores, std::uint64_t mem_bytes, std::uint32_t gpus);

/// The part of a node that rank `local_index` of `num_local` ranks on it takes: neighbouring processing units (whole
/// cores unless there are fewer cores than ranks), with the GPUs nearest to them, an equal share of memory; remainders
/// to the first ranks. Parts are disjoint and together the node. At least one PU each, shared when there are more ranks
/// than PUs. Network cards are everybody's.
[[nodiscard]] Node share_of(const Node& node, std::uint32_t local_index, std::uint32_t num_local);

/// Bytes for a message between ranks, and back. A round trip is the identity. decode_node() throws EnvironmentError on
/// bytes that encode_node() did not make.
[[nodiscard]] std::string encode_node(const Node& node);
[[nodiscard]] Node decode_node(std::string_view bytes);

/// "2.9.0": of the library in use.
[[nodiscard]] std::string hwloc_version();

/// "0-3,8": sorted numbers as Linux writes lists of CPUs; each once.
[[nodiscard]] std::string list_text(std::vector<std::uint32_t> numbers);

}  // namespace fugle::topology
