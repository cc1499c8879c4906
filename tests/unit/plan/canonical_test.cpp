// The ten-task graphs of two papers, on three unrelated processors with communication: the search finds their optima.
//  HEFT: Topcuoglu, Hariri, Wu, IEEE TPDS 13(3), 2002.  PEFT: Arabnejad, Barbosa, IEEE TPDS 25(3), 2014.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "plan/lower_bound.hpp"
#include "plan/search.hpp"

namespace fugle::plan {
namespace {

struct Edge {
  std::uint32_t from, to;
  double cost;
};

/// Costs of edges are bytes at one second each.
struct Example {
  std::vector<double> costs;  ///< task by task, one per processor
  std::vector<Edge> edges;    ///< tasks from 1

  static constexpr std::uint32_t kProcessors = 3;
};

const Example kHeftPaper{
    {14, 16, 9, 13, 19, 18, 11, 13, 19, 13, 8, 17, 12, 13, 10, 13, 16, 9, 7, 15, 11, 5, 11, 14, 18, 12, 20, 21, 7, 16},
    {{1, 2, 18},
     {1, 3, 12},
     {1, 4, 9},
     {1, 5, 11},
     {1, 6, 14},
     {2, 8, 19},
     {2, 9, 16},
     {3, 7, 23},
     {4, 8, 27},
     {4, 9, 23},
     {5, 9, 13},
     {6, 8, 15},
     {7, 10, 17},
     {8, 10, 11},
     {9, 10, 13}}};

const Example kPeftPaper{{22, 21, 36, 22, 18, 18, 32, 27, 43, 7,  10, 4, 29, 27, 35,
                          26, 17, 24, 14, 25, 30, 29, 23, 36, 15, 21, 8, 13, 16, 33},
                         {{1, 2, 17},
                          {1, 3, 31},
                          {1, 4, 29},
                          {1, 5, 13},
                          {1, 6, 7},
                          {2, 8, 3},
                          {2, 9, 30},
                          {3, 7, 16},
                          {4, 8, 11},
                          {4, 9, 7},
                          {5, 9, 57},
                          {6, 8, 5},
                          {7, 10, 9},
                          {8, 10, 42},
                          {9, 10, 7}}};

class Canonical {
 public:
  explicit Canonical(const Example& example) : edges_(example.edges), costs_(example.costs) {
    machine_.workers.resize(Example::kProcessors);
    machine_.seconds_per_byte = 1;
    graph::GraphBuilder builder;
    graph::Task task;
    task.name = "t";
    const TaskId id = builder.add_task(task);
    for (std::size_t i = 0; i < costs_.size(); i += Example::kProcessors) {
      builder.add_element(id, fmt::format("t[{}]", i / Example::kProcessors + 1), {});
      mean_.push_back((costs_[i] + costs_[i + 1] + costs_[i + 2]) / Example::kProcessors);
    }
    for (const Edge& edge : edges_) builder.add_edge(ElementId(edge.from - 1), ElementId(edge.to - 1), edge.cost);
    graph_ = graph::Graph(std::move(builder).build());
  }

  [[nodiscard]] Problem problem() const { return {graph_, machine_, mean_, costs_}; }

  /// Nothing runs twice at once, and data has arrived.
  void expect_valid(const std::vector<Placement>& schedule) const {
    for (std::size_t a = 0; a < schedule.size(); ++a) {
      const Placement& one = schedule[a];
      EXPECT_DOUBLE_EQ(one.end_s - one.start_s, costs_[a * Example::kProcessors + one.worker.value()]);
      for (std::size_t b = 0; b < a; ++b) {
        const Placement& other = schedule[b];
        EXPECT_TRUE(one.worker != other.worker || one.end_s <= other.start_s || other.end_s <= one.start_s);
      }
    }
    for (const Edge& edge : edges_) {
      const Placement& from = schedule[edge.from - 1];
      const Placement& to = schedule[edge.to - 1];
      EXPECT_GE(to.start_s, from.end_s + (from.worker == to.worker ? 0 : edge.cost));
    }
  }

 private:
  graph::Graph graph_;
  Machine machine_;
  std::vector<Edge> edges_;
  std::vector<double> costs_;
  std::vector<double> mean_;
};

void expect_optimum(const Example& example, double optimum) {
  const Canonical canonical(example);
  const SearchResult result = search_schedule(canonical.problem(), {}, {.max_steps = 30'000'000, .may_wait = true});
  EXPECT_DOUBLE_EQ(result.makespan_s, optimum);
  EXPECT_TRUE(result.is_proven_optimal);
  EXPECT_LE(lower_bound(canonical.problem()).seconds, optimum);
  canonical.expect_valid(result.schedule);
}

TEST(Canonical, the_optimum_of_the_graph_of_the_heft_paper_is_found) { expect_optimum(kHeftPaper, 73); }

TEST(Canonical, the_optimum_of_the_graph_of_the_peft_paper_is_found) { expect_optimum(kPeftPaper, 113); }

TEST(Canonical, a_run_of_the_plan_found_is_no_longer_than_the_published_schedules) {
  const Canonical heft(kHeftPaper), peft(kPeftPaper);
  EXPECT_LE(search_schedule(heft.problem(), {}, {.max_steps = 3'000'000}).makespan_s, 80);
  EXPECT_LE(search_schedule(peft.problem(), {}, {.max_steps = 3'000'000}).makespan_s, 122);
}

}  // namespace
}  // namespace fugle::plan
