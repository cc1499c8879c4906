// Commands to a living head from another shell: small files dropped into the run directory's control/, taken by the
// head within a second. No port, no daemon. Only the owner of the run (and root) may command it: control/ is theirs
// alone, and a file of anybody else, or one that is no plain small file, is set aside and told of once.
//
// A command is one file of three lines: verb, element (empty: the whole run), who. Newlines and backslashes in them are
// written "\n" and "\\".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fugle::app {

struct ControlCommand {
  std::string verb;     ///< "cancel"
  std::string element;  ///< empty: the whole run
  std::string who;      ///< "user@host"
  bool operator==(const ControlCommand&) const = default;
};

[[nodiscard]] std::string encode_command(const ControlCommand& command);
/// nullopt: not what encode_command() makes.
[[nodiscard]] std::optional<ControlCommand> decode_command(std::string_view text);

/// Whether this user may command the run: its owner and root. Throws EnvironmentError: "run R belongs to bob".
void expect_control(const std::string& run_dir);

/// Returns the path of the file; the head removes it when it acts. Throws EnvironmentError, also when the run is not
/// ours to command.
std::string drop_command(const std::string& run_dir, const ControlCommand& command);

/// Waits until the head has taken the command. `no_head`: nobody holds the run, and the file stays for the next head.
/// Throws EnvironmentError, the file removed, when a living head does not take it within ten seconds.
enum class Taken : std::uint8_t { taken, no_head };
[[nodiscard]] Taken wait_until_taken(const std::string& run_dir, const std::string& path);

/// Takes all commands there are, oldest first, removing their files. What is no command of the owner or root is renamed
/// to "<name>.refused", with one line on standard error.
[[nodiscard]] std::vector<ControlCommand> take_commands(const std::string& run_dir);

}  // namespace fugle::app
