// Where Slurm says a node hangs in the tree of switches.
#pragma once

#include <string>
#include <string_view>

namespace fugle::topology {

/// "s0.s4" of SLURM_TOPOLOGY_ADDR "s0.s4.node7" with SLURM_TOPOLOGY_ADDR_PATTERN "switch.switch.node": all before the
/// node, whose name may hold dots itself. Without a pattern all but the last part. Empty when there is no tree.
[[nodiscard]] std::string switch_path_of(std::string_view address, std::string_view pattern);

}  // namespace fugle::topology
