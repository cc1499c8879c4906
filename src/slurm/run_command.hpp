// Runs a command to its end, within a time, and keeps what it said. For processes that may fork; one that may not has
// Errands do it. Knows nothing of what the commands are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace fugle::slurm {

/// What a command said.
struct Answer {
  std::uint64_t ticket = 0;  ///< of Errands::ask
  /// 128 + N: ended by signal N; 127: there is no such program; 126: it may not be run; 125: it could not be started,
  /// or how it ended was not seen; 124: not ended within the limit, and killed with its children.
  int exit_code = 0;
  std::string output;     ///< stdout, the first 1 MiB
  std::string complaint;  ///< stderr, the first 64 KiB
  [[nodiscard]] bool is_good() const { return exit_code == 0; }
};

/// argv[0] is looked for in PATH. It runs in a session of its own with the environment of this process, `input` as its
/// stdin, no descriptors of ours and all signals as they are by default. Safe where there are threads.
[[nodiscard]] Answer run_command(const std::vector<std::string>& argv, Duration limit, const std::string& input = {});

/// The same for `owner`, a socket. Nothing: its other end was closed meanwhile; the command was killed.
[[nodiscard]] std::optional<Answer> run_command_for(int owner, const std::vector<std::string>& argv, Duration limit);

}  // namespace fugle::slurm
