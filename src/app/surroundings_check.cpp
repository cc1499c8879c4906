#include "app/surroundings_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "graph/element_text.hpp"
#include "workflow/images.hpp"

namespace fugle::app {
namespace {

using graph::ContainerRuntime;

bool may_change_path(const graph::Task& task) {
  const auto is_path = [](const auto& variable) { return variable.first == "PATH"; };
  return !task.modules.empty() || std::ranges::any_of(task.env, is_path) ||
         std::ranges::find(task.env_names, std::string("PATH")) != task.env_names.end();
}

class SurroundingsCheck {
 public:
  SurroundingsCheck(const LauncherQuestion& question, workflow::Diagnostics& diagnostics)
      : question_(question), diagnostics_(diagnostics) {}

  void check(const graph::Task& task) {
    if (task.kind != graph::TaskKind::process || may_change_path(task)) return;
    if (task.container.runtime != ContainerRuntime::none)
      check_runtime(task);
    else if (!task.shell.empty() && !question_.is_in_path(task.shell.front()))
      diagnostics_.error("E305", place_of(task.name, false),
                         fmt::format("shell '{}' not found in PATH; task {} needs it", task.shell.front(), task.name));
  }

  void check_image(const graph::Task& task, const std::string& image) {
    std::error_code error;
    if (!workflow::is_image_file(image) || !images_.insert(image).second || std::filesystem::exists(image, error))
      return;
    diagnostics_.error("E204", place_of(task.name, true),
                       fmt::format("image of '{}': '{}' not found", task.name, image));
  }

 private:
  void check_runtime(const graph::Task& task) {
    const bool has_srun = question_.is_in_job && question_.is_in_path("srun");
    const bool has_apptainer = question_.is_in_path("apptainer") || question_.is_in_path("singularity");
    const auto refuse = [&](std::string_view what) {
      diagnostics_.error("E305", place_of(task.name, true),
                         fmt::format("container runtime {}; task {} needs one", what, task.name));
    };
    switch (task.container.runtime) {
      case ContainerRuntime::apptainer:
        if (!has_apptainer) refuse("'apptainer' not found in PATH");
        break;
      case ContainerRuntime::podman:
        if (!question_.is_in_path("podman")) refuse("'podman' not found in PATH");
        break;
      case ContainerRuntime::pyxis:
        if (!has_srun) refuse("'pyxis' not found: it is a part of srun, inside a Slurm job");
        break;
      default:
        if (!has_apptainer && !question_.is_in_path("podman") && !has_srun)
          refuse("not found (apptainer, podman, pyxis)");
    }
  }

  [[nodiscard]] workflow::Position place_of(const std::string& task, bool of_container) const {
    if (question_.workflow == nullptr) return {};
    for (const workflow::TaskNode& node : question_.workflow->tasks)
      if (node.name == task) return of_container && node.container ? node.container->at : node.at;
    return {};
  }

  const LauncherQuestion& question_;
  workflow::Diagnostics& diagnostics_;
  std::set<std::string> images_;
};

}  // namespace

void check_surroundings(const LauncherQuestion& question, const std::vector<std::uint32_t>& num_elements,
                        workflow::Diagnostics& diagnostics) {
  const graph::Graph& graph = question.graph;
  SurroundingsCheck check(question, diagnostics);
  bool has_images = false;
  for (std::uint32_t t = 0; t < graph.num_tasks(); ++t) {
    const graph::Task& task = graph.task(TaskId(t));
    if (num_elements[t] == 0) continue;
    check.check(task);
    has_images = has_images || task.container.runtime != ContainerRuntime::none;
  }
  for (std::uint32_t e = 0; has_images && e < graph.num_elements(); ++e) {
    const graph::Task& task = graph.task_of(ElementId(e));
    const bool has_image =
        task.container.runtime != ContainerRuntime::none && !task.is_late && task.kind == graph::TaskKind::process;
    if (has_image) check.check_image(task, graph::unpack(task, graph.packed_text(ElementId(e))).image);
  }
}

}  // namespace fugle::app
