// How long do the plans of each policy take, and how many bytes do they move, beside the lower bound?
//
// usage: policy_quality [shapes [ELEMENTS] | traces | all]
// The table goes to standard output and is the same each time; CPU seconds go to standard error.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/plan.hpp"
#include "plan/predict.hpp"
#include "support/graph_shapes.hpp"
#include "support/sample_data.hpp"
#include "workflow/expand.hpp"
#include "workflow/import.hpp"

namespace {

using namespace fugle;

constexpr plan::Policy kPolicies[] = {plan::Policy::fifo, plan::Policy::heft, plan::Policy::partition,
                                      plan::Policy::automatic};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void print_head() {
  fmt::print("| graph | workers | bound s |");
  for (const plan::Policy policy : kPolicies) fmt::print(" {} x bound | % of bytes |", plan::name_of(policy));
  fmt::print(" partition / heft bytes | auto by | leases, % of edges across |\n|---|---|---|");
  for (std::size_t i = 0; i < std::size(kPolicies); ++i) fmt::print("---|---|");
  fmt::print("---|---|---|\n");
}

std::string lease_text(const graph::Graph& graph, const std::vector<std::uint32_t>& leases) {
  if (leases.empty()) return "chains";
  std::size_t across = 0;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e)
    for (const std::uint32_t need : graph.needs(ElementId(e))) across += leases[need] != leases[e] ? 1 : 0;
  const std::uint32_t count = *std::max_element(leases.begin(), leases.end()) + 1;
  return fmt::format("{}, {:.1f}", count, 100.0 * static_cast<double>(across) / std::max<double>(1, graph.num_edges()));
}

void compare(const std::string& name, const graph::Graph& graph, std::span<const double> durations,
             const plan::Slot& slot, std::uint32_t num_workers) {
  const plan::Machine machine{.workers = std::vector<plan::Slot>(num_workers, slot)};
  const plan::Problem problem{graph, machine, durations};
  const double bound = plan::lower_bound(graph, machine.workers, durations).seconds;
  fmt::print("| {} | {} x {} | {:.2f} |", name, num_workers, slot.cores, bound);
  std::vector<double> bytes, cpu;
  plan::Plan plan;
  for (const plan::Policy policy : kPolicies) {
    const double start = cpu_seconds();
    plan = plan::make_plan(problem, {.policy = policy});
    cpu.push_back(cpu_seconds() - start);
    const plan::Prediction prediction = plan::predict(problem, plan);
    bytes.push_back(prediction.bytes_between_nodes);
    fmt::print(" {:.4f} | {:.1f} |", prediction.makespan_s / bound,
               100 * prediction.bytes_between_nodes / std::max(1.0, prediction.total_bytes));
  }
  fmt::print(" {:.2f} | {}{} | {} |\n", bytes[1] > 0 ? bytes[2] / bytes[1] : 1.0, plan::name_of(plan.made_by),
             plan.was_searched ? ", searched" : "", lease_text(graph, plan.leases));
  std::fflush(stdout);
  fmt::print(stderr, "{} on {} x {}: CPU s fifo {:.2f}, heft {:.2f}, partition {:.2f}, auto {:.2f}\n", name,
             num_workers, slot.cores, cpu[0], cpu[1], cpu[2], cpu[3]);
}

void compare_shapes(std::uint32_t elements) {
  using testing::Spread;
  const auto side = static_cast<std::uint32_t>(std::sqrt(elements));
  const auto depth = static_cast<std::uint32_t>(std::log2(elements)) - 1;
  const std::pair<const char*, std::function<graph::Graph()>> shapes[] = {
      {"fork-joins of 30", [&] { return testing::fork_joins(elements / 30, 28, 1); }},
      {"layered, window 10,000", [&] { return testing::layered(elements, 10'000, 1); }},
      {"layered, uniform durations", [&] { return testing::layered(elements, 10'000, 2, Spread::uniform); }},
      {"grid", [&] { return testing::grid(side, 1); }},
      {"stencil", [&] { return testing::stencil(side, side, 1); }},
      {"in-tree", [&] { return testing::in_tree(depth, 1); }},
      {"chains", [&] { return testing::chains(side, side, 1); }},
  };
  for (const auto& [name, make] : shapes) {
    const graph::Graph graph = make();
    const auto durations = plan::expected_durations(graph);
    for (const std::uint32_t workers : {4, 16, 64}) compare(name, graph, durations, plan::Slot{8}, workers);
  }
}

std::optional<graph::Graph> import_trace(const std::filesystem::path& file) {
  workflow::Diagnostics diagnostics(file.string());
  const auto imported =
      workflow::import_wfformat(testing::bytes_of(file), {workflow::Replay::Kind::sleep}, diagnostics);
  return imported ? workflow::expand(*imported, {.directory = "/"}, diagnostics) : std::nullopt;
}

void compare_traces() {
  const std::filesystem::path folder = testing::sample_data("wfinstances");
  if (!std::filesystem::exists(folder)) {
    fmt::print(stderr, "SKIPPED: no sample data at {}\n", folder.string());
    return;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().string().find(".json") != std::string::npos) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const auto graph = import_trace(file);
    if (!graph) continue;
    std::vector<double> durations;
    for (std::uint32_t e = 0; e < graph->num_elements(); ++e)
      durations.push_back(to_seconds(graph->estimate(ElementId(e))));
    const std::string name = file.filename().string();
    for (const std::uint32_t workers : {4, 16, 64})
      compare(name.substr(0, name.find(".json")), *graph, durations, plan::Slot{1}, workers);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "all";
  print_head();
  if (what != "traces") compare_shapes(argc > 2 ? static_cast<std::uint32_t>(std::stoul(argv[2])) : 100'000);
  if (what != "shapes") compare_traces();
}
