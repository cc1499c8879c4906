#include "executor/scratch_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/error.hpp"

namespace fugle::executor {

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::write(const std::string& name, std::string_view content) {
  if (path_.empty()) {
    std::string path = root_ + "/fugle-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
      throw EnvironmentError(fmt::format("cannot make a directory in '{}' ({}); set TMPDIR to a writable place", root_,
                                         std::strerror(errno)));
    path_ = path;
  }
  std::string path = path_ + "/" + name;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file)
    throw EnvironmentError(
        fmt::format("cannot write '{}' ({}); free some space or set TMPDIR", path, std::strerror(errno)));
  return path;
}

}  // namespace fugle::executor
