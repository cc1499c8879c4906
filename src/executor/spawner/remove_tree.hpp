// Removes directories that were given to tasks, whatever the tasks made of them: symbolic links are removed and never
// followed, directories that forbid it are opened up first, other file systems that were mounted inside stay, and a
// tree may be deeper than there are descriptors. Run as a program of its own (`fugle-spawner --remove PATH`) where a
// large tree must not hold up the spawner's loop; as a child it can be killed when a file system hangs, a thread can
// not.
#pragma once

#include <string>

namespace fugle::spawner {

// How a spawner starts them: kOwnProgram --remove PATH, kOwnProgram --remove-leftovers FOLDER BEGINNING.
inline constexpr const char* kOwnProgram = "/proc/self/exe";
inline constexpr const char* kRemove = "--remove";
inline constexpr const char* kRemoveLeftovers = "--remove-leftovers";

/// 0 when nothing is left of it, also when there was nothing, or the errno of what could not be removed.
[[nodiscard]] int remove_tree(const std::string& path);

/// What killed lives left in `folder`: directories of this user whose names are `beginning` and six more characters
/// (mkdtemp), and which nobody holds locked (flock) any more. One that can not be locked here at all is left alone.
void remove_leftovers(const std::string& folder, const std::string& beginning);

}  // namespace fugle::spawner
