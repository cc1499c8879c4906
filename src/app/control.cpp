#include "app/control.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"

namespace fugle::app {
namespace fs = std::filesystem;

std::string drop_command(const std::string& run_dir, const ControlCommand& command) {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const fs::path directory = fs::path(run_dir) / "control";
  const fs::path path = directory / fmt::format("{:020}-{}.command", now, getpid());
  const fs::path draft = directory / fmt::format(".{}.draft", getpid());
  std::ofstream(draft) << command.verb << '\n' << command.element << '\n' << command.who << '\n';
  std::error_code problem;
  fs::rename(draft, path, problem);
  if (problem)
    throw EnvironmentError(
        fmt::format("cannot write to {} ({}); is the run yours?", directory.string(), problem.message()));
  return path.string();
}

std::vector<ControlCommand> take_commands(const std::string& run_dir) {
  std::vector<fs::path> files;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator(fs::path(run_dir) / "control", problem))
    if (entry.path().extension() == ".command") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<ControlCommand> commands;
  for (const fs::path& file : files) {
    std::ifstream in(file);
    ControlCommand& command = commands.emplace_back();
    std::getline(in, command.verb);
    std::getline(in, command.element);
    std::getline(in, command.who);
    fs::remove(file, problem);
  }
  return commands;
}

}  // namespace fugle::app
