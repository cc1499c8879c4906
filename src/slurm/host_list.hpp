// Slurm's way to write the names of nodes: "n[1-3,7],gpu[01-04]" (slurm.conf(5), NodeName; scontrol(1), show
// hostnames).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fugle::slurm {

/// All names, in the order written; ranges keep leading zeros, and a name may have several of them ("r[1-2]n[1-4]").
/// Throws UsageError on what Slurm does not write, and on more than 1,000,000 names.
[[nodiscard]] std::vector<std::string> expand_host_list(std::string_view text);

/// The short form: neighbours that differ in their last number only become one range. expand_host_list() of it gives
/// `hosts` again.
[[nodiscard]] std::string compress_host_list(const std::vector<std::string>& hosts);

}  // namespace fugle::slurm
