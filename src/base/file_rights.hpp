// Who may read the files of a run: whoever may read its directory, and nobody else. A run directory is made with the
// rights it is to have (app/access.hpp); every file inside gets the read and write bits of the directory it is in, so
// that nothing has to be told to spawners and remote ranks, and a later chmod of the directory is followed by what is
// made afterwards. The umask of the process stays that of the user: it is what tasks inherit.
#pragma once

#include <sys/stat.h>

#include <string>

namespace fugle {

/// The bits that open(2) is to be given for a new file: nobody else's, whatever the umask.
inline constexpr mode_t kPrivateFile = 0600;

/// Read and write bits of the directory that `path` is in; kPrivateFile when it cannot be looked at.
[[nodiscard]] inline mode_t rights_beside(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return kPrivateFile;
  return (status.st_mode & 0666) | kPrivateFile;
}

/// Gives a file that was just made the rights of its directory, less those to write for others than its owner.
inline void share_like_directory(int fd, const std::string& path) {
  (void)::fchmod(fd, rights_beside(path) & static_cast<mode_t>(~0022));
}

}  // namespace fugle
