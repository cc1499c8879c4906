// The partitions of the cluster as sinfo tells them (sinfo(1)): what nodes they have, what one job may ask for. Used to
// size a job and to refuse tasks that fit on no node; where sinfo says nothing, nothing is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace fugle::app {

/// Nodes of one kind in one partition.
struct NodeGroup {
  std::string partition;
  bool is_default = false;
  std::uint32_t nodes = 0;
  std::uint32_t cpus = 0;  ///< of each node
  std::uint64_t mem_bytes = 0;
  std::uint32_t gpus = 0;
  std::optional<Duration> max_time;        ///< nothing: no limit
  std::optional<std::uint32_t> max_nodes;  ///< of a job; the same
};

[[nodiscard]] std::vector<std::string> sinfo_command();
/// Lines that can not be read are left out.
[[nodiscard]] std::vector<NodeGroup> parse_sinfo(std::string_view output);
/// Asks once, for some seconds at most; empty: no answer.
[[nodiscard]] std::vector<NodeGroup> ask_for_partitions();

/// Those of the partition ("a,b": of both); an empty name: of the default one.
[[nodiscard]] std::vector<NodeGroup> groups_of(const std::vector<NodeGroup>& all, std::string_view partition);

}  // namespace fugle::app
