#include "calls/task_bench.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <set>
#include <string>

namespace fugle::calls {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double cpu_seconds_of_thread() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Keeps the compiler from leaving the work out.
void use(double value) { asm volatile("" : : "x"(value)); }

TaskOutput run_task(const Inputs<TaskOutput>& inputs, long step, long point, const std::vector<long>* needs,
                    long iterations) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].step != step - 1 || inputs[i].point != (*needs)[i])
      throw CallError("task " + std::to_string(point) + " of step " + std::to_string(step) +
                      " was given a wrong value");
  use(compute(iterations));
  return {step, point};
}

/// Needs and users of each point for each set, found once: they repeat from row to row.
class Wiring {
 public:
  explicit Wiring(const TaskGraph& graph) : graph_(graph) {}
  const std::vector<long>& needs(long step, long point) {
    auto& known =
        needs_[{step == 0 ? -1 : graph_.set_of(step), graph_.width_of(step - 1), graph_.first_of(step - 1), point}];
    if (!known) known = graph_.needs(step, point);
    return *known;
  }

 private:
  const TaskGraph& graph_;
  std::map<std::array<long, 4>, std::optional<std::vector<long>>> needs_;
};

class GraphRun {
 public:
  GraphRun(Calls& calls, const TaskGraph& graph, long iterations)
      : calls_(calls),
        graph_(graph),
        iterations_(iterations),
        mine_(columns_of(graph, calls.rank(), calls.num_ranks())),
        wiring_(graph),
        last_(static_cast<std::size_t>(graph.width)) {}

  void add_all() {
    for (long step = 0; step < graph_.steps; ++step) {
      if (calls_.num_ranks() > 1 && step > 0) exchange(step);
      add_row(step);
    }
  }

 private:
  [[nodiscard]] bool is_mine(long point) const { return point >= mine_.first && point < mine_.last; }
  [[nodiscard]] std::uint64_t tag(long step, long point) const {
    return static_cast<std::uint64_t>(step * graph_.width + point);
  }

  /// Values of the row before that other ranks need of this one, and this one of others.
  void exchange(long step) {
    std::set<std::pair<long, int>> sent;
    std::set<long> received;
    for (long point = graph_.first_of(step); point < graph_.first_of(step) + graph_.width_of(step); ++point) {
      const int user = rank_of(graph_, point, calls_.num_ranks());
      for (const long need : wiring_.needs(step, point)) {
        const int maker = rank_of(graph_, need, calls_.num_ranks());
        if (user == maker) continue;
        if (maker == calls_.rank() && sent.emplace(need, user).second)
          calls_.send(last_[static_cast<std::size_t>(need)], user, tag(step - 1, need));
        if (user == calls_.rank() && received.insert(need).second)
          last_[static_cast<std::size_t>(need)] = calls_.receive<TaskOutput>(maker, tag(step - 1, need));
      }
    }
  }

  void add_row(long step) {
    std::vector<Value<TaskOutput>> row(last_.size());
    for (long point = std::max(mine_.first, graph_.first_of(step));
         point < std::min(mine_.last, graph_.first_of(step) + graph_.width_of(step)); ++point) {
      const std::vector<long>& needs = wiring_.needs(step, point);
      inputs_.clear();
      for (const long need : needs) inputs_.push_back(last_[static_cast<std::size_t>(need)]);
      row[static_cast<std::size_t>(point)] = calls_.add(run_task, inputs_, step, point, &needs, iterations_);
    }
    last_ = std::move(row);
  }

  Calls& calls_;
  const TaskGraph& graph_;
  long iterations_;
  Columns mine_;
  Wiring wiring_;
  std::vector<Value<TaskOutput>> last_;
  std::vector<Value<TaskOutput>> inputs_;
};

}  // namespace

Columns columns_of(const TaskGraph& graph, int rank, int num_ranks) {
  return {graph.width * rank / num_ranks, graph.width * (rank + 1) / num_ranks};
}

int rank_of(const TaskGraph& graph, long point, int num_ranks) {
  // The inverse of columns_of; the quotient is at most one too small.
  int rank = static_cast<int>(point * num_ranks / graph.width);
  while (columns_of(graph, rank, num_ranks).last <= point) ++rank;
  return rank;
}

GraphTime run_task_graph(const CallsOptions& options, const TaskGraph& graph, long iterations) {
  Calls calls(options);
  calls.wait();  // all ranks and threads are there
  const auto start = Clock::now();
  const double cpu_start = cpu_seconds_of_thread();
  GraphRun run(calls, graph, iterations);
  run.add_all();
  calls.wait();
  return {seconds_since(start), cpu_seconds_of_thread() - cpu_start};
}

double time_of_iteration() {
  constexpr long kIterations = 20000;
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < 15; ++i) {
    const auto start = Clock::now();
    use(compute(kIterations));
    best = std::min(best, seconds_since(start) / kIterations);
  }
  return best;
}

}  // namespace fugle::calls
