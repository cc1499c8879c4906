// Real traces (WfCommons) on identical single-slot workers: lower bounds and the makespans of highest level first, as
// an independent program computed them. Our bounds know more (joins, packing) and may be higher.

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "plan/durations.hpp"
#include "plan/lower_bound.hpp"
#include "plan/plan.hpp"
#include "plan/policies.hpp"
#include "plan/predict.hpp"
#include "plan/search.hpp"
#include "support/sample_data.hpp"
#include "workflow/expand.hpp"
#include "workflow/import.hpp"

namespace fugle::plan {
namespace {

struct Reference {
  const char* trace;
  std::size_t workers;
  double lower_bound_s;
  double makespan_s;
};

void PrintTo(const Reference& reference, std::ostream* out) {
  *out << reference.trace << " on " << reference.workers << " workers";
}

constexpr Reference kReferences[] = {
    {"srasearch-chameleon-10a-003.json", 4, 4746.5, 5114.7},
    {"srasearch-chameleon-10a-003.json", 8, 2894.5, 2894.5},
    {"methylseq-dirt02-001.json.gz", 2, 260.0, 263.2},
    {"methylseq-dirt02-001.json.gz", 4, 203.2, 203.2},
    {"epigenomics-chameleon-hep-1seq-100k-001.json.gz", 2, 291.4, 308.8},
    {"epigenomics-chameleon-hep-1seq-100k-001.json.gz", 4, 167.4, 192.5},
    {"blast-chameleon-small-001.json", 4, 95.8, 95.9},
    {"blast-chameleon-small-001.json", 16, 24.0, 28.6},
    {"montage-chameleon-2mass-005d-001.json", 4, 55.6, 55.9},
    {"montage-chameleon-2mass-005d-001.json", 8, 28.5, 36.1},
    {"cycles-chameleon-1l-1c-9p-001.json.gz", 2, 431.3, 431.9},
    {"cycles-chameleon-1l-1c-9p-001.json.gz", 4, 241.1, 243.4},
    {"soykb-chameleon-10fastq-10ch-001.json.gz", 2, 6309.3, 6335.4},
    {"soykb-chameleon-10fastq-10ch-001.json.gz", 4, 4435.8, 4454.1},
    {"bwa-chameleon-small-001.json.gz", 2, 230.6, 230.7},
    {"bwa-chameleon-small-001.json.gz", 4, 155.9, 156.0},
    {"seismology-chameleon-200p-001.json.gz", 8, 18.5, 18.5},
    {"seismology-chameleon-200p-001.json.gz", 32, 4.7, 4.8},
    {"1000genome-chameleon-8ch-250k-001.json.gz", 16, 1357.5, 1362.3},
    {"1000genome-chameleon-8ch-250k-001.json.gz", 48, 463.3, 520.6},
    {"montage-chameleon-dss-10d-001.json.gz", 16, 2334.1, 2352.5},
    {"montage-chameleon-dss-10d-001.json.gz", 32, 1178.8, 1472.9},
    {"epigenomics-chameleon-ilmn-4seq-50k-001.json.gz", 32, 737.6, 747.7},
    {"epigenomics-chameleon-ilmn-4seq-50k-001.json.gz", 96, 316.8, 324.8},
    {"montage-chameleon-2mass-05d-001.json.gz", 32, 276.3, 296.1},
    {"montage-chameleon-2mass-05d-001.json.gz", 96, 114.3, 122.5},
};
constexpr double kRounding_s = 0.05;  // the table has one decimal

class ReferenceSchedules : public ::testing::TestWithParam<Reference> {};

/// Nothing where the importer refuses the trace.
std::optional<graph::Graph> import_trace(const std::filesystem::path& file) {
  workflow::Diagnostics diagnostics(file.string());
  const auto imported =
      workflow::import_wfformat(testing::bytes_of(file), {workflow::Replay::Kind::sleep}, diagnostics);
  auto graph = imported ? workflow::expand(*imported, {"/", {}, {}}, diagnostics) : std::nullopt;
  if (!graph) ADD_FAILURE() << diagnostics.to_text();
  return graph;
}

/// The traced run times: an element of 0 s stays one, where expected_durations() would guess.
std::vector<double> traced_durations(const graph::Graph& graph) {
  std::vector<double> durations;
  for (std::uint32_t e = 0; e < graph.num_elements(); ++e) {
    durations.push_back(to_seconds(graph.estimate(ElementId(e))));
  }
  return durations;
}

TEST_P(ReferenceSchedules, are_reached_and_never_below_the_lower_bound) {
  const std::filesystem::path file = testing::sample_data(std::string("wfinstances/") + GetParam().trace);
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "SKIPPED: no sample data at " << file;
  const std::optional<graph::Graph> graph = import_trace(file);
  ASSERT_TRUE(graph.has_value());

  const std::vector<double> durations = traced_durations(*graph);
  const std::vector<Slot> workers(GetParam().workers);
  const Machine machine{.workers = workers};
  const Problem problem{*graph, machine, durations};
  const double makespan = predict(problem, highest_rank_first(problem)).makespan_s;
  const double bound = lower_bound(*graph, workers, durations).seconds;

  EXPECT_LE(makespan, GetParam().makespan_s * 1.01 + kRounding_s);
  EXPECT_GE(makespan * (1 + 1e-9), bound);
  EXPECT_GE(bound, GetParam().lower_bound_s * 0.999 - kRounding_s);
}

TEST(SearchedSchedules, are_improved_by_search_to_within_two_percent_of_the_bound_where_highest_level_is_near_it) {
  double sum_of_ratios = 0;
  int num_near = 0;
  for (const Reference& reference : kReferences) {
    const std::filesystem::path file = testing::sample_data(std::string("wfinstances/") + reference.trace);
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "SKIPPED: no sample data at " << file;
    const std::optional<graph::Graph> graph = import_trace(file);
    ASSERT_TRUE(graph.has_value());
    const std::vector<double> durations = traced_durations(*graph);
    Machine machine;
    machine.workers.resize(reference.workers);
    const Problem problem{*graph, machine, durations, {}};
    const SearchResult result = search_schedule(problem, {}, {.max_steps = 1'000'000});
    const double bound = lower_bound(problem).seconds;
    EXPECT_LE(result.makespan_s, reference.makespan_s + kRounding_s) << reference.trace;
    EXPECT_GE(result.makespan_s * (1 + 1e-9), bound) << reference.trace;
    if (reference.makespan_s > 1.05 * bound) continue;
    sum_of_ratios += result.makespan_s / bound;
    ++num_near;
  }
  ASSERT_GT(num_near, 0);
  EXPECT_LE(sum_of_ratios / num_near, 1.02);
}

INSTANTIATE_TEST_SUITE_P(WfCommons, ReferenceSchedules, ::testing::ValuesIn(kReferences), [](const auto& reference) {
  const std::string trace = reference.param.trace;
  std::string name = trace.substr(0, trace.find("-chameleon")) + "_" + std::to_string(reference.index);
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

}  // namespace
}  // namespace fugle::plan
