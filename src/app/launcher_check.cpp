#include "app/launcher_check.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "app/launch.hpp"
#include "app/surroundings_check.hpp"
#include "base/shell_words.hpp"
#include "base/text.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);
/// No site allows less; below it Slurm is not asked.
constexpr std::uint64_t kFewSteps = 1000;

/// Programs any of which will do; none: nothing is started. "aprun -n {ranks}": the first word.
std::vector<std::string> programs_of(const std::string& launcher, bool is_in_job) {
  if (launcher == "none") return {};
  if (launcher == "auto")
    return is_in_job ? std::vector<std::string>{"srun", "mpirun"} : std::vector<std::string>{"mpirun"};
  const std::vector<std::string> words = shell_words(launcher);
  return words.empty() ? words : std::vector<std::string>{words.front()};
}

bool sets_path(const graph::Task& task) {
  const auto is_path = [](const auto& variable) { return variable.first == "PATH"; };
  return std::ranges::any_of(task.env, is_path) ||
         std::ranges::find(task.env_names, std::string("PATH")) != task.env_names.end();
}

class LauncherCheck {
 public:
  LauncherCheck(const LauncherQuestion& question, workflow::Diagnostics& diagnostics)
      : question_(question), diagnostics_(diagnostics) {
    if (question.workflow == nullptr) return;
    for (const workflow::TaskNode& node : question.workflow->tasks) nodes_.emplace(node.name, &node);
  }

  void check(const graph::Task& task, std::uint32_t num_elements) {
    if (task.shape.ranks == 0 || task.kind != graph::TaskKind::process) return;
    const std::vector<std::string> programs = programs_of(task.launcher, question_.is_in_job);
    if (programs.empty()) return;
    const auto found =
        std::ranges::find_if(programs, [&](const std::string& program) { return question_.is_in_path(program); });
    if (found == programs.end() && !sets_path(task))
      diagnostics_.error(
          "E306", place_of(task.name),
          fmt::format("launcher '{}' not found in PATH; task {} needs it", fmt::join(programs, "' or '"), task.name));
    if (question_.is_in_job && found != programs.end() && *found == "srun") num_steps_ += num_elements;
  }

  void check_steps() {
    if (num_steps_ <= kFewSteps || !question_.max_steps) return;
    const auto allowed = question_.max_steps();
    if (allowed && num_steps_ > *allowed)
      diagnostics_.warning("W08", {},
                           fmt::format("{} job steps planned, the site allows {} per job", num_steps_, *allowed));
  }

 private:
  [[nodiscard]] workflow::Position place_of(const std::string& task) const {
    const auto found = nodes_.find(task);
    if (found == nodes_.end()) return {};
    const workflow::Position at = found->second->launcher.at;
    return at.line > 0 ? at : found->second->at;
  }

  const LauncherQuestion& question_;
  workflow::Diagnostics& diagnostics_;
  std::map<std::string_view, const workflow::TaskNode*> nodes_;
  std::uint64_t num_steps_ = 0;
};

}  // namespace

void check_launchers(const LauncherQuestion& question, const std::vector<std::uint32_t>& num_elements,
                     workflow::Diagnostics& diagnostics) {
  LauncherCheck check(question, diagnostics);
  for (std::uint32_t t = 0; t < question.graph.num_tasks(); ++t)
    if (num_elements[t] > 0) check.check(question.graph.task(TaskId(t)), num_elements[t]);
  check.check_steps();
  check_surroundings(question, num_elements, diagnostics);
}

std::optional<std::uint64_t> max_step_count_in(const std::string& config) {
  for (const std::string_view line : split(config, '\n')) {
    if (!line.starts_with("MaxStepCount")) continue;
    const std::size_t digits = line.find_first_of("0123456789");
    std::uint64_t count = 0;
    if (digits == std::string_view::npos ||
        std::from_chars(line.data() + digits, line.data() + line.size(), count).ec != std::errc())
      return std::nullopt;
    return count;
  }
  return std::nullopt;
}

LauncherQuestion launcher_question_here(const graph::Graph& graph, const workflow::Workflow* workflow, bool is_in_job) {
  LauncherQuestion question{graph, workflow, is_in_job, {}, {}};
  question.is_in_path = [](const std::string& name) {
    if (name.find('/') == std::string::npos) return !find_program(name).empty();
    return ::access(name.c_str(), X_OK) == 0;
  };
  question.max_steps = [] {
    return max_step_count_in(slurm::run_command({"scontrol", "show", "config"}, kPatience).output);
  };
  return question;
}

}  // namespace fugle::app
