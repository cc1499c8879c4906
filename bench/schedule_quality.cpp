// How near to the best known schedules does the search come on published benchmarks and on real traces?
// usage: schedule_quality [FAMILY] [STEPS]   (stg, patterson, j90, traces; 1e7 steps take about a second)

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "graph/algorithms.hpp"
#include "plan/list_schedule.hpp"
#include "plan/lower_bound.hpp"
#include "plan/pool_search.hpp"
#include "plan/start_order.hpp"
#include "support/project_files.hpp"
#include "support/sample_data.hpp"
#include "workflow/expand.hpp"
#include "workflow/import.hpp"

namespace {

using namespace fugle;

std::uint64_t max_steps = 10'000'000;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Mean and worst gap of a family to the best known makespans.
class Family {
 public:
  explicit Family(std::string name) : name_(std::move(name)) {}

  void add(double makespan, double best_known, double bound, double cpu, const std::string& what) {
    const double gap = makespan / best_known - 1;
    ++num_;
    sum_ += gap;
    worst_ = std::max(worst_, gap);
    num_best_ += gap <= 1e-9;
    num_proven_ += makespan <= bound * (1 + 1e-9);
    cpu_ += cpu;
    longest_ = std::max(longest_, cpu);
    if (gap > 1e-9 || bound > makespan * (1 + 1e-9))
      fmt::print("    {}: {} best {} bound {} ({:.2f} s)\n", what, makespan, best_known, bound, cpu);
  }
  ~Family() {
    fmt::print(
        "{:<14} graphs {:4}  mean gap {:7.4f} %  worst {:6.2f} %  best {:4}  proven {:4}  cpu {:.1f} s, longest "
        "{:.2f}\n",
        name_, num_, 100 * sum_ / num_, 100 * worst_, num_best_, num_proven_, cpu_, longest_);
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

 private:
  std::string name_;
  int num_ = 0, num_best_ = 0, num_proven_ = 0;
  double sum_ = 0, worst_ = 0, cpu_ = 0, longest_ = 0;
};

void solve(const plan::Pool& pool, double best_known, const std::string& what, Family& family) {
  const double begin = cpu_seconds();
  const plan::LowerBound bound = plan::lower_bound(pool);
  const auto found = plan::search_pool(pool, {}, {max_steps, 1, bound.seconds, true, {}});
  family.add(found.best.makespan_s, best_known, bound.seconds, cpu_seconds() - begin, what);
}

void stg() {
  const auto rows = testing::read_csv(testing::sample_data("stg/optimal.csv"));
  for (const std::string size : {"50", "100"}) {
    for (const std::string processors : {"2", "4", "8", "16"}) {
      Family family("stg " + size + " x " + processors);
      for (const auto& row : rows) {
        if (row.at("tasks") != size || row.at("processors") != processors) continue;
        const auto pool =
            testing::read_stg(testing::sample_data("stg/" + size + "/" + row.at("file")), std::stoi(processors));
        solve(pool, std::stod(row.at("optimal_makespan")), row.at("file"), family);
      }
    }
  }
}

void rcpsp(const std::string& set) {
  Family family(set);
  for (const auto& row : testing::read_csv(testing::sample_data("rcpsp/best_known.csv"))) {
    if (row.at("set") != set) continue;
    const auto pool = testing::read_patterson(testing::sample_data("rcpsp/" + set + "/" + row.at("file")));
    solve(pool, std::stod(row.at("best_makespan")), row.at("file"), family);
  }
}

void traces() {
  double sum = 0, sum_hlf = 0, sum_all = 0;
  int num = 0, num_all = 0;
  for (const auto& entry : std::filesystem::directory_iterator(testing::sample_data("wfinstances"))) {
    const std::string name = entry.path().filename();
    if (name.find(".json") == std::string::npos) continue;
    workflow::Diagnostics diagnostics(name);
    const auto imported =
        workflow::import_wfformat(testing::bytes_of(entry.path()), {workflow::Replay::Kind::sleep}, diagnostics);
    const auto graph = workflow::expand(*imported, {"/", {}, {}}, diagnostics);
    std::vector<double> durations;
    for (std::uint32_t e = 0; e < graph->num_elements(); ++e)
      durations.push_back(to_seconds(graph->estimate(ElementId(e))));
    const auto order = plan::start_order(*graph, graph::upward_ranks(*graph, durations));
    for (std::uint32_t workers = 4; workers <= 256; workers *= 2) {
      plan::Machine machine;
      machine.workers.resize(workers);
      const plan::Problem problem{*graph, machine, durations, {}};
      const auto pool = plan::pool_of(problem);
      const double begin = cpu_seconds();
      const auto bound = plan::lower_bound(problem);
      const double bound_cpu = cpu_seconds() - begin;
      const double hlf = plan::list_schedule(*graph, machine.workers, durations, order).makespan_s;
      const auto found = plan::search_pool(*pool, {}, {max_steps, 1, bound.seconds, false, {}});
      const double r = found.best.makespan_s / bound.seconds, h = hlf / bound.seconds;
      if (h > 1 + 1e-9)
        fmt::print("{:<52} {:4} x {:3}  bound {:10.2f} {:<15} hlf {:.4f} search {:.4f} cpu {:.2f} (bound {:.4f})\n",
                   name, graph->num_real_elements(), workers, bound.seconds, bound.binding, h, r, cpu_seconds() - begin,
                   bound_cpu);
      ++num_all, sum_all += r;
      if (h <= 1.05) ++num, sum += r, sum_hlf += h;
    }
  }
  fmt::print("traces: {} cases, mean {:.4f}; where hlf <= 1.05: {} cases, hlf {:.4f} search {:.4f}\n", num_all,
             sum_all / num_all, num, sum_hlf / num, sum / num);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string family = argc > 1 ? argv[1] : "all";
  if (argc > 2) max_steps = static_cast<std::uint64_t>(std::stod(argv[2]));
  if (family == "all" || family == "stg") stg();
  if (family == "all" || family == "patterson") rcpsp("patterson");
  if (family == "all" || family == "j90") rcpsp("j90");
  if (family == "all" || family == "traces") traces();
}
