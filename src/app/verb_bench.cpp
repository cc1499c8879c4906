// fugle bench: what Fugleman can do on this machine, in less than a minute: how small functions and processes may be,
// and what starting them costs. Processes and MPI tasks are real runs of this program in a temporary directory.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/arguments.hpp"
#include "app/self_bench.hpp"
#include "app/version.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "calls/task_bench.hpp"
#include "slurm/run_command.hpp"
#include "topology/topology.hpp"
#include "transport/library_version.hpp"

namespace fugle::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration kLimit = std::chrono::seconds(15);  // for each of the runs
constexpr int kManyProcesses = 1000, kFewProcesses = 150, kManyMpiTasks = 5;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class ScratchFolder {
 public:
  ScratchFolder() {
    path_ = (std::filesystem::temp_directory_path() / "fugle-bench-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr)
      throw EnvironmentError(fmt::format("cannot make '{}' ({}); set TMPDIR to a directory that can be written", path_,
                                         std::strerror(errno)));
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream file(path_ + "/" + name);
    file << text;
    file.close();
    if (!file)
      throw EnvironmentError(fmt::format("cannot write '{}/{}'; set TMPDIR to another directory", path_, name));
    return path_ + "/" + name;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string own_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

/// Seconds the command took; nothing, and a note, when it failed.
std::optional<double> time_command(const std::vector<std::string>& command, const char* what,
                                   std::vector<std::string>& notes) {
  const auto start = Clock::now();
  const slurm::Answer answer = slurm::run_command(command, kLimit);
  if (answer.is_good()) return seconds_since(start);
  const std::string complaint = answer.complaint.empty() ? answer.output : answer.complaint;
  const auto lines = split(complaint, '\n');
  const auto said = std::find_if(lines.begin(), lines.end(), [](std::string_view line) { return !line.empty(); });
  notes.push_back(fmt::format("{}: exit code {}{}{}", what, answer.exit_code, said == lines.end() ? "" : ": ",
                              said == lines.end() ? std::string_view() : *said));
  return std::nullopt;
}

/// What each costs beyond the first, so that the start of the run itself does not count.
std::optional<double> seconds_for_each(const std::optional<double>& one, const std::optional<double>& many, int count) {
  if (!one || !many || *many <= *one) return std::nullopt;
  return (*many - *one) / (count - 1);
}

class SelfBench {
 public:
  BenchFigures run() {
    describe_machine();
    measure_calls();
    measure_processes();
    measure_mpi_tasks();
    return std::move(figures_);
  }

 private:
  void describe_machine() {
    const topology::Node node = topology::discover();
    figures_.version = std::string(kVersion);
    figures_.host = host_name();
    figures_.cpu = processor_name();
    figures_.num_cores = std::max(1u, node.num_cores());
    figures_.mem_bytes = node.mem_bytes;
    figures_.mpi = transport::mpi_library_version();
    figures_.num_ranks = std::min(2u, figures_.num_cores);
  }

  std::optional<double> metg_us(unsigned threads, bool by_cpu_time) {
    calls::TaskGraph graph;
    graph.width = 4l * threads;
    graph.steps = 200;
    CallsOptions options;
    options.threads = threads;
    const double ideal = calls::time_of_iteration();
    const auto run = [&](long iterations) {
      const calls::GraphTime time = calls::run_task_graph(options, graph, iterations);
      return by_cpu_time ? time.cpu_seconds : time.seconds;
    };
    const auto workers = static_cast<int>(threads);
    const auto samples = calls::take_samples(run, 3, graph.num_tasks(), workers, ideal);
    const auto metg = calls::find_metg(samples, graph.num_tasks(), workers, ideal);
    if (!metg) return std::nullopt;
    return *metg * 1e6;
  }

  void measure_calls() {
    figures_.metg_us = metg_us(1, true);
    figures_.metg_all_cores_us = metg_us(figures_.num_cores, false);
    if (!figures_.metg_us || !figures_.metg_all_cores_us)
      figures_.notes.emplace_back("METG: others use these cores; not even long tasks had half of them");
    calls::TaskGraph graph;
    graph.pattern = calls::Pattern::trivial;
    graph.width = 1000;
    graph.steps = 200;
    CallsOptions options;
    options.threads = 1;
    const double seconds = calls::run_task_graph(options, graph, 0).cpu_seconds;
    if (seconds > 0) figures_.calls_per_s = static_cast<double>(graph.num_tasks()) / seconds;
  }

  std::optional<double> time_run(std::vector<std::string> words, const char* what) {
    std::vector<std::string> command{own_program(), "run"};
    command.insert(command.end(), words.begin(), words.end());
    for (const char* word : {"--local", "--runs-dir"}) command.emplace_back(word);
    command.push_back(scratch_.path() + "/runs");
    return time_command(command, what, figures_.notes);
  }

  std::optional<double> time_lines(int count, std::uint32_t cores) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "/bin/true\n";
    const std::string file = scratch_.write(fmt::format("lines{}.txt", count), lines);
    return time_run({"--lines", file, "-j", std::to_string(cores)}, "processes");
  }

  void measure_processes() {
    const auto one = time_lines(1, 1);
    const auto each = seconds_for_each(one, time_lines(kManyProcesses, figures_.num_cores), kManyProcesses);
    if (each) figures_.processes_per_s = 1 / *each;
    const auto alone = seconds_for_each(one, time_lines(kFewProcesses, 1), kFewProcesses);
    if (alone) figures_.process_ms = 1e3 * *alone;
  }

  std::optional<double> time_mpi_tasks(int count) {
    const std::string file =
        scratch_.write(fmt::format("mpi{}.yaml", count),
                       fmt::format("version: 1\nname: bench\ntasks:\n  mpi:\n    matrix: {{i: \"1..{}\"}}\n"
                                   "    resources: {{ranks: {}}}\n    run: [/bin/true]\n",
                                   count, figures_.num_ranks));
    return time_run({file, "-j", std::to_string(figures_.num_ranks)}, "MPI tasks");
  }

  void measure_mpi_tasks() {
    const auto one = time_mpi_tasks(1);
    if (one) {
      const auto each = seconds_for_each(one, time_mpi_tasks(kManyMpiTasks), kManyMpiTasks);
      if (each) figures_.mpi_task_ms = 1e3 * *each;
    }
    std::vector<std::string> command{"mpirun", "-n", std::to_string(figures_.num_ranks)};
    if (::geteuid() == 0) command.emplace_back("--allow-run-as-root");
    command.emplace_back("/bin/true");
    std::vector<double> times;
    for (int i = 0; i < kManyMpiTasks; ++i) {
      const auto seconds = time_command(command, "mpirun", figures_.notes);
      if (!seconds) return;
      times.push_back(*seconds);
    }
    std::sort(times.begin(), times.end());
    figures_.mpirun_ms = 1e3 * times[times.size() / 2];
  }

  ScratchFolder scratch_;
  BenchFigures figures_;
};

}  // namespace

int bench_verb(const Args& args) {
  Usage usage(
      "bench", "",
      "Measures what Fugleman can do on this machine: the smallest useful function (METG), processes per second, "
      "and what starting a process and an MPI task costs. Takes less than a minute.",
      0, 0);
  usage.options.add_options()("json", "the same as JSON");
  const auto arguments = parse_arguments(usage, args);
  if (!arguments) return 0;
  const BenchFigures figures = SelfBench().run();
  if (arguments->has("json"))
    fmt::print("{}\n", bench_json(figures));
  else
    fmt::print("{}", bench_text(figures));
  return 0;
}

}  // namespace fugle::app
