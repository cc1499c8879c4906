// Commands to a living head from another shell: small files dropped into the run directory's control/, taken by the
// head within a second. No port, no daemon. A command is one file with the lines "verb", element (may be empty), who.
#pragma once

#include <string>
#include <vector>

namespace fugle::app {

struct ControlCommand {
  std::string verb;     ///< "cancel"
  std::string element;  ///< empty: the whole run
  std::string who;      ///< "user@host"
};

/// Returns the path of the file; the head removes it when it acts. Throws EnvironmentError.
std::string drop_command(const std::string& run_dir, const ControlCommand& command);

/// Takes all commands there are, oldest first, removing their files.
[[nodiscard]] std::vector<ControlCommand> take_commands(const std::string& run_dir);

}  // namespace fugle::app
