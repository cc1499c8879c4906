// Question: what does starting a process through ProcessExecutor and spawner cost, beside a bare loop?
//
//   process_rate [seconds per round] [rounds] [in flight...]
//
// Each round keeps k attempts of /bin/true in flight, first in a loop of vfork, exec, pipe and wait, then through the
// executor; rounds alternate so that a slow moment of the machine hits both. Prints medians and their ratio.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "executor/process_executor.hpp"
#include "graph/element_text.hpp"

namespace {

using namespace fugle;
using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime in(double seconds) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

double rate(std::uint64_t count, SteadyTime begin) {
  return static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The read end of the output of a new child.
int start_bare(pid_t& pid) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  static char name[] = "/bin/true";
  static char* argv[] = {name, nullptr};
  pid = ::vfork();
  if (pid == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execve(name, argv, environ);
    ::_exit(127);
  }
  ::close(ends[1]);
  return ends[0];
}

double bare_loop(double seconds, std::size_t in_flight) {
  std::unordered_map<pid_t, int> outputs;
  const SteadyTime begin = std::chrono::steady_clock::now();
  const SteadyTime end = in(seconds);
  std::uint64_t ended = 0;
  while (std::chrono::steady_clock::now() < end || !outputs.empty()) {
    while (outputs.size() < in_flight && std::chrono::steady_clock::now() < end) {
      pid_t pid = 0;
      const int output = start_bare(pid);
      outputs.emplace(pid, output);
    }
    if (outputs.empty()) break;
    const pid_t pid = ::wait(nullptr);
    const auto found = outputs.find(pid);
    if (found == outputs.end()) continue;
    char bytes[4096];
    while (::read(found->second, bytes, sizeof bytes) > 0) {
    }
    ::close(found->second);
    outputs.erase(found);
    ++ended;
  }
  return rate(ended, begin);
}

class Load {
 public:
  explicit Load(executor::ProcessExecutor& executor) : executor_(executor) {
    auto task = std::make_shared<graph::Task>();
    task->name = "noop";
    graph::ElementText text;
    text.workdir = "/";
    text.command = {"/bin/true"};
    launch_.id = "noop";
    graph::pack(*task, text, launch_.packed_text);
    launch_.task = std::move(task);
  }

  double run(double seconds, std::size_t in_flight) {
    const SteadyTime begin = std::chrono::steady_clock::now();
    const SteadyTime end = in(seconds);
    std::uint64_t ended = 0;
    std::size_t running = 0;
    std::vector<scheduler::AttemptReport> reports;
    while (std::chrono::steady_clock::now() < end || running > 0) {
      while (running < in_flight && std::chrono::steady_clock::now() < end) {
        launch_.element = ElementId(next_++);
        executor_.start(launch_);
        ++running;
      }
      pollfd waiting{executor_.fd(), POLLIN, 0};
      ::poll(&waiting, 1, 1000);
      reports.clear();
      executor_.poll(reports);
      for (const auto& report : reports) {
        if (report.kind != scheduler::AttemptReport::Kind::ended) continue;
        if (report.cls != graph::FailureClass::none) fmt::print(stderr, "{}\n", report.reason), std::exit(1);
        --running, ++ended;
      }
    }
    return rate(ended, begin);
  }

 private:
  executor::ProcessExecutor& executor_;
  scheduler::Launch launch_;
  std::uint32_t next_ = 0;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  std::vector<std::size_t> depths;
  for (int i = 3; i < argc; ++i) depths.push_back(static_cast<std::size_t>(std::atoi(argv[i])));
  if (depths.empty()) depths = {1, 2, 4, 8};

  std::string run_dir = std::filesystem::temp_directory_path() / "fugle-bench-XXXXXX";
  if (::mkdtemp(run_dir.data()) == nullptr) return 3;
  executor::Spawner spawner(FUGLE_SPAWNER_PROGRAM);
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  executor::ProcessExecutor executor(spawner,
                                     {WorkerId(0), "bench", run_dir, executor::scrub_environment(environment)});
  Load load(executor);

  fmt::print("in flight   bare/s   executor/s   ratio\n");
  for (const std::size_t depth : depths) {
    std::vector<double> bare, ours;
    for (int round = 0; round < rounds; ++round) {
      bare.push_back(bare_loop(seconds, depth));
      ours.push_back(load.run(seconds, depth));
    }
    fmt::print("{:9}  {:7.0f}      {:7.0f}    {:.3f}\n", depth, median(bare), median(ours),
               median(ours) / median(bare));
  }
  std::filesystem::remove_all(run_dir);
  return 0;
}
