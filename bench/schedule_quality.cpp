// How near to the best known schedules does the search come on published benchmarks and on real traces?
// usage: schedule_quality [all|stg|patterson|j90|traces] [STEPS] [verbose]   (1e7 steps take about a second)

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "plan/lower_bound.hpp"
#include "plan/policies.hpp"
#include "plan/pool_search.hpp"
#include "plan/predict.hpp"
#include "plan/search.hpp"
#include "support/project_files.hpp"
#include "support/sample_data.hpp"
#include "workflow/expand.hpp"
#include "workflow/import.hpp"

namespace {

using namespace fugle;

std::uint64_t max_steps = 8'000'000;
bool is_verbose = false;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Gaps of a family to its references: the best known makespans, where our bound does not prove them wrong.
class Family {
 public:
  explicit Family(std::string name) : name_(std::move(name)) {}

  void add(const std::string& what, double makespan, double published, double bound, double cpu) {
    const double reference = std::max(published, bound);
    const double gap = makespan / reference - 1;
    ++num_graphs_;
    num_proven_ += makespan <= bound * (1 + 1e-9);
    num_refuted_ += published < bound * (1 - 1e-9);
    sum_of_gaps_ += gap;
    sum_of_published_gaps_ += makespan / published - 1;
    worst_gap_ = std::max(worst_gap_, gap);
    cpu_ += cpu;
    longest_ = std::max(longest_, cpu);
    if (is_verbose && makespan > published * (1 + 1e-9)) {
      fmt::print("  {} {}: {:g}, published {:g}, bound {:g} ({:.2f} s)\n", name_, what, makespan, published, bound,
                 cpu);
    }
  }
  ~Family() {
    fmt::print("{:<12} {:6} {:9.4f} % {:8.2f} % {:7} {:9} {:14.4f} % {:9.1f} {:9.2f}\n", name_, num_graphs_,
               100 * sum_of_gaps_ / num_graphs_, 100 * worst_gap_, num_proven_, num_refuted_,
               100 * sum_of_published_gaps_ / num_graphs_, cpu_, longest_);
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  static void print_heading() {
    fmt::print("{:<12} {:>6} {:>11} {:>10} {:>7} {:>9} {:>16} {:>9} {:>9}\n", "family", "graphs", "mean gap", "worst",
               "proven", "refuted", "gap as published", "CPU s", "longest");
  }

 private:
  std::string name_;
  int num_graphs_ = 0, num_proven_ = 0, num_refuted_ = 0;
  double sum_of_gaps_ = 0, sum_of_published_gaps_ = 0, worst_gap_ = 0, cpu_ = 0, longest_ = 0;
};

void solve(const plan::Pool& pool, double published, const std::string& what, Family& family) {
  const double begin = cpu_seconds();
  const auto found = plan::search_pool(pool, {}, {.max_steps = max_steps, .may_wait = true, .priorities = {}});
  family.add(what, found.best.makespan_s, published, found.bound_s, cpu_seconds() - begin);
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

graph::Graph import_trace(const std::filesystem::path& file) {
  workflow::Diagnostics diagnostics(file.string());
  const auto imported =
      workflow::import_wfformat(testing::bytes_of(file), {workflow::Replay::Kind::sleep}, diagnostics);
  return *workflow::expand(*imported, {"/", {}, {}}, diagnostics);
}

/// Highest level first beside the search, as ratios to the bound.
struct TraceSums {
  int num_cases = 0, num_near = 0;
  double hlf = 0, searched = 0, hlf_near = 0, searched_near = 0;

  void add(double hlf_ratio, double searched_ratio) {
    ++num_cases;
    hlf += hlf_ratio;
    searched += searched_ratio;
    if (hlf_ratio > 1.05) return;
    ++num_near;
    hlf_near += hlf_ratio;
    searched_near += searched_ratio;
  }
};

void trace(const std::filesystem::path& file, TraceSums& sums) {
  const graph::Graph graph = import_trace(file);
  std::vector<double> durations;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    durations.push_back(to_seconds(graph.estimate(ElementId(e))));
  }
  for (std::uint32_t workers = 4; workers <= 256; workers *= 2) {
    plan::Machine machine;
    machine.workers.resize(workers);
    const plan::Problem problem{graph, machine, durations, {}};
    const plan::LowerBound bound = plan::lower_bound(problem);
    const double hlf = plan::predict(problem, plan::highest_rank_first(problem)).makespan_s / bound.seconds;
    const double begin = cpu_seconds();
    const plan::SearchResult found = plan::search_schedule(problem, {}, {.max_steps = max_steps});
    const double searched = found.makespan_s / bound.seconds;
    sums.add(hlf, searched);
    if (hlf <= 1 + 1e-9) continue;  // nothing to search
    fmt::print("{:<40.40} {:5} x {:3}  bound {:9.2f} {:<14}  hlf {:.4f}  search {:.4f}{}  {:.2f} s\n",
               file.filename().string(), graph.num_real_elements(), workers, bound.seconds, bound.binding, hlf,
               searched, found.is_proven_optimal ? " optimal" : "        ", cpu_seconds() - begin);
  }
}

void traces() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(testing::sample_data("wfinstances"))) {
    if (entry.path().string().find(".json") != std::string::npos) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  TraceSums sums;
  for (const std::filesystem::path& file : files) trace(file, sums);
  fmt::print("traces: {} cases, mean ratio to the bound: hlf {:.4f}, search {:.4f}\n", sums.num_cases,
             sums.hlf / sums.num_cases, sums.searched / sums.num_cases);
  fmt::print("where hlf is within 1.05: {} cases, hlf {:.4f}, search {:.4f}\n", sums.num_near,
             sums.hlf_near / sums.num_near, sums.searched_near / sums.num_near);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string family = argc > 1 ? argv[1] : "all";
  if (argc > 2) max_steps = static_cast<std::uint64_t>(std::stod(argv[2]));
  is_verbose = argc > 3;
  const bool is_all = family == "all";
  if (is_all || family != "traces") Family::print_heading();
  if (is_all || family == "stg") stg();
  if (is_all || family == "patterson") rcpsp("patterson");
  if (is_all || family == "j90") rcpsp("j90");
  if (is_all || family == "traces") traces();
}
