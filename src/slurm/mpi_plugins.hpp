// How Slurm's srun can start MPI programs: what `srun --mpi=list` says (srun(1)). Text in, names out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fugle::slurm {

/// It asks no daemon, and writes to stdout or stderr as the version likes.
[[nodiscard]] std::vector<std::string> command_for_mpi_plugins();
/// "pmix", "none", "pmi2", "pmix_v4", ...: what --mpi= takes.
[[nodiscard]] std::vector<std::string> parse_mpi_plugins(std::string_view output);
/// Whether there is one that Open MPI and other MPIs of today speak to.
[[nodiscard]] bool has_pmix(const std::vector<std::string>& plugins);

}  // namespace fugle::slurm
