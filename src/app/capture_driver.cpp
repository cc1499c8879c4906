#include "app/capture_driver.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/access.hpp"
#include "app/run_directory.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVariable = "FUGLE_CAPTURE";
constexpr const char* kInDriver = "FUGLE_IN_DRIVER";

std::string own_program() { return fs::read_symlink("/proc/self/exe").string(); }

std::string first_in_path(const std::string& directory) {
  const char* path = std::getenv("PATH");
  return path == nullptr ? directory : directory + ":" + path;
}

/// In the child.
[[noreturn]] void become(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  fmt::print(stderr, "fugle: cannot start {} ({})\n", words[0], std::strerror(errno));
  ::_exit(127);
}

/// How it ended, in words; empty: well.
std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? "" : fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

std::string capture_directory() {
  const char* chosen = std::getenv(kVariable);
  return chosen != nullptr && *chosen != '\0' ? chosen : runs_directory("") + "/capture";
}

bool is_in_driver() { return std::getenv(kInDriver) != nullptr; }

void write_shims(const std::string& directory) {
  make_private_directory(directory, {});
  for (const char* name : {"sbatch", "squeue", "sacct", "scontrol", "scancel"}) {
    const std::string path = fmt::format("{}/{}", directory, name);
    const std::string role = std::string_view(name) == "sbatch" ? "" : fmt::format(" --as-{}", name);
    std::ofstream file(path, std::ios::trunc);
    file << "#!/bin/sh\nexec " << quote_for_shell(own_program()) << " sbatch" << role << " \"$@\"\n";
    file.close();
    if (!file || ::chmod(path.c_str(), 0700) != 0)
      throw EnvironmentError(
          fmt::format("cannot write {} ({}); make the directory writable", path, std::strerror(errno)));
  }
}

DriverRecording::DriverRecording(const std::vector<std::string>& driver) {
  const std::string runs = runs_directory("");
  make_private_directory(runs, {});
  directory_ = runs + "/driver-XXXXXX";
  if (::mkdtemp(directory_.data()) == nullptr)
    throw EnvironmentError(fmt::format(
        "cannot record in {} ({}); make it writable, or name another place by FUGLE_RUNS", runs, std::strerror(errno)));
  try {
    write_shims(directory_ + "/bin");
    Capture(directory_).begin(environment_here());
    run(driver);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
    throw;
  }
}

DriverRecording::~DriverRecording() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void DriverRecording::run(const std::vector<std::string>& driver) const {
  const pid_t child = ::fork();
  if (child < 0) throw EnvironmentError(fmt::format("cannot start a process ({})", std::strerror(errno)));
  if (child == 0) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::setenv(kVariable, directory_.c_str(), 1);
    ::setenv(kInDriver, "1", 1);
    ::setenv("PATH", first_in_path(directory_ + "/bin").c_str(), 1);
    become(driver);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string problem = how_it_ended(status);
  if (problem.empty()) return;
  for (const workflow::Diagnostic& refusal : Capture(directory_).read({}).refusals)
    fmt::print(stderr, "fugle: {}: {}\n", refusal.code, refusal.text);
  throw UsageError(fmt::format("the driver {} {} (nothing is run then); see its messages above", driver[0], problem));
}

}  // namespace fugle::app
