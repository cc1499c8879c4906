// How much longer does an external MPI task take than the bare mpirun that it calls? An empty MPI program on two ranks,
// from its start to its end: by a loop that calls mpirun, and by ProcessExecutor, which cleans the environment before
// mpirun, binds each rank after it, keeps the output and looks for what is left. In turns, so that a busy machine is
// the same for both. mpi_launch [PAIRS]; with --rank it is the program on the ranks.
#include <fmt/format.h>
#include <mpi.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "executor/process_executor.hpp"
#include "graph/element_text.hpp"

namespace {

using namespace fugle;
using Seconds = std::chrono::duration<double>;

constexpr std::uint32_t kRanks = 2;

double since(std::chrono::steady_clock::time_point begin) {
  return Seconds(std::chrono::steady_clock::now() - begin).count();
}

double bare(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const auto begin = std::chrono::steady_clock::now();
  pid_t pid = 0;
  int status = -1;
  if (::posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) == 0) ::waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error("mpirun does not work here");
  return since(begin);
}

double by_executor(executor::ProcessExecutor& executor, const scheduler::Launch& launch) {
  const auto begin = std::chrono::steady_clock::now();
  executor.start(launch);
  for (std::vector<scheduler::AttemptReport> reports;;) {
    pollfd waiting{executor.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 1000);
    executor.poll(reports);
    if (reports.empty() || reports.back().kind != scheduler::AttemptReport::Kind::ended) continue;
    if (reports.back().cls != graph::FailureClass::none) throw std::runtime_error(reports.back().reason);
    return since(begin);
  }
}

scheduler::Launch launch_of(const std::string& program, std::uint32_t number) {
  graph::Task task;
  task.name = "ranks";
  task.shape.ranks = kRanks;
  scheduler::Launch launch;
  launch.element = ElementId(number);
  launch.id = "ranks";
  launch.task = std::make_shared<graph::Task>(task);
  launch.granted.cores = kRanks;
  launch.place = {{0, 1}, {}, {}, true};
  graph::ElementText text;
  text.workdir = "/";
  text.command = {program, "--rank"};
  graph::pack(task, text, launch.packed_text);
  return launch;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void measure(std::size_t num_pairs, const std::string& program) {
  std::string folder = (std::filesystem::temp_directory_path() / "fugle-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary directory");
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  std::vector<std::string> words{"mpirun", "--oversubscribe", "--bind-to", "none", "-n", std::to_string(kRanks)};
  if (::geteuid() == 0) words.emplace_back("--allow-run-as-root");
  std::vector<std::string> lean = words;
  for (const char* word : {"--mca", "pml", "ob1", "--mca", "btl", "vader,tcp,self"}) lean.emplace_back(word);
  for (auto* command : {&words, &lean})
    for (const std::string& word : {program, std::string("--rank")}) command->push_back(word);
  std::vector<double> plain, flagged, ours, ratios;
  {
    executor::Spawner spawner(FUGLE_SPAWNER_PROGRAM);
    executor::ProcessExecutor executor(spawner, {WorkerId(0), "bench", folder, environment});
    for (std::uint32_t i = 0; i < num_pairs; ++i) {
      plain.push_back(bare(words));
      flagged.push_back(bare(lean));
      ours.push_back(by_executor(executor, launch_of(program, i)));
      ratios.push_back(ours.back() / flagged.back());
    }
  }
  std::filesystem::remove_all(folder);
  fmt::print("{} rounds of {} ranks, medians\n", num_pairs, kRanks);
  fmt::print("mpirun                     {:6.1f} ms\n", 1e3 * median(plain));
  fmt::print("mpirun, no network search  {:6.1f} ms\n", 1e3 * median(flagged));
  fmt::print("executor                   {:6.1f} ms\n", 1e3 * median(ours));
  fmt::print("executor / mpirun: {:.3f}, with the same flags: {:.3f}, median of the rounds {:.3f}\n",
             median(ours) / median(plain), median(ours) / median(flagged), median(ratios));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--rank") == 0) {
    MPI_Init(&argc, &argv);
    return MPI_Finalize();
  }
  try {
    measure(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 21, std::filesystem::read_symlink("/proc/self/exe"));
  } catch (const std::exception& error) {
    fmt::print(stderr, "mpi_launch: {}\n", error.what());
    return 1;
  }
}
