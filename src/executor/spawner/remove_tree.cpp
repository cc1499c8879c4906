#include "executor/spawner/remove_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace fugle::spawner {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kMostLevels = 100;  ///< each holds a descriptor open
constexpr std::size_t kRandomCharacters = 6;

/// Of one tree: where it begins, what has gone wrong, and how many deep directories were moved up.
struct Removal {
  int top = -1;
  dev_t device = 0;
  int error = 0;
  unsigned num_moved = 0;
};

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const int copy = ::openat(folder, ".", kFolder);
  DIR* const entries = copy < 0 ? nullptr : ::fdopendir(copy);
  if (entries == nullptr) {
    if (copy >= 0) ::close(copy);
    return names;
  }
  while (const dirent* entry = ::readdir(entries))
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
  ::closedir(entries);
  return names;
}

/// A directory whose owner may not read or change it is opened up. By descriptor: the name might become a link.
int open_folder(int parent, const char* name) {
  const int path = ::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (path < 0) return -1;
  struct stat status {};
  if (::fstat(path, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU)
    ::chmod(("/proc/self/fd/" + std::to_string(path)).c_str(), S_IRWXU);
  const int folder = ::openat(path, ".", kFolder);
  ::close(path);
  return folder;
}

void remove_entry(Removal& removal, int parent, const char* name, int level);

void empty_folder(Removal& removal, int folder, int level) {
  for (const std::string& name : names_in(folder)) remove_entry(removal, folder, name.c_str(), level);
}

void remove_entry(Removal& removal, int parent, const char* name, int level) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return;
  if (errno == EISDIR || errno == EPERM) {
    if (level > kMostLevels) {
      const std::string above = ".deep-" + std::to_string(removal.num_moved++);
      if (::renameat(parent, name, removal.top, above.c_str()) == 0) return;  // the next round finds it there
    }
    const int folder = open_folder(parent, name);
    struct stat status {};
    if (folder >= 0 && ::fstat(folder, &status) == 0 && status.st_dev == removal.device)
      empty_folder(removal, folder, level + 1);
    if (folder >= 0) ::close(folder);
    if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return;
  }
  if (removal.error == 0) removal.error = errno;
}

}  // namespace

int remove_tree(const std::string& path) {
  Removal removal;
  removal.top = open_folder(AT_FDCWD, path.c_str());
  if (removal.top < 0) return errno == ENOENT ? 0 : errno;
  struct stat status {};
  if (::fstat(removal.top, &status) == 0) removal.device = status.st_dev;
  for (unsigned moved = ~0u; moved != removal.num_moved && removal.error == 0;) {
    moved = removal.num_moved;
    empty_folder(removal, removal.top, 0);
  }
  ::close(removal.top);
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return 0;
  return removal.error != 0 ? removal.error : errno;
}

void remove_leftovers(const std::string& folder, const std::string& beginning) {
  const int parent = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) return;
  for (const std::string& name : names_in(parent)) {
    if (name.size() != beginning.size() + kRandomCharacters || name.compare(0, beginning.size(), beginning) != 0)
      continue;
    const int left = ::openat(parent, name.c_str(), kFolder);
    struct stat status {};
    const bool is_free = left >= 0 && ::fstat(left, &status) == 0 && status.st_uid == ::geteuid() &&
                         ::flock(left, LOCK_EX | LOCK_NB) == 0;
    if (is_free) (void)remove_tree(folder + "/" + name);
    if (left >= 0) ::close(left);
  }
  ::close(parent);
}

}  // namespace fugle::spawner
