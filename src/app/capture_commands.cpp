// What drivers and scripts find under the names of Slurm's other commands (declared in capture_driver.hpp).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "app/capture_driver.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace fugle::app {
namespace fs = std::filesystem;
namespace {

using Words = std::vector<std::string>;

[[noreturn]] void become(const Words& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  throw EnvironmentError(fmt::format("cannot start {} ({}); look at PATH", words[0], std::strerror(errno)));
}

/// "12", "12_3", "12.batch".
std::optional<std::uint64_t> job_in(std::string_view word) {
  std::uint64_t id = 0;
  std::size_t digits = 0;
  for (; digits < word.size() && digits < 12 && word[digits] >= '0' && word[digits] <= '9'; ++digits)
    id = id * 10 + static_cast<std::uint64_t>(word[digits] - '0');
  const bool is_one = digits > 0 && (digits == word.size() || word[digits] == '_' || word[digits] == '.');
  return is_one ? std::optional(id) : std::nullopt;
}

/// What comes after "-j", "--jobs=" or "JobId="; for scancel and scontrol each word that is a number.
std::vector<std::uint64_t> jobs_asked_for(const std::string& command, const Words& args) {
  std::vector<std::uint64_t> jobs;
  const auto add = [&](std::string_view list) {
    for (const std::string_view word : split(list, ','))
      if (const auto job = job_in(word)) jobs.push_back(*job);
  };
  const bool takes_words = command == "scancel" || command == "scontrol";
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    const std::size_t equals = word.find('=');
    const bool is_letters = word.size() > 1 && word[0] == '-' && word[1] != '-';
    if (equals != std::string::npos &&
        (word.starts_with("--job") || word.starts_with("JobI") || word.starts_with("jobi")))
      add(std::string_view(word).substr(equals + 1));
    else if ((word == "--jobs" || word == "--job" || (is_letters && word.back() == 'j')) && i + 1 < args.size())
      add(args[++i]);
    else if (is_letters && word.find('j') != std::string::npos)
      add(std::string_view(word).substr(word.find('j') + 1));
    else if (takes_words && !word.starts_with('-'))
      add(word);
  }
  return jobs;
}

/// The command of that name further on in PATH.
std::string real_command(const std::string& name) {
  const char* path = std::getenv("PATH");
  const std::string own = capture_directory() + "/bin";
  for (const std::string_view directory : split(path == nullptr ? "" : path, ':')) {
    const std::string candidate = fmt::format("{}/{}", directory, name);
    if (directory != own && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

/// Options of srun with a value in the next word.
constexpr std::string_view kLettersWithValue = "ABCDEFGJLMNPSTUWabcdeghimnoprtwx";
constexpr std::array<std::string_view, 22> kNamesWithValue{"--ntasks",       "--cpus-per-task",
                                                           "--nodes",        "--mpi",
                                                           "--cpu-bind",     "--mem",
                                                           "--mem-per-cpu",  "--gres",
                                                           "--gpus",         "--gpus-per-task",
                                                           "--output",       "--error",
                                                           "--input",        "--job-name",
                                                           "--time",         "--nodelist",
                                                           "--distribution", "--ntasks-per-node",
                                                           "--chdir",        "--export",
                                                           "--hint",         "--threads-per-core"};

struct Step {
  std::uint32_t ntasks = 1;
  Words program;
};

std::uint32_t count_of(const std::string& text) {
  const long value = std::strtol(text.c_str(), nullptr, 10);
  if (value < 1 || value > 1'000'000)
    throw UsageError(fmt::format("srun -n {} is no number of tasks; see srun(1)", text));
  return static_cast<std::uint32_t>(value);
}

Step read_step(const Words& args) {
  Step step;
  if (const char* ntasks = std::getenv("SLURM_NTASKS")) step.ntasks = count_of(ntasks);
  std::size_t i = 0;
  for (; i < args.size() && args[i].size() > 1 && args[i][0] == '-'; ++i) {
    const std::string& word = args[i];
    if (word == "--") {
      ++i;
      break;
    }
    if (word.starts_with("--multi-prog"))
      throw UsageError("E501: import: srun --multi-prog has no equivalent; start the programs side by side");
    const bool is_name = word[1] == '-';
    const std::size_t equals = word.find('=');
    std::string value;
    if (is_name && equals != std::string::npos)
      value = word.substr(equals + 1);
    else if (is_name ? std::find(kNamesWithValue.begin(), kNamesWithValue.end(), word) != kNamesWithValue.end()
                     : kLettersWithValue.find(word[1]) != std::string_view::npos)
      value = !is_name && word.size() > 2 ? word.substr(2) : i + 1 < args.size() ? args[++i] : "";
    if (word.starts_with("--ntasks=") || word == "--ntasks" || (!is_name && word[1] == 'n'))
      step.ntasks = count_of(value);
  }
  step.program.assign(args.begin() + static_cast<std::ptrdiff_t>(i), args.end());
  if (step.program.empty()) throw UsageError("srun has no program to start; see srun(1)");
  return step;
}

}  // namespace

int stand_in_for(const std::string& command, const Words& args) {
  const Capture capture(capture_directory());
  for (const std::uint64_t job : jobs_asked_for(command, args)) {
    if (!capture.has_job(job)) continue;
    const std::string text = fmt::format(
        "import: {} {} has no equivalent; the driver waits for job {} while it is only recorded; split the driver "
        "there",
        command, join(args, " "), job);
    Capture(capture_directory()).refuse({workflow::Severity::error, "E501", {}, text, {}, {}, "the driver"});
    fmt::print(stderr, "{}: error: E501: {}\n", command, text);
    return 1;
  }
  if (const std::string real = real_command(command); !real.empty()) {
    Words words = args;
    words.insert(words.begin(), real);
    become(words);
  }
  if (command != "squeue") {
    fmt::print(stderr, "{}: there is no Slurm here\n", command);
    return 127;
  }
  const bool is_bare = std::any_of(args.begin(), args.end(), [](const std::string& word) {
    return word == "--noheader" || (word.size() > 1 && word[0] == '-' && word[1] != '-' && word.find('h') != word.npos);
  });
  if (!is_bare) fmt::print("             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n");
  return 0;
}

int start_step(const Words& args) {
  const Step step = read_step(args);
  ::setenv("SLURM_STEP_ID", "0", 1);
  ::setenv("SLURM_NTASKS", std::to_string(step.ntasks).c_str(), 1);
  ::setenv("SLURM_NPROCS", std::to_string(step.ntasks).c_str(), 1);
  if (step.ntasks == 1) become(step.program);
  // mpirun would take the job of that number for its allocation.
  const char* job = std::getenv("SLURM_JOB_ID");
  ::setenv("FUGLE_SRUN_JOB", job == nullptr ? "" : job, 1);
  for (const char* name : {"SLURM_JOB_ID", "SLURM_JOBID", "SLURM_NODELIST", "SLURM_JOB_NODELIST"}) ::unsetenv(name);
  Words words{"mpirun",
              "-n",
              std::to_string(step.ntasks),
              "--oversubscribe",
              "--bind-to",
              "none",
              "/bin/sh",
              "-c",
              "export SLURM_JOB_ID=$FUGLE_SRUN_JOB SLURM_JOBID=$FUGLE_SRUN_JOB SLURM_PROCID=$OMPI_COMM_WORLD_RANK "
              "SLURM_LOCALID=$OMPI_COMM_WORLD_LOCAL_RANK; unset FUGLE_SRUN_JOB; exec \"$@\"",
              "srun"};
  words.insert(words.end(), step.program.begin(), step.program.end());
  become(words);
}

}  // namespace fugle::app
