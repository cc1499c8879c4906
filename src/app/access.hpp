// Who may look at a run: its owner, and the members of one group where that was asked for. Nobody but the owner
// controls it: commands and resume are the owner's alone. Knows rights of directories; what is in them gets the rights
// of the directory (base/file_rights.hpp).
#pragma once

#include <sys/types.h>

#include <boost/program_options.hpp>
#include <optional>
#include <string>

#include "app/arguments.hpp"

namespace fugle::app {

/// Default: the owner alone.
struct Access {
  std::optional<gid_t> group;  ///< whose members may read
};

/// Adds --group.
void add_group_option(boost::program_options::options_description& options);
/// --group, else FUGLE_GROUP: the name of a group, its number, or "read" for the group of this process. Throws
/// UsageError for a group there is not, or that we are not in.
[[nodiscard]] Access access_from(const Arguments& arguments);
[[nodiscard]] Access access_of(const std::string& word);

/// Makes the directory, with its parents (these as the umask says), with the rights of `access`: 0700, or 2750 and the
/// group. One that is there already stays as it is. Throws EnvironmentError.
void make_private_directory(const std::string& directory, const Access& access);
/// Whether all of the group may look into a directory.
[[nodiscard]] bool lets_in(const std::string& directory, gid_t group);

/// Owner of a run directory. Throws EnvironmentError when it cannot be looked at.
[[nodiscard]] uid_t owner_of(const std::string& run_dir);
/// The name of a user, or the number where it has none.
[[nodiscard]] std::string name_of_user(uid_t user);
/// For what only the owner may do, root not excepted (what it makes would be root's). Throws EnvironmentError:
/// "run R belongs to bob".
void expect_own(const std::string& run_dir);

}  // namespace fugle::app
