// What is the smallest task at which half of the time is work, METG(50 %), by pattern of Task Bench? Of calls, of plain
// MPI, of OpenMP tasks and of StarPU, in one run, one after the other; beside them, in README.md, the published
// figures.
//
//   metg [PATTERN...]                  one process, one thread per core: calls, OpenMP, StarPU; and MPI with one rank
//   mpirun -n 2 metg [PATTERN...]      one thread per rank: calls over ranks, and MPI
//
// All of them run four columns per worker and check what tasks are given. -1: there is none, since not even the longest
// tasks had half of the cores; run it with `chrt -f 1` on a machine that others use too.
#include <mpi.h>
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "calls/task_bench.hpp"

#ifdef FUGLE_HAS_STARPU
#include <starpu.h>
#endif

namespace {

using namespace fugle::calls;
using Clock = std::chrono::steady_clock;

constexpr long kSteps = 200;
constexpr long kColumnsPerWorker = 4;
constexpr int kRepeats = 3;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void use(double value) { asm volatile("" : : "x"(value)); }

void check(const TaskOutput& given, long step, long point) {
  if (given.step == step && given.point == point) return;
  std::fprintf(stderr, "a task was given %ld/%ld in place of %ld/%ld\n", static_cast<long>(given.step),
               static_cast<long>(given.point), step, point);
  std::abort();
}

/// Needs of every task, found before the clock starts, for the runtimes that have no such code of their own.
using Needs = std::vector<std::vector<std::vector<long>>>;
Needs needs_of(const TaskGraph& graph) {
  Needs needs(static_cast<std::size_t>(graph.steps),
              std::vector<std::vector<long>>(static_cast<std::size_t>(graph.width)));
  for (long step = 0; step < graph.steps; ++step)
    for (long i = 0; i < graph.width; ++i)
      if (graph.has(step, i)) needs[static_cast<std::size_t>(step)][static_cast<std::size_t>(i)] = graph.needs(step, i);
  return needs;
}

void run_task(const TaskGraph& graph, const std::vector<long>& needs, const TaskOutput* before, TaskOutput* now,
              long step, long point, long iterations) {
  (void)graph;
  for (const long need : needs) check(before[need], step - 1, need);
  use(compute(iterations));
  now[point] = {step, point};
}

/// Plain MPI: for each step nonblocking messages for the values that cross, then the tasks of this rank.
double run_mpi(const TaskGraph& graph, const Needs& needs, long iterations) {
  int rank = 0, num_ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &num_ranks);
  const Columns mine = columns_of(graph, rank, num_ranks);
  std::vector<TaskOutput> before(static_cast<std::size_t>(graph.width)), now(before.size());
  std::vector<MPI_Request> requests;
  MPI_Barrier(MPI_COMM_WORLD);
  const auto start = Clock::now();
  for (long step = 0; step < graph.steps; ++step) {
    requests.clear();
    std::set<std::pair<long, int>> crossed;
    for (long point = 0; num_ranks > 1 && point < graph.width; ++point) {
      const int user = rank_of(graph, point, num_ranks);
      for (const long need : needs[static_cast<std::size_t>(step)][static_cast<std::size_t>(point)]) {
        const int maker = rank_of(graph, need, num_ranks);
        if (maker == user || (maker != rank && user != rank) || !crossed.emplace(need, user).second) continue;
        requests.push_back(MPI_REQUEST_NULL);
        auto* value = &before[static_cast<std::size_t>(need)];
        if (maker == rank)
          MPI_Isend(value, sizeof *value, MPI_BYTE, user, static_cast<int>(need), MPI_COMM_WORLD, &requests.back());
        else
          MPI_Irecv(value, sizeof *value, MPI_BYTE, maker, static_cast<int>(need), MPI_COMM_WORLD, &requests.back());
      }
    }
    MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE);
    for (long point = mine.first; point < mine.last; ++point)
      if (graph.has(step, point))
        run_task(graph, needs[static_cast<std::size_t>(step)][static_cast<std::size_t>(point)], before.data(),
                 now.data(), step, point, iterations);
    before.swap(now);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  return seconds_since(start);
}

