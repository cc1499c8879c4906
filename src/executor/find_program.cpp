#include "executor/find_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/text.hpp"
#include "executor/environment.hpp"

namespace fugle::executor {

std::string find_in_path(const std::vector<std::string>& environment, const std::string& program) {
  for (const std::string_view folder : split(find_variable(environment, "PATH"), ':')) {
    std::string path = fmt::format("{}/{}", folder, program);
    if (!folder.empty() && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

ContainerRuntimes find_container_runtimes(const std::vector<std::string>& environment, bool is_in_job) {
  ContainerRuntimes there;
  there.apptainer = find_in_path(environment, "apptainer");
  if (there.apptainer.empty()) there.apptainer = find_in_path(environment, "singularity");  // its name before
  there.podman = find_in_path(environment, "podman");
  there.has_pyxis = is_in_job && !find_in_path(environment, "srun").empty();
  return there;
}

}  // namespace fugle::executor
