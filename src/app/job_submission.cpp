#include "app/job_submission.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"

extern char** environ;

namespace fugle::app {
namespace {

constexpr std::array<std::string_view, 3> kKept{"SLURM_CONF", "SLURM_CLUSTERS", "SLURM_TIME_FORMAT"};
constexpr std::array<std::string_view, 8> kForeignPrefixes{"SLURM_", "SLURMD_",   "PMIX_",        "PMI_",
                                                           "PMI2_",  "OMPI_COMM", "OMPI_MCA_ess", "OMPI_MCA_orte"};
/// What an attempt is told of itself. Who it is, is also how its left-over processes are found and ended.
constexpr std::array<std::string_view, 15> kOfAttempt{
    "FUGLE_RUN_ID",  "FUGLE_RUN_DIR", "FUGLE_TASK",      "FUGLE_ELEMENT",        "FUGLE_ATTEMPT",
    "FUGLE_INDEX",   "FUGLE_CORES",   "FUGLE_CPUS",      "FUGLE_GPUS",           "FUGLE_MEM",
    "FUGLE_SCRATCH", "FUGLE_RESTART", "FUGLE_RUN_STATE", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"};
constexpr std::string_view kOfAttemptToo = "ZE_AFFINITY_MASK";

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Until the end of the pipe.
std::string read_all_of(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct SpawnRules {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  explicit SpawnRules(int output) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    // On a terminal it may have to read what is typed.
    const bool reads_terminal = ::isatty(STDIN_FILENO) == 1;
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | (reads_terminal ? 0 : POSIX_SPAWN_SETPGROUP)));
  }
  ~SpawnRules() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnRules(const SpawnRules&) = delete;
  SpawnRules& operator=(const SpawnRules&) = delete;
};

}  // namespace

bool is_of_surroundings(const std::string& variable) {
  if (std::ranges::find(kKept, variable) != kKept.end()) return false;
  if (std::ranges::find(kOfAttempt, variable) != kOfAttempt.end() || variable == kOfAttemptToo) return true;
  return std::ranges::any_of(kForeignPrefixes, [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

void leave_surroundings() {
  std::vector<std::string> gone;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string name(text.substr(0, text.find('=')));
    if (is_of_surroundings(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) ::unsetenv(name.c_str());
}

std::optional<JobName> parse_job_name(const std::string& output) {
  std::optional<JobName> found;
  for (const std::string_view line : split(output, '\n')) {
    const std::size_t semicolon = line.find(';');
    if (!is_number(line.substr(0, semicolon))) continue;
    found = JobName{std::string(line.substr(0, semicolon)),
                    semicolon == std::string_view::npos ? "" : std::string(line.substr(semicolon + 1))};
  }
  return found;
}

Submission run_sbatch(const std::vector<std::string>& options) {
  std::vector<std::string> argv{"sbatch", "--parsable"};
  argv.insert(argv.end(), options.begin(), options.end());
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw EnvironmentError(fmt::format("cannot make a pipe ({}); raise ulimit -n", std::strerror(errno)));
  pid_t pid = 0;
  const SpawnRules rules(ends[1]);
  const int problem = ::posix_spawnp(&pid, "sbatch", &rules.files, &rules.attributes, words.data(), environ);
  ::close(ends[1]);
  Submission done;
  if (problem == 0) done.output = read_all_of(ends[0]);
  ::close(ends[0]);
  if (problem == ENOENT) return {127, {}};
  if (problem != 0) throw EnvironmentError(fmt::format("cannot run sbatch ({})", std::strerror(problem)));
  done.exit_code = wait_for(pid);
  return done;
}

}  // namespace fugle::app