/// OpenMP tasks: a value per step and point, so that only true dependencies are there.
double run_openmp(const TaskGraph& graph, const Needs& needs, long iterations, int num_threads) {
  std::vector<TaskOutput> values(static_cast<std::size_t>(graph.width * (graph.steps + 1)));
  TaskOutput* all = values.data();
  const auto start = Clock::now();
#pragma omp parallel num_threads(num_threads)
#pragma omp single
  for (long step = 0; step < graph.steps; ++step) {
    TaskOutput* before = all + step * graph.width;
    TaskOutput* now = before + graph.width;
    for (long point = 0; point < graph.width; ++point) {
      if (!graph.has(step, point)) continue;
      const std::vector<long>* task_needs = &needs[static_cast<std::size_t>(step)][static_cast<std::size_t>(point)];
      const auto num_needs = static_cast<long>(task_needs->size());
      const long* need = task_needs->data();
#pragma omp task depend(iterator(k = 0                          \
                                 : num_needs),                  \
                        in                                      \
                        : before[need[k]]) depend(out           \
                                                  : now[point]) \
    firstprivate(before, now, step, point, task_needs, iterations) shared(graph)
      run_task(graph, *task_needs, before, now, step, point, iterations);
    }
  }
  return seconds_since(start);
}

#ifdef FUGLE_HAS_STARPU
struct StarpuTask {
  const TaskGraph* graph;
  const std::vector<long>* needs;
  long step, point, iterations;
};

void run_in_starpu(void** buffers, void* argument) {
  const auto& task = *static_cast<StarpuTask*>(argument);
  for (std::size_t i = 0; i < task.needs->size(); ++i)
    check(*reinterpret_cast<TaskOutput*>(STARPU_VARIABLE_GET_PTR(buffers[i + 1])), task.step - 1, (*task.needs)[i]);
  use(compute(task.iterations));
  *reinterpret_cast<TaskOutput*>(STARPU_VARIABLE_GET_PTR(buffers[0])) = {task.step, task.point};
}

/// StarPU: two rows of handles in turn.
double run_starpu(const TaskGraph& graph, const Needs& needs, long iterations, int) {
  static starpu_codelet codelet = [] {
    starpu_codelet c;
    starpu_codelet_init(&c);
    c.cpu_funcs[0] = run_in_starpu;
    c.nbuffers = STARPU_VARIABLE_NBUFFERS;
    return c;
  }();
  std::vector<TaskOutput> values(static_cast<std::size_t>(2 * graph.width));
  std::vector<starpu_data_handle_t> handles(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    starpu_variable_data_register(&handles[i], STARPU_MAIN_RAM, reinterpret_cast<uintptr_t>(&values[i]),
                                  sizeof values[i]);
  std::vector<StarpuTask> tasks(static_cast<std::size_t>(graph.width * graph.steps));
  std::vector<starpu_data_descr> buffers;
  const auto start = Clock::now();
  for (long step = 0; step < graph.steps; ++step) {
    for (long point = 0; point < graph.width; ++point) {
      if (!graph.has(step, point)) continue;
      const auto& task_needs = needs[static_cast<std::size_t>(step)][static_cast<std::size_t>(point)];
      StarpuTask& task = tasks[static_cast<std::size_t>(step * graph.width + point)];
      task = {&graph, &task_needs, step, point, iterations};
      buffers.assign(1, {handles[static_cast<std::size_t>((step + 1) % 2 * graph.width + point)], STARPU_W});
      for (const long need : task_needs)
        buffers.push_back({handles[static_cast<std::size_t>(step % 2 * graph.width + need)], STARPU_R});
      if (starpu_task_insert(&codelet, STARPU_DATA_MODE_ARRAY, buffers.data(), static_cast<int>(buffers.size()),
                             STARPU_CL_ARGS_NFREE, &task, sizeof task, 0) != 0)
        std::abort();
    }
  }
  starpu_task_wait_for_all();
  const double seconds = seconds_since(start);
  for (auto& handle : handles) starpu_data_unregister(handle);
  return seconds;
}
#endif

struct Setting {
  int rank = 0;
  int num_ranks = 1;
  int num_threads = 1;
  double ideal = 0;  ///< seconds of an iteration
};

/// Microseconds; negative when there is none.
double metg(const Setting& setting, const TaskGraph& graph, int num_workers, const std::function<double(long)>& run) {
  const auto agreed = [&](long iterations) {
    double seconds = run(iterations);
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);  // all ranks decide alike
    return seconds;
  };
  const auto samples = take_samples(agreed, kRepeats, graph.num_tasks(), num_workers, setting.ideal);
  return find_metg(samples, graph.num_tasks(), num_workers, setting.ideal).value_or(-1e-6) * 1e6;
}

void print(const char* pattern, const char* runtime, const Setting& setting, int threads, double microseconds) {
  if (setting.rank != 0) return;
  std::printf("| %s | %s | %d | %d | %.2f |\n", pattern, runtime, setting.num_ranks, threads, microseconds);
  std::fflush(stdout);
}

void measure(const char* name, const Setting& setting) {
  TaskGraph graph;
  graph.pattern = pattern_of(name).value();
  graph.steps = kSteps;
  const auto with_calls = [&](int threads) {
    graph.width = kColumnsPerWorker * setting.num_ranks * threads;
    fugle::CallsOptions options;
    options.threads = static_cast<unsigned>(threads);
    if (setting.num_ranks > 1) options.communicator = MPI_Comm_c2f(MPI_COMM_WORLD);
    print(name, "calls", setting, threads, metg(setting, graph, setting.num_ranks * threads, [&](long iterations) {
            return run_task_graph(options, graph, iterations).seconds;
          }));
  };
  with_calls(1);
  Needs needs = needs_of(graph);
  print(name, "MPI", setting, 1,
        metg(setting, graph, setting.num_ranks, [&](long iterations) { return run_mpi(graph, needs, iterations); }));
  if (setting.num_ranks > 1) return;
  if (setting.num_threads > 1) with_calls(setting.num_threads);
  const auto with_threads = [&](const char* runtime, int threads, auto run) {
    graph.width = kColumnsPerWorker * threads;
    needs = needs_of(graph);
    print(name, runtime, setting, threads,
          metg(setting, graph, threads, [&](long iterations) { return run(graph, needs, iterations, threads); }));
  };
  for (const int threads : std::set<int>{1, setting.num_threads}) with_threads("OpenMP tasks", threads, run_openmp);
#ifdef FUGLE_HAS_STARPU
  // Its main thread submits and needs a core of its own: the workers never rest.
  starpu_conf configuration;
  starpu_conf_init(&configuration);
  configuration.ncpus = std::max(1, setting.num_threads - 1);
  configuration.sched_policy_name = "lws";
  if (starpu_init(&configuration) != 0) std::abort();
  with_threads("StarPU", configuration.ncpus, run_starpu);
  starpu_shutdown();
#endif
}

}  // namespace

int main(int argc, char** argv) {
  int level = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
  Setting setting;
  MPI_Comm_rank(MPI_COMM_WORLD, &setting.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &setting.num_ranks);
  setting.num_threads = static_cast<int>(std::thread::hardware_concurrency());
  setting.ideal = time_of_iteration();
  MPI_Allreduce(MPI_IN_PLACE, &setting.ideal, 1, MPI_DOUBLE, MPI_MIN, MPI_COMM_WORLD);
  if (setting.rank == 0) {
    std::printf("%.2f GFLOP/s per core\n", kFlopsPerIteration / setting.ideal * 1e-9);
#ifndef FUGLE_HAS_STARPU
    std::puts("SKIPPED: StarPU was not there when this was built (libstarpu-dev)");
#endif
    std::puts("| pattern | runtime | ranks | threads | METG(50 %) us |\n|---|---|---|---|---|");
  }
  std::vector<std::string> patterns(argv + 1, argv + argc);
  if (patterns.empty())
    patterns = {"trivial", "stencil_1d", "fft", "tree", "nearest", "spread", "random_nearest", "all_to_all"};
  for (const std::string& pattern : patterns) {
    if (!pattern_of(pattern)) {
      std::fprintf(stderr, "no pattern '%s'\n", pattern.c_str());
      return 2;
    }
    measure(pattern.c_str(), setting);
  }
  MPI_Finalize();
}
